import assert from 'node:assert/strict';
import { CALL_STATE } from '../../src/callflow/call-state.js';
import { Flow, playing, treatmentFile, WITH_PAGE, WITH_PLUGIN } from './flow-fixture.js';

const CANCEL = { action: 'cancel', message: 'OK' };
const RETRY = { action: 'retry', message: 'OK' };
const AGENT = { action: 'route_to_agent', message: 'OK' };
const ROUTE = { action: 'route_to_rp', message: 'after-hours' };
const DELETED = { action: 'cancel', message: 'interaction_deleted' };

for (const [who, options] of [
  ['a plugin', WITH_PLUGIN],
  ['a VoiceXML page', WITH_PAGE],
] as const) {
  const asked = (more: object = {}) => new Flow({ ...options, ...more }).dialed('human');

  describe(`the reply of ${who}`, () => {
    it('cancel hangs up and ends with CANCELLED', () => {
      const flow = asked().reply(CANCEL);
      assert.equal(flow.reason, 'CANCELLED');
      assert.equal(flow.commands('hang-up').length, 1);
      assert.deepEqual(
        flow.commands('stop-timer').map(({ timer }) => timer),
        ['plugin-ttl', 'human-silence', 'life'],
      );
      assert.deepEqual(flow.commands('tell-plugin'), []);
    });

    it('route_to_agent queues the call and plays the waiting treatment, not the connect one', () => {
      const flow = asked().reply(AGENT);
      assert.equal(flow.state.name, 'waiting-for-agent');
      assert.equal(flow.commands('queue')[0]?.queue, 'support');
      assert.equal(playing(flow), 'waiting-for-agent');
      assert.equal(flow.commands('play')[0]?.loop, true);
      assert.ok(flow.state.context.timers['agent-wait']);
    });

    it('route_to_agent without a queue tells the customer and ends with FAIL_QUEUEING', () => {
      const flow = asked({ queue: undefined }).reply(AGENT);
      assert.equal(playing(flow), 'find-agent-fail');
      assert.equal(flow.played().reason, 'FAIL_QUEUEING');
    });

    it('route_to_rp routes to the destination in the message', () => {
      const flow = asked().reply(ROUTE);
      assert.equal(flow.state.name, 'routing');
      assert.equal(flow.commands('route')[0]?.destination, 'after-hours');
    });

    it('retry hangs up and dials again after its delay, then after the usual pause', () => {
      const flow = asked().reply({ ...RETRY, delay: 7 });
      assert.equal(flow.commands('hang-up').length, 1);
      assert.equal(flow.commands('start-timer')[0]?.afterMs, 7000);
      assert.match(flow.last.because, /the reply's delay is 7 s/);
      flow.timer('retry').answer('human').reply(RETRY);
      assert.equal(flow.commands('start-timer')[0]?.afterMs, 300_000);
    });

    it('retry with a delay of zero dials again at once', () => {
      assert.equal(
        asked()
          .reply({ ...RETRY, delay: 0 })
          .commands('start-timer')[0]?.afterMs,
        0,
      );
    });

    it('retry beyond the limit is cancelled', () => {
      const flow = asked({ maxDialAttempts: 2 }).reply(RETRY).timer('retry').answer('human');
      assert.equal(flow.reply(RETRY).reason, 'CANCELLED');
      assert.equal(flow.last.row, 'reply.retry.limit');
    });

    it('changes number and prefix for the rest of the callback', () => {
      const overrides = { customer_number: '555-2336', customer_number_prefix: 91 };
      const flow = asked({ maxDialAttempts: 4 })
        .reply({ ...RETRY, ...overrides })
        .timer('retry');
      const dialled = () => {
        const [dial] = flow.commands('dial');
        return [dial?.prefix, dial?.customerNumber];
      };
      assert.deepEqual(dialled(), ['91', '555-2336']);
      flow.answer('human').reply(RETRY).timer('retry');
      assert.deepEqual(dialled(), ['91', '555-2336']);
      flow
        .answer('human')
        .reply({ ...RETRY, customer_number_prefix: '' })
        .timer('retry');
      assert.deepEqual(dialled(), ['', '555-2336']);
    });

    it('puts its number into CPNDigits where the service presents one', () => {
      const withNumber = { ...AGENT, customer_number: '555-2336' };
      const presented = (options: object, reply: object) =>
        asked(options).reply(reply).commands('queue')[0]?.cpnDigits;
      assert.equal(presented({ cpnDigits: '5557777' }, AGENT), '5557777');
      assert.equal(presented({ cpnDigits: '5557777' }, withNumber), '555-2336');
      assert.equal(presented({}, withNumber), undefined);
      const routed = asked({ cpnDigits: '5557777' }).reply(ROUTE);
      assert.equal(routed.commands('route')[0]?.cpnDigits, '5557777');
    });

    it('interaction_deleted decides after a hang-up', () => {
      const flow = asked().hangUp();
      assert.deepEqual(
        flow.commands('tell-plugin').map(({ what }) => what),
        ['hung-up'],
      );
      assert.equal(flow.state.context.leg, undefined);
      assert.equal(flow.reply(DELETED).reason, 'CANCELLED');
      assert.deepEqual(flow.commands('hang-up'), []);
    });

    it('may ask for a retry after a hang-up', () => {
      const flow = asked().hangUp().reply({ action: 'retry', message: 'interaction_deleted' });
      assert.equal(flow.state.name, 'waiting-to-retry');
    });

    it('is not awaited for ever: without one after a hang-up, FAIL_INTERACTION_DELETED', () => {
      const flow = asked({ onPluginError: 'builtin', onVxmlError: 'builtin' }).hangUp();
      assert.equal(flow.timer('plugin-ttl').reason, 'FAIL_INTERACTION_DELETED');
      assert.deepEqual(
        flow.commands('tell-plugin').map(({ what }) => what),
        ['revoked'],
      );
    });

    it('and a failure after a hang-up is the same', () => {
      assert.equal(asked().hangUp().holderFails().reason, 'FAIL_INTERACTION_DELETED');
    });

    it('counts once: a second one is late', () => {
      const flow = asked();
      const holderId = flow.state.context.holder?.holderId ?? '';
      flow.reply(AGENT);
      const before = flow.state;
      const type = who === 'a plugin' ? 'plugin-reply' : 'vxml-result';
      const again = { action: 'cancel', isInteractionDeleted: false, ignoredFields: [] } as const;
      flow.send({ type, holderId, reply: again });
      assert.equal(flow.last.row, 'late.ignored');
      assert.equal(flow.state, before);
    });

    it('does not count from the other kind of holder', () => {
      const flow = asked();
      const holderId = flow.state.context.holder?.holderId ?? '';
      const type = who === 'a plugin' ? 'vxml-failed' : 'plugin-failed';
      assert.equal(flow.send({ type, holderId, why: 'mixed up' }).last.row, 'late.ignored');
    });
  });

  describe(`${who} that does not reply`, () => {
    const fail = { onPluginError: 'fail', onVxmlError: 'fail' } as const;
    const builtin = { onPluginError: 'builtin', onVxmlError: 'builtin' } as const;
    const report = who === 'a plugin' ? 'plugin-error' : 'vxml-error';

    it('ends the callback with FAIL_ERROR and loses the call', () => {
      const flow = asked(fail).timer('plugin-ttl');
      assert.equal(flow.reason, 'FAIL_ERROR');
      assert.equal(flow.commands('tell-plugin')[0]?.what, 'revoked');
      assert.ok(flow.commands('report').some(({ what }) => what === report));
      assert.match(flow.last.because, /no reply in time, _plugin_on_dial_timeout is 120 s/);
    });

    it('or cannot be started, ends it as well, without being told', () => {
      const flow = asked(fail).holderFails('404');
      assert.equal(flow.reason, 'FAIL_ERROR');
      assert.deepEqual(flow.commands('tell-plugin'), []);
      assert.match(flow.last.because, /404/);
    });

    it('is excused to a person by pluginTimeoutTreatment', () => {
      const apology = { ...fail, pluginTimeoutTreatment: treatmentFile('sorry.wav') };
      const flow = asked(apology).timer('plugin-ttl');
      assert.deepEqual([playing(flow), flow.state.name], ['plugin-timeout', 'treating-customer']);
      assert.equal(flow.commands('play')[0]?.file, 'sorry.wav');
      assert.equal(flow.played().reason, 'FAIL_ERROR');
      assert.equal(asked(apology).timer('plugin-ttl').playFails().reason, 'FAIL_ERROR');
      assert.equal(asked(apology).timer('plugin-ttl').hangUp().reason, 'FAIL_ERROR');
    });

    it('gives way to the built-in treatment where the service says so', () => {
      const flow = asked(builtin).timer('plugin-ttl');
      assert.equal(flow.last.row, 'no-reply.builtin');
      assert.match(flow.last.because, /then human\.connect/);
      assert.equal(playing(flow), 'customer-connect');
      assert.equal(flow.commands('queue').length, 1);
    });
  });
}

describe('a plugin', () => {
  const asked = (answer: Parameters<Flow['dialed']>[0], more: object = {}) =>
    new Flow({ ...WITH_PLUGIN, ...more }).dialed(answer);

  it('wins over a VoiceXML page', () => {
    const flow = asked('human', WITH_PAGE);
    assert.equal(flow.commands('start-plugin').length, 1);
    assert.equal(flow.commands('start-vxml').length, 0);
  });

  it('that fails is not followed by the page', () => {
    const flow = asked('human', { ...WITH_PAGE, onPluginError: 'builtin' }).holderFails();
    assert.equal(flow.commands('start-vxml').length, 0);
    assert.equal(playing(flow), 'customer-connect');
  });

  it('may correct a route without a call until its time to live is over', () => {
    const flow = asked('busy').reply(AGENT);
    assert.equal(flow.last.row, 'reply.refused');
    assert.match(flow.last.because, /REPLY_NO_CALL/);
    assert.equal(flow.state.name, 'asking-plugin');
    assert.equal(flow.reply(RETRY).state.name, 'waiting-to-retry');
    assert.equal(asked('busy').reply(ROUTE).timer('plugin-ttl').reason, 'FAIL_ERROR');
  });

  it('may leave a message on a machine and route the call to an agent', () => {
    const flow = asked('machine').reply(AGENT);
    assert.equal(flow.state.name, 'waiting-for-agent');
  });

  it('has no fax call to route', () => {
    const flow = asked('fax');
    assert.equal(flow.commands('hang-up').length, 1);
    assert.equal(flow.reply(AGENT).last.row, 'reply.refused');
  });

  it('that fails about a machine leaves the built-in message', () => {
    const flow = asked('machine', { onPluginError: 'builtin' }).holderFails();
    assert.equal(playing(flow), 'answering-machine');
  });

  it('that fails about a fax leaves FAIL_FAX_REACHED', () => {
    const flow = asked('fax', { onPluginError: 'builtin' }).holderFails();
    assert.equal(flow.reason, 'FAIL_FAX_REACHED');
  });

  it('that fails about a busy line leaves a retry', () => {
    const flow = asked('busy', { onPluginError: 'builtin' }).holderFails();
    assert.equal(flow.state.name, 'waiting-to-retry');
  });

  it('is not excused to a machine', () => {
    const flow = asked('machine', { pluginTimeoutTreatment: treatmentFile('sorry.wav') });
    assert.equal(flow.timer('plugin-ttl').reason, 'FAIL_ERROR');
    assert.deepEqual(flow.commands('play'), []);
  });

  it('is told of a revised verdict, once, and keeps the decision', () => {
    const flow = asked('human').revise(CALL_STATE.AnsweringMachineDetected);
    assert.deepEqual(
      flow.commands('tell-plugin').map(({ what, callState }) => [what, callState]),
      [['verdict-revised', 9]],
    );
    assert.equal(flow.state.name, 'asking-plugin');
    assert.equal(flow.state.context.callState, CALL_STATE.AnsweringMachineDetected);
    assert.equal(flow.state.context.timers['human-silence'], undefined);
    assert.equal(flow.revise(CALL_STATE.FaxDetected).last.row, 'late.ignored');
    assert.equal(flow.reply(AGENT).state.name, 'waiting-for-agent');
  });

  it('that fails after a revised verdict leaves the branch of the new one', () => {
    const flow = asked('human', { onPluginError: 'builtin' }).revise(17).holderFails();
    assert.equal(flow.reason, 'FAIL_FAX_REACHED');
  });
});

describe('a VoiceXML page', () => {
  it('runs for humans only', () => {
    for (const answer of ['machine', 'busy', 'no-answer', 'fax'] as const) {
      assert.deepEqual(new Flow(WITH_PAGE).dialed(answer).commands('start-vxml'), []);
    }
  });

  it('that routes a call that is gone has failed, for it cannot correct itself', () => {
    const flow = new Flow(WITH_PAGE).dialed('human').hangUp().reply(AGENT);
    assert.equal(flow.reason, 'FAIL_INTERACTION_DELETED');
  });

  it('gets call, call state, attempt and time to live', () => {
    const flow = new Flow({ ...WITH_PAGE, pluginTimeoutMs: 20_000 }).dialed('busy').dialed('human');
    const [page] = flow.commands('start-vxml');
    assert.deepEqual(
      [page?.url, page?.legId, page?.callState, page?.dialAttempt, page?.ttlMs],
      [WITH_PAGE.vxmlUrl, flow.legId, 0, 2, 20_000],
    );
  });
});
