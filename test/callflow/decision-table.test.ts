import assert from 'node:assert/strict';
import { CALL_STATE } from '../../src/callflow/call-state.js';
import { decide, DECISION_TABLE, rowOf, type RowId } from '../../src/callflow/decision-table.js';
import { Flow, treatmentFile, WITH_PAGE, WITH_PLUGIN } from './flow-fixture.js';

const NO_CONNECT = { customerConnectTreatment: undefined } as const;
const ONE_ATTEMPT = { maxDialAttempts: 1 } as const;
const AFTER_BEEP = {
  answeringMachineTreatment: treatmentFile('m.wav', { afterBeep: true }),
} as const;
const AGENT = { action: 'route_to_agent', message: 'OK' };
const ROUTE = { action: 'route_to_rp', message: 'after-hours' };
const RETRY = { action: 'retry', message: 'OK' };
const CANCEL = { action: 'cancel', message: 'OK' };

const flow = (options: ConstructorParameters<typeof Flow>[0] = {}) => new Flow(options);
const waiting = (options = {}) => flow({ ...NO_CONNECT, ...options }).dialed('human');
const asked = (options = {}) => flow({ ...WITH_PLUGIN, ...options }).dialed('human');
const talking = (options = {}) => waiting(options).agentAnswers();
const ahead = (options = {}) => flow({ ...NO_CONNECT, waitsForAgent: true, ...options }).due();
const routing = () => asked().reply(ROUTE);

/** One way to each row. The type makes sure that none is forgotten. */
const WAYS: Record<RowId, () => Flow> = {
  'dial.closed': () => flow().closed().due(),
  'dial.ahead': () => ahead(),
  'dial.first': () => flow().due(),
  'dial.again': () => flow().dialed('busy').timer('retry'),
  'dial.limit': () => {
    const busy = flow().dialed('busy');
    busy.service = { ...busy.service, maxDialAttempts: 1 };
    return busy.timer('retry');
  },
  'dial.answered': () => {
    const dialing = flow().due();
    return dialing.send({ type: 'answered', legId: dialing.legId });
  },
  'dial.greeting': () => flow().due().greetingEnds(true),
  'dial.unwanted': () => flow().due().send({ type: 'answered', legId: 'leg-0' }),

  'human.plugin': () => asked(),
  'human.vxml': () => flow(WITH_PAGE).dialed('human'),
  'human.no-queue': () => flow({ queue: undefined }).dialed('human'),
  'human.connect': () => flow().dialed('human'),
  'human.queue': () => waiting(),
  'machine.plugin': () => flow(WITH_PLUGIN).dialed('machine'),
  'machine.plugin-no-call': () => flow({ ...WITH_PLUGIN, amDetected: 'drop' }).dialed('machine'),
  'machine.await-beep': () => flow(AFTER_BEEP).dialed('machine'),
  'machine.message': () => flow().dialed('machine'),
  'machine.no-message': () => flow({ answeringMachineTreatment: undefined }).dialed('machine'),
  'machine.dropped': () => flow({ amDetected: 'drop' }).dialed('machine'),
  'fax.plugin': () => flow(WITH_PLUGIN).dialed('fax'),
  'fax.end': () => flow().dialed('fax'),
  'attempt.paused': () => flow().due().refused('sit-no-circuit', 'paused'),
  'attempt.no-trunk': () => flow().due().refused('sit-no-circuit', 'no-trunk'),
  'attempt.no-endpoint': () => flow().due().refused('sit-no-circuit', 'no-endpoint'),
  'attempt.not-written': () => flow().due().refused('sit-no-circuit', 'not-written'),
  'failure.never-again': () => flow().due().refused('busy', 'never-again'),
  'busy.plugin': () => flow(WITH_PLUGIN).dialed('busy'),
  'busy.retry': () => flow().dialed('busy'),
  'no-answer.plugin': () => flow(WITH_PLUGIN).dialed('no-answer'),
  'no-answer.retry': () => flow().dialed('no-answer'),
  'sit.plugin': () => flow(WITH_PLUGIN).dialed('sit-vacant'),
  'sit.permanent': () => flow().dialed('sit-vacant'),
  'sit.retry': () => flow().dialed('sit-no-circuit'),
  'error.plugin': () => flow(WITH_PLUGIN).dialed('error'),
  'error.retry': () => flow().dialed('error'),
  'retry.limit': () => flow(ONE_ATTEMPT).dialed('busy'),
  'retry.result-limit': () => flow({ retryRules: { busy: { maxAttempts: 1 } } }).dialed('busy'),

  'reply.refused': () => flow(WITH_PLUGIN).dialed('busy').reply(AGENT),
  'reply.cancel': () => asked().reply(CANCEL),
  'reply.agent': () => asked().reply(AGENT),
  'reply.no-queue': () => asked({ queue: undefined }).reply(AGENT),
  'reply.route-point': () => routing(),
  'reply.retry': () => asked().reply(RETRY),
  'reply.retry.limit': () => asked(ONE_ATTEMPT).reply(RETRY),
  'no-reply.hung-up': () => asked().hangUp().timer('plugin-ttl'),
  'no-reply.builtin': () => asked({ onPluginError: 'builtin' }).timer('plugin-ttl'),
  'no-reply.apology': () =>
    asked({ pluginTimeoutTreatment: treatmentFile('sorry.wav') }).timer('plugin-ttl'),
  'no-reply.end': () => asked().timer('plugin-ttl'),

  'connect.bridge': () => flow().dialed('human').agentAnswers().played(),
  'connect.early': () => flow().dialed('human').earlyMedia().played(),
  'connect.waiting': () => flow().dialed('human').played(),
  'agent.unwanted': () => waiting().send({ type: 'agent-answered', queueId: 'queue-0' }),
  'agent.bridge': () => talking(),
  'agent.ready': () => flow().dialed('human').agentAnswers(),
  'agent.too-late': () => flow().dialed('human').agentAnswers().timer('agent-wait').agentHangsUp(),
  'agent.limit': () => waiting({ maxTransferToAgentAttempts: 1 }).agentFails(),
  'agent.retry': () => waiting().agentFails(),
  'early.passed': () => waiting().earlyMedia(),
  'early.held': () => flow().dialed('human').earlyMedia(),
  'early.over': () => waiting().earlyMedia().earlyMedia(false),
  'agent.missed': () => waiting().agentMissed(),
  'agent.again': () => waiting().agentFails().timer('agent-retry'),
  'waiting.expired': () => waiting().timer('agent-wait'),
  'waiting.agent-in-time': () => flow().dialed('human').agentAnswers().timer('agent-wait'),
  'last-words.over': () => waiting().timer('agent-wait').played(),

  'ahead.too-late': () =>
    ahead({ aheadWaitMaxMs: 60_000, cannotDialBufferMs: 30_000 }).later(40_000).agentIsNear(),
  'ahead.closed': () => ahead().closed().agentIsNear(),
  'ahead.dial': () => ahead().agentIsNear(),
  'ahead.lost': () => ahead().agentIsNear().agentFails(),
  'ahead.pause': () => ahead().agentFails(),
  'ahead.expired': () => ahead().timer('ahead-wait'),

  'message.await-beep': () => flow(AFTER_BEEP).dialed('machine').greetingEnds(false),
  'message.start': () => flow(AFTER_BEEP).dialed('machine').greetingEnds(true),
  'message.restart': () =>
    flow(AFTER_BEEP).dialed('machine').greetingEnds(false).timer('message-wait').greetingEnds(true),
  'message.complete': () => flow({ completeAfterMessage: true }).dialed('machine').played(),
  'message.retry': () => flow().dialed('machine').played(),
  'message.broken': () => flow().dialed('machine').playFails(),

  'route.unwanted': () => waiting().send({ type: 'route-done', routeId: 'route-0' }),
  'route.done': () => {
    const route = routing();
    return route.send({ type: 'route-done', routeId: route.routeId });
  },
  'route.failed': () => {
    const route = routing();
    return route.send({ type: 'route-failed', routeId: route.routeId, why: 'busy' });
  },
  'route.transferred': () => {
    const route = routing();
    return route.send({ type: 'route-transferred', routeId: route.routeId });
  },
  'connected.bridge-failed': () => talking().agentFails(),
  'connected.bridge-limit': () => talking({ maxTransferToAgentAttempts: 1 }).agentFails(),
  'connected.never': () => {
    const connected = talking();
    const { legId } = connected;
    return connected.send({ type: 'customer-hung-up', legId, wasApart: true });
  },
  'connected.over': () => talking().hangUp(),
  'connected.too-long': () => talking().timer('conversation'),

  'hang-up.held': () => asked().hangUp(),
  'hang-up.last-words': () => waiting().timer('agent-wait').hangUp(),
  'hang-up.end': () => waiting().hangUp(),
  'lost.last-words': () => waiting().timer('agent-wait').lose(),
  'lost.retry': () => waiting().lose(),
  'verdict.told': () => asked().revise(CALL_STATE.AnsweringMachineDetected),
  'verdict.unwound': () => waiting().revise(CALL_STATE.FaxDetected),
  'verdict.too-late': () => talking().revise(CALL_STATE.FaxDetected),
  'silence.broken': () => asked().timer('human-silence'),
  'silence.watched': () => waiting().playFails().playFails(),
  'cancel.refused': () => talking().send({ type: 'cancelled', by: 'customer' }),
  'cancel.customer': () => waiting().send({ type: 'cancelled', by: 'customer' }),
  'cancel.admin': () => waiting().send({ type: 'cancelled', by: 'admin' }),
  'life.talking': () => talking().timer('life'),
  'life.expired': () => waiting().timer('life'),
  'late.ignored': () => flow().due().due(),
};

describe('the decision table', () => {
  for (const [row, way] of Object.entries(WAYS)) {
    it(`reaches ${row}, and the step says why`, () => {
      const { last } = way();
      assert.equal(last.row, row);
      assert.notEqual(last.because, '');
      assert.doesNotMatch(last.because, /undefined|\[object/);
    });
  }

  it('gives every row an id of its own', () => {
    const ids = DECISION_TABLE.map(({ row }) => row);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual([...ids].sort(), Object.keys(WAYS).sort());
  });

  it('tells in whole sentences what a row does', () => {
    for (const { row, then, reading } of DECISION_TABLE) {
      assert.match(then, /^[A-Za-z].*\.$/s, row);
      if (reading !== undefined) assert.match(reading, /^["A-Z_a-z].*\.\)?$/s, row);
    }
  });

  it('finds a row by its id', () => {
    assert.equal(rowOf('fax.end').then.includes('FAIL_FAX_REACHED'), true);
  });

  it('refuses facts that no row covers, because that is a bug', () => {
    assert.throws(() => decide('cancel', {}), /no row of cancel/);
  });

  it('takes the first row of an arm that holds', () => {
    assert.equal(decide('cancel', { callIsWith: 'agent', by: 'customer' }), 'cancel.refused');
    assert.equal(decide('cancel', { callIsWith: 'flow', by: 'customer' }), 'cancel.customer');
  });
});
