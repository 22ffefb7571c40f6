import assert from 'node:assert/strict';
import { CALL_STATE } from '../../src/callflow/call-state.js';
import { Flow, playing, treatmentFile, WITH_PAGE, WITH_PLUGIN } from './flow-fixture.js';

const NO_CONNECT = { customerConnectTreatment: undefined } as const;
const ROUTE = { action: 'route_to_rp', message: 'after-hours' };

const connecting = (options: object = {}) => new Flow(options).dialed('human');
const waiting = (options: object = {}) => new Flow({ ...NO_CONNECT, ...options }).dialed('human');
const asked = (options: object = {}) => new Flow({ ...WITH_PLUGIN, ...options }).dialed('human');
const routing = () => asked().reply(ROUTE);
const talking = (options: object = {}) => waiting(options).agentAnswers();
const atRoutePoint = () => {
  const flow = routing();
  return flow.send({ type: 'route-done', routeId: flow.routeId });
};

/** Every state a callback can be in while something is in the air. */
const LIVE: Readonly<Record<string, () => Flow>> = {
  dialing: () => new Flow().due(),
  answered: () => {
    const flow = new Flow().due();
    return flow.send({ type: 'answered', legId: flow.legId });
  },
  'asking-plugin': () => asked(),
  'asking-plugin without a call': () => new Flow(WITH_PLUGIN).dialed('busy'),
  'running-vxml': () => new Flow(WITH_PAGE).dialed('human'),
  'treating-customer': () => connecting(),
  'treating-customer with an agent ready': () => connecting().agentAnswers(),
  'treating-machine': () => new Flow().dialed('machine'),
  'waiting-for-agent': () => waiting(),
  'waiting for the next try at an agent': () => waiting().agentFails(),
  'giving up': () => waiting().timer('agent-wait'),
  routing: () => routing(),
  'waiting-to-retry': () => new Flow().dialed('busy'),
};

describe('a hang-up of the customer', () => {
  it('before the verdict is the result: call state 5, and another attempt', () => {
    for (const live of [LIVE.dialing, LIVE.answered]) {
      const flow = live?.().hangUp();
      assert.equal(flow?.state.name, 'waiting-to-retry');
      assert.equal(flow?.state.context.callState, CALL_STATE.RemoteRelease);
      assert.deepEqual(flow?.commands('hang-up'), []);
    }
  });

  it('before the verdict is followed by a result that is late', () => {
    const flow = new Flow().due();
    const { legId } = flow;
    flow.hangUp().send({ type: 'attempt-result', legId, callState: 5, legUp: false });
    assert.equal(flow.last.row, 'late.ignored');
  });

  for (const name of ['treating-customer', 'waiting-for-agent', 'routing']) {
    it(`ends the callback in ${name} with FAIL_INTERACTION_DELETED`, () => {
      const flow = LIVE[name]?.().hangUp();
      assert.equal(flow?.reason, 'FAIL_INTERACTION_DELETED');
      assert.deepEqual(flow?.commands('hang-up'), []);
    });
  }

  it('stops what was playing, so that no player is left behind', () => {
    const flow = waiting();
    const { playId } = flow;
    assert.deepEqual(flow.hangUp().commands('stop-playing'), [{ type: 'stop-playing', playId }]);
  });

  it('takes the agent who was waiting for the end of the file along', () => {
    const flow = connecting().agentAnswers().hangUp();
    assert.equal(flow.commands('unqueue').length, 1);
  });

  it('does not change the reason once the end is decided', () => {
    assert.equal(waiting().timer('agent-wait').hangUp().reason, 'FAIL_TARGET_NOT_FOUND');
  });

  it('of a machine leads to the next attempt', () => {
    assert.equal(new Flow().dialed('machine').hangUp().state.name, 'waiting-to-retry');
  });

  it('ends a conversation with AGENT_CONNECTED and lets the agent go', () => {
    const flow = talking().hangUp();
    assert.equal(flow.reason, 'AGENT_CONNECTED');
    assert.equal(flow.commands('unqueue').length, 1);
  });

  it('at a route point ends with ROUTED_TO_RP and lets the destination go', () => {
    const flow = atRoutePoint().hangUp();
    assert.equal(flow.reason, 'ROUTED_TO_RP');
    assert.equal(flow.commands('unroute').length, 1);
  });

  it('can come as a result without a call, when the answer was the result', () => {
    const flow = new Flow({ ...NO_CONNECT, isCpdEnabled: false }).due();
    flow.send({ type: 'answered', legId: flow.legId });
    assert.equal(flow.result(CALL_STATE.RemoteRelease, false).reason, 'FAIL_INTERACTION_DELETED');
  });
});

describe('a conversation', () => {
  it('is over when the agent hangs up: the customer is hung up', () => {
    const flow = talking().agentHangsUp();
    assert.equal(flow.reason, 'AGENT_CONNECTED');
    assert.equal(flow.commands('hang-up').length, 1);
    assert.deepEqual(flow.commands('unqueue'), []);
  });

  it('is over when its far side says so', () => {
    assert.equal(talking().send({ type: 'conversation-ended' }).reason, 'AGENT_CONNECTED');
    assert.equal(atRoutePoint().send({ type: 'conversation-ended' }).reason, 'ROUTED_TO_RP');
  });

  it('is neither cancelled nor cut by the time to live', () => {
    for (const connected of [talking, atRoutePoint]) {
      const flow = connected();
      assert.equal(flow.send({ type: 'cancelled', by: 'admin' }).state.name, 'connected');
      assert.equal(flow.timer('life').state.name, 'connected');
    }
  });

  it('keeps the verdict it began with', () => {
    const flow = talking().revise(CALL_STATE.AnsweringMachineDetected);
    assert.equal(flow.state.name, 'connected');
    assert.equal(flow.state.context.callState, CALL_STATE.Ok);
  });
});

describe('a route', () => {
  it('is given up like a search when it rings longer than a customer may wait', () => {
    const flow = routing();
    flow.timer('agent-wait');
    assert.equal(flow.last.row, 'waiting.expired');
    assert.equal(flow.commands('unroute').length, 1);
    assert.equal(flow.played().reason, 'FAIL_TARGET_NOT_FOUND');
  });

  it('has no limit to its wait once it has answered', () => {
    const flow = atRoutePoint();
    assert.equal(flow.state.context.timers['agent-wait'], undefined);
  });

  it('is bridged when the destination answers; until then the waiting treatment plays', () => {
    const flow = routing();
    assert.equal(playing(flow), 'waiting-for-agent');
    const { routeId } = flow;
    flow.send({ type: 'route-done', routeId });
    assert.deepEqual(
      flow.last.commands.map(({ type }) => type),
      ['stop-playing', 'bridge', 'stop-timer', 'start-timer'],
    );
    assert.equal(flow.commands('bridge')[0]?.withId, routeId);
  });

  it('watches the silence when the waiting treatment is off', () => {
    const flow = asked({ waitingForAgentTreatment: undefined }).reply(ROUTE);
    assert.ok(flow.state.context.timers['human-silence']);
  });

  it('that the customer’s side has taken itself ends as routed, and our leg is hung up', () => {
    const flow = routing();
    flow.send({ type: 'route-transferred', routeId: flow.routeId });
    assert.equal(flow.reason, 'ROUTED_TO_RP');
    assert.equal(flow.commands('hang-up').length, 1);
    assert.equal(flow.commands('unroute').length, 0, 'there is nobody to let go');
  });

  it('that fails is told to the customer: FAIL_TARGET_NOT_FOUND', () => {
    const flow = routing();
    flow.send({ type: 'route-failed', routeId: flow.routeId, why: 'busy' });
    assert.equal(playing(flow), 'find-agent-fail');
    assert.equal(flow.played().reason, 'FAIL_TARGET_NOT_FOUND');
  });

  it('that cannot be bridged after all has failed as well', () => {
    const flow = atRoutePoint();
    flow.send({ type: 'route-failed', routeId: flow.routeId, why: 'no media' });
    assert.equal(playing(flow), 'find-agent-fail');
  });
});

describe('a cancel', () => {
  for (const [name, live] of Object.entries(LIVE)) {
    it(`ends a callback in ${name}, by the customer or the administrator`, () => {
      assert.equal(live().send({ type: 'cancelled', by: 'customer' }).reason, 'CANCELLED');
      assert.equal(live().send({ type: 'cancelled', by: 'admin' }).reason, 'CANCELLED_BY_ADMIN');
    });
  }

  it('ends a callback that is not due yet', () => {
    const flow = new Flow().send({ type: 'cancelled', by: 'customer' });
    assert.equal(flow.reason, 'CANCELLED');
    assert.deepEqual(
      flow.last.commands.map(({ type }) => type),
      ['report'],
    );
  });

  it('leaves nothing in the air', () => {
    const flow = asked().timer('human-silence').send({ type: 'cancelled', by: 'customer' });
    const types = flow.last.commands.map(({ type }) => type);
    const wanted = ['stop-playing', 'stop-timer', 'tell-plugin', 'hang-up', 'stop-timer', 'report'];
    assert.deepEqual(types, wanted);
    assert.deepEqual(flow.state.context.timers, {});
  });
});

describe('the end of the time to live', () => {
  for (const [name, live] of Object.entries(LIVE)) {
    it(`ends a callback in ${name} with FAIL_TIMEOUT_TTL`, () => {
      assert.equal(live().timer('life').reason, 'FAIL_TIMEOUT_TTL');
    });
  }

  it('does not come when the option is 0', () => {
    assert.equal(new Flow({ ttlMs: 0 }).due().state.context.timers.life, undefined);
  });
});

describe('a conversation that lasts too long', () => {
  it('ends with both sides hung up, and is told by its row and option', () => {
    const flow = talking({ conversationMaxMs: 60_000 });
    const guard = flow.commands('start-timer').find(({ timer }) => timer === 'conversation');
    assert.equal(guard?.afterMs, 60_000);
    const { legId, queueId } = flow;
    flow.timer('conversation');
    assert.equal(flow.last.row, 'connected.too-long');
    assert.equal(flow.last.because, 'conversationMaxMs is 60000');
    assert.equal(flow.reason, 'AGENT_CONNECTED');
    assert.deepEqual(flow.commands('unqueue'), [{ type: 'unqueue', queueId, exit: 'withdrawn' }]);
    assert.deepEqual(
      flow.commands('hang-up').map((command) => command.legId),
      [legId],
    );
    assert.deepEqual(flow.state.context.timers, {});
  });

  it('with a route point ends as routed', () => {
    const flow = atRoutePoint().timer('conversation');
    assert.equal(flow.reason, 'ROUTED_TO_RP');
    assert.equal(flow.commands('unroute').length, 1);
  });

  it('is counted from the bridge on, and anew when the bridge did not come about', () => {
    assert.equal(waiting().state.context.timers.conversation, undefined);
    const flow = talking();
    const first = flow.state.context.timers.conversation;
    assert.equal(flow.timer('life').state.context.timers.conversation, first, 'goes on');
    flow.agentFails();
    assert.equal(flow.state.context.timers.conversation, undefined);
    flow.agentAnswers();
    assert.notEqual(flow.state.context.timers.conversation, first);
    assert.equal(flow.state.name, 'connected');
  });

  it('does not exist when the option is 0', () => {
    assert.equal(talking({ conversationMaxMs: 0 }).state.context.timers.conversation, undefined);
  });
});

describe('a leg that is lost', () => {
  it('before the verdict is a general error: the plugin is asked, or another attempt made', () => {
    const flow = new Flow().due().lose('signalling');
    assert.equal(flow.state.name, 'waiting-to-retry');
    assert.equal(flow.state.context.callState, CALL_STATE.GeneralError);
    assert.equal(new Flow(WITH_PLUGIN).due().lose().last.row, 'error.plugin');
  });

  for (const name of ['treating-customer', 'treating-machine', 'waiting-for-agent', 'routing']) {
    it(`in ${name} counts as an attempt in error`, () => {
      const flow = LIVE[name]?.().lose();
      assert.equal(flow?.state.name, 'waiting-to-retry');
      assert.equal(flow?.state.context.callState, CALL_STATE.GeneralError);
    });
  }

  it('is hung up all the same: what is left of it must go', () => {
    const flow = waiting();
    const { legId } = flow;
    assert.deepEqual(
      flow
        .lose('media')
        .commands('hang-up')
        .map((command) => command.legId),
      [legId],
    );
  });

  it('is taken from a plugin that holds it', () => {
    const flow = asked().lose('node');
    assert.equal(flow.commands('tell-plugin')[0]?.what, 'revoked');
    assert.equal(flow.state.name, 'waiting-to-retry');
  });

  it('on the last attempt ends with FAIL_CALL_TO_CUSTOMER', () => {
    assert.equal(waiting({ maxDialAttempts: 1 }).lose().reason, 'FAIL_CALL_TO_CUSTOMER');
  });

  it('ends a conversation with AGENT_CONNECTED, and an end that was decided as decided', () => {
    assert.equal(talking().lose().reason, 'AGENT_CONNECTED');
    assert.equal(waiting().timer('agent-wait').lose().reason, 'FAIL_TARGET_NOT_FOUND');
  });
});

describe('a revised verdict', () => {
  it('takes back what was begun for a human and leaves the message', () => {
    const flow = connecting().agentAnswers().revise(CALL_STATE.AnsweringMachineDetected);
    const types = flow.last.commands.map(({ type }) => type);
    assert.deepEqual(types, ['stop-playing', 'unqueue', 'stop-timer', 'play']);
    assert.equal(playing(flow), 'answering-machine');
    assert.equal(flow.state.context.callState, CALL_STATE.AnsweringMachineDetected);
    assert.match(flow.last.because, /then machine\.message/);
  });

  it('drops the call where amDetected says so', () => {
    const flow = waiting({ amDetected: 'drop' }).revise(9);
    assert.equal(flow.commands('hang-up').length, 1);
    assert.equal(flow.state.name, 'waiting-to-retry');
  });

  it('to fax ends the callback', () => {
    assert.equal(waiting().revise(CALL_STATE.FaxDetected).reason, 'FAIL_FAX_REACHED');
  });

  it('waits only for the beep of a greeting that ended meanwhile', () => {
    const answeringMachineTreatment = treatmentFile('m.wav', { afterBeep: true });
    const flow = waiting({ answeringMachineTreatment }).greetingEnds(false).revise(9);
    assert.equal(flow.commands('start-timer')[0]?.afterMs, 4000);
  });

  it('does not ask a plugin twice about one attempt', () => {
    const flow = asked().reply({ action: 'route_to_agent', message: 'OK' }).revise(9);
    assert.deepEqual(flow.commands('start-plugin'), []);
    assert.equal(playing(flow), 'answering-machine');
  });

  it('takes a route back', () => {
    const flow = routing().revise(9);
    assert.equal(flow.commands('unroute').length, 1);
    assert.equal(playing(flow), 'answering-machine');
  });

  it('comes too late once the end is decided', () => {
    const flow = waiting().timer('agent-wait').revise(9);
    assert.equal(flow.last.row, 'verdict.too-late');
    assert.equal(playing(flow), 'find-agent-fail');
  });

  it('is taken once, from human only, to machine or fax only', () => {
    assert.equal(waiting().revise(CALL_STATE.Busy).last.row, 'late.ignored');
    assert.equal(new Flow().dialed('machine').revise(17).last.row, 'late.ignored');
    assert.equal(new Flow().due().revise(9).last.row, 'late.ignored');
    assert.equal(waiting().revise(9).revise(17).last.row, 'late.ignored');
  });
});

describe('the silence guard', () => {
  it('watches a person while a plugin decides, and breaks the silence with its comfort', () => {
    const flow = asked({ pluginComfort: treatmentFile('comfort.wav') });
    const guard = flow.commands('start-timer').find(({ timer }) => timer === 'human-silence');
    assert.equal(guard?.afterMs, 5000);
    flow.timer('human-silence');
    assert.deepEqual(
      flow.commands('play').map(({ treatment, file, loop }) => [treatment, file, loop]),
      [['plugin-comfort', 'comfort.wav', true]],
    );
  });

  it('falls back to the waiting treatment, then to the built-in sound, at once', () => {
    const flow = asked({ pluginComfort: treatmentFile('comfort.wav') }).timer('human-silence');
    assert.equal(playing(flow.playFails()), 'waiting-for-agent');
    assert.equal(playing(flow.playFails()), 'comfort');
    flow.playFails();
    assert.equal(playing(flow), undefined);
    assert.ok(flow.state.context.timers['human-silence']);
  });

  it('does not watch while the flow plays, nor once the two talk', () => {
    assert.equal(connecting().state.context.timers['human-silence'], undefined);
    assert.equal(talking().state.context.timers['human-silence'], undefined);
  });

  it('lets its sound go on when the reply leads to the same', () => {
    const flow = asked().timer('human-silence');
    const { playId } = flow;
    flow.reply({ action: 'route_to_agent', message: 'OK' });
    assert.deepEqual(flow.commands('play'), []);
    assert.equal(flow.playId, playId);
  });

  it('watches again when a looped sound ends by itself', () => {
    const flow = waiting().played();
    assert.equal(flow.last.row, 'silence.watched');
    assert.ok(flow.state.context.timers['human-silence']);
  });
});
