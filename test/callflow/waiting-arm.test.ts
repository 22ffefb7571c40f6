import assert from 'node:assert/strict';
import { Flow, playing, treatmentFile } from './flow-fixture.js';

const NO_CONNECT = { customerConnectTreatment: undefined } as const;
const INTERRUPTIBLE = {
  customerConnectTreatment: treatmentFile('connect.wav', { interruptible: true }),
} as const;

const connecting = (options: object = {}) => new Flow(options).dialed('human');
const waiting = (options: object = {}) => new Flow({ ...NO_CONNECT, ...options }).dialed('human');

describe('the connect treatment', () => {
  it('plays once while the queue is already asked and the wait clock runs', () => {
    const flow = connecting();
    assert.deepEqual(
      flow.commands('play').map(({ treatment, file, loop }) => [treatment, file, loop]),
      [['customer-connect', 'connect.wav', false]],
    );
    assert.equal(flow.commands('queue').length, 1);
    assert.equal(flow.commands('start-timer')[0]?.timer, 'agent-wait');
    assert.equal(flow.commands('start-timer')[0]?.afterMs, 120_000);
  });

  it('holds the bridge up until its end', () => {
    const flow = connecting().agentAnswers();
    assert.deepEqual(flow.commands('bridge'), []);
    assert.equal(flow.state.name, 'treating-customer');
    flow.played();
    assert.deepEqual(flow.commands('bridge'), [
      { type: 'bridge', legId: flow.legId, withId: flow.queueId },
    ]);
    assert.equal(flow.state.name, 'connected');
  });

  it('gives way to an agent at once when it is interruptible', () => {
    const flow = connecting(INTERRUPTIBLE).agentAnswers();
    assert.deepEqual(
      flow.last.commands.slice(0, 2).map(({ type }) => type),
      ['stop-playing', 'bridge'],
    );
  });

  it('is followed by the waiting treatment, looped', () => {
    const flow = connecting().played();
    assert.equal(flow.state.name, 'waiting-for-agent');
    assert.equal(playing(flow), 'waiting-for-agent');
    assert.equal(flow.commands('play')[0]?.loop, true);
  });

  it('that cannot be played is as if it were off, and reported', () => {
    const flow = connecting().playFails();
    assert.equal(playing(flow), 'waiting-for-agent');
    assert.deepEqual(
      flow.commands('report').map(({ what }) => what),
      ['treatment-missing'],
    );
    assert.equal(connecting().agentAnswers().playFails().state.name, 'connected');
  });

  it('does not stop the wait limit', () => {
    const flow = connecting().timer('agent-wait');
    assert.equal(playing(flow), 'find-agent-fail');
    assert.equal(flow.state.name, 'waiting-for-agent');
  });

  it('lets an agent who answered in time wait, and gives up if that agent leaves', () => {
    const flow = connecting().agentAnswers().timer('agent-wait');
    assert.equal(flow.state.name, 'treating-customer');
    assert.deepEqual(flow.last.commands, []);
    flow.agentHangsUp();
    assert.equal(flow.last.row, 'agent.too-late');
    assert.equal(flow.played().reason, 'FAIL_TARGET_NOT_FOUND');
  });

  it('is not over for an agent who leaves early: the next one is asked', () => {
    const flow = connecting().agentAnswers().agentHangsUp();
    assert.equal(playing(flow), 'customer-connect');
    flow.timer('agent-retry').agentAnswers().played();
    assert.equal(flow.state.name, 'connected');
  });
});

describe('waiting for an agent', () => {
  it('stops the waiting treatment right before the bridge', () => {
    const flow = waiting().agentAnswers();
    const types = flow.last.commands.map(({ type }) => type);
    assert.deepEqual(types, ['stop-playing', 'bridge', 'stop-timer', 'start-timer']);
    assert.equal(flow.state.name, 'connected');
  });

  it('plays find-agent-fail once when the limit is reached, hangs up, FAIL_TARGET_NOT_FOUND', () => {
    const flow = waiting().timer('agent-wait');
    const types = flow.last.commands.map(({ type }) => type);
    assert.deepEqual(types, ['unqueue', 'stop-playing', 'play']);
    assert.deepEqual(
      flow.commands('play').map(({ treatment, loop }) => [treatment, loop]),
      [['find-agent-fail', false]],
    );
    flow.played();
    assert.equal(flow.reason, 'FAIL_TARGET_NOT_FOUND');
    assert.equal(flow.commands('hang-up').length, 1);
  });

  it('hangs up at once when find-agent-fail is off', () => {
    const flow = waiting({ findAgentFailTreatment: undefined }).timer('agent-wait');
    assert.equal(flow.reason, 'FAIL_TARGET_NOT_FOUND');
  });

  it('ends as well when find-agent-fail cannot be played', () => {
    assert.equal(waiting().timer('agent-wait').playFails().reason, 'FAIL_TARGET_NOT_FOUND');
  });

  it('has no limit when the option is 0', () => {
    assert.equal(waiting({ agentWaitMaxMs: 0 }).state.context.timers['agent-wait'], undefined);
  });

  it('lets go an agent who answers after giving up', () => {
    const flow = waiting();
    const { queueId } = flow;
    flow.timer('agent-wait').send({ type: 'agent-answered', queueId });
    assert.deepEqual(flow.commands('unqueue'), [{ type: 'unqueue', queueId, exit: 'withdrawn' }]);
    assert.equal(flow.last.row, 'agent.unwanted');
  });

  it('asks again after a pause when an agent cannot be reached', () => {
    const flow = waiting().agentFails();
    assert.deepEqual(
      flow.commands('start-timer').map(({ timer, afterMs }) => [timer, afterMs]),
      [['agent-retry', 2000]],
    );
    assert.equal(playing(flow), 'waiting-for-agent');
    flow.timer('agent-retry');
    assert.equal(flow.commands('queue').length, 1);
    assert.equal(flow.state.context.transferAttempts, 2);
  });

  it('gives up after _max_transfer_to_agent_attempts with FAIL_AGENT_CONNECT', () => {
    const flow = waiting().agentFails().timer('agent-retry').agentFails();
    assert.equal(playing(flow), 'find-agent-fail');
    assert.match(flow.last.because, /2 of _max_transfer_to_agent_attempts 2 made/);
    assert.equal(flow.played().reason, 'FAIL_AGENT_CONNECT');
  });

  it('takes a bridge that fails for a failed try: the customer waits for the next agent', () => {
    const flow = waiting().agentAnswers().agentFails();
    assert.equal(flow.last.row, 'connected.bridge-failed');
    assert.equal(flow.state.name, 'waiting-for-agent');
    assert.equal(playing(flow), 'waiting-for-agent');
    assert.equal(flow.commands('queue').length, 1);
    assert.equal(flow.agentAnswers().agentFails().last.row, 'connected.bridge-limit');
  });

  it('ignores an agent who answers twice', () => {
    const flow = connecting().agentAnswers().agentAnswers();
    assert.equal(flow.last.row, 'late.ignored');
    assert.deepEqual(flow.last.commands, []);
  });

  it('loops comfort in place of a waiting treatment that cannot be played', () => {
    const flow = waiting().playFails();
    assert.equal(playing(flow), 'comfort');
    assert.equal(flow.commands('play')[0]?.file, undefined);
  });

  it('watches the silence when the waiting treatment is off', () => {
    const flow = waiting({ waitingForAgentTreatment: undefined });
    assert.equal(playing(flow), undefined);
    flow.timer('human-silence');
    assert.equal(playing(flow), 'comfort');
    assert.equal(flow.state.context.timers['human-silence'], undefined);
  });

  it('never tries a comfort sound that fails in a tight loop', () => {
    const flow = waiting({ waitingForAgentTreatment: undefined, humanSilenceMaxMs: 0 });
    flow.timer('human-silence').playFails();
    assert.equal(flow.commands('start-timer')[0]?.afterMs, 1000);
    assert.equal(playing(flow.timer('human-silence')), 'comfort');
  });

  it('tries a broken treatment again on the next call', () => {
    const flow = waiting({ amDetected: 'drop' }).playFails().revise(9).timer('retry');
    assert.equal(playing(flow.answer('human')), 'waiting-for-agent');
  });

  it('counts the tries anew on the next call', () => {
    const flow = waiting({ maxDialAttempts: 2 }).agentFails().lose().timer('retry').answer('human');
    assert.equal(flow.state.context.transferAttempts, 1);
  });
});
