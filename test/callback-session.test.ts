import assert from 'node:assert/strict';
import { virtualClock } from '../src/adapters/clock/virtual-clock.js';
import { CallbackSession } from '../src/callback-session.js';
import { initialState } from '../src/callflow/treatment-flow.js';
import type { Closed } from '../src/callflow/vocabulary.js';
import type { ServiceConfig } from '../src/config/config.js';
import type { CallbackRecord, CallbackStore } from '../src/schedule/callback-store.js';
import {
  type Hindrance,
  NO_LIMITS,
  type Place,
  SetUpGovernor,
} from '../src/dial/set-up-governor.js';
import type { StepAnnouncer } from '../src/report/announcer.js';
import { CallMetrics } from '../src/report/call-metrics.js';
import { Counters } from '../src/report/counters.js';
import { supportDesk, supportPlans } from './fakes/queue-desk.js';
import { FakeStore } from './fakes/fake-store.js';
import { FakeAnalyser, FakeTelephony, settle, silentLog } from './fakes/fake-telephony.js';
import { mediaFault } from '../src/treatment/media-file.js';
import { serviceConfig, onTrunk, testTrunk } from './fakes/service-config.js';

const CALLBACK: CallbackRecord = {
  id: 'cb-1',
  serviceName: 'sales',
  customerNumber: '+15550100',
  createdAtMs: 0,
  desiredAtMs: 0,
  expiresAtMs: 86_400_000,
  userData: {},
  lookupKeys: {},
  requestOptions: {},
  state: 'QUEUED',
  dueAtMs: 0,
  attemptCount: 0,
  claimed: true,
  updatedAtMs: 0,
};

function start(
  service: Partial<ServiceConfig['options']> = {},
  trunks = ['sip:trunk'],
  callback: Partial<CallbackRecord> = {},
  announcer?: StepAnnouncer,
) {
  const telephony = new FakeTelephony();
  const analyser = new FakeAnalyser();
  const store = new FakeStore();
  const clock = virtualClock();
  let ids = 0;
  /** What a reload replaces. */
  const config = {
    service: serviceConfig(service),
    closed: undefined as Closed | undefined,
  };
  const desk = supportDesk(clock, 'sip:support@pbx');
  const metrics = new CallMetrics();
  const logged: object[] = [];
  const barred = new Set<string>();
  const limits: { hindrance: Hindrance | undefined } = { hindrance: undefined };
  const setUps = new SetUpGovernor({ clock, limits: () => NO_LIMITS });
  const session = new CallbackSession(
    {
      telephony,
      analyser,
      clock,
      store: store as unknown as CallbackStore,
      ...(announcer && { announcer }),
      log: { ...silentLog, info: (fields: object) => logged.push(fields) },
      counters: new Counters(),
      metrics,
      random: { uuid: () => `uuid-${(ids += 1)}`, fraction: () => 0.5 },
      places: { directory: '/m', packagedDirectory: '/p' },
      files: {
        probe: (path) =>
          Promise.resolve(
            path.includes('missing') ? mediaFault('MEDIA_MISSING', 'no such file') : undefined,
          ),
        fetch: () =>
          Promise.resolve({ kind: 'unplayable', code: 'MEDIA_MISSING', why: 'HTTP 404' }),
      },
      trunkResults: [],
      everywhere: { allowedCountries: [], doNotCall: barred },
      desk,
      routePoints: {},
      comfortFile: '/p/comfort.wav',
    },
    { ...CALLBACK, expiresAtMs: clock.nowMs() + 86_400_000, ...callback },
    {
      serviceNow: () => config.service,
      queueToDial: () => {
        const place = setUps.queue('customer', { hindrance: () => limits.hindrance });
        const [first] = trunks;
        return onTrunk(place, first ? testTrunk(first) : { none: 'no trunk is configured' });
      },
      takeTrunk: ({ tried = [] }) => {
        const next = trunks.find((name) => !tried.includes(name));
        return next === undefined
          ? { kind: 'none', why: 'no other trunk is left' }
          : { kind: 'taken', trunk: testTrunk(next) };
      },
      closed: () => config.closed,
      attemptLimits: () => [],
      callLimits: () => [],
      onCallLimit: () => undefined,
      onDayFull: () => undefined,
      onLegOver: () => setUps.poke(),
    },
    initialState(),
  );
  session.post({ type: 'due' });
  const playing = () => telephony.plays.filter(({ isPlaying }) => isPlaying);
  /** Ends with everything given back. */
  const over = async () => {
    const state = await session.finished;
    assert.ok(state.name === 'ended');
    await settle();
    assert.deepEqual(telephony.counts(), { endpoints: 0, dialogs: 0 });
    assert.deepEqual(setUps.counts(), { waitingToDial: 0, waitingAgents: 0, setUpsInProgress: 0 });
    setUps.stop();
    assert.equal(clock.pendingCount, 0, 'no timer left');
    assert.deepEqual(playing(), []);
    return state.reason;
  };
  return {
    telephony,
    analyser,
    store,
    clock,
    metrics,
    logged,
    session,
    config,
    barred,
    desk,
    limits,
    setUps,
    playing,
    over,
  };
}

describe('CallbackSession', () => {
  it('takes a human from the dial through the connect treatment to an agent', async () => {
    const t = start();
    await settle();
    const customer = t.telephony.calls[0];
    assert.equal(customer?.request.uri, 'sip:+15550100@trunk');
    const dialog = customer?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/connect.wav']);
    const agent = t.telephony.calls[1];
    assert.equal(agent?.request.uri, 'sip:support@pbx', 'queued while the treatment plays');
    agent?.answer();
    await settle();
    assert.equal(t.telephony.endpoints[0]?.bridgedTo, undefined, 'the file is heard to its end');
    t.playing()[0]?.end();
    await settle();
    assert.equal(t.telephony.endpoints[0]?.bridgedTo, t.telephony.endpoints[1]);
    assert.equal(t.session.state.name, 'connected');
    dialog?.end('remote');
    assert.equal(await t.over(), 'AGENT_CONNECTED');
  });

  it('ends the callback instead of dialling a number that has come on the do-not-call list', async () => {
    const t = start({ dialRetryMs: 1000 });
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    t.barred.add('+15550100');
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.equal(await t.over(), 'CANCELLED_BY_ADMIN');
    assert.match(await t.metrics.text(), /refusals_total\{where="dial",why="do-not-call"\} 1/);
    assert.match(JSON.stringify(t.logged), /number refused \(do-not-call\)/);
  });

  it('hangs both sides up when the conversation has lasted for conversationMaxMs', async () => {
    const t = start({ conversationMaxMs: 60_000, customerConnectTreatment: undefined });
    await settle();
    const customer = t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    const agent = t.telephony.calls[1]?.answer();
    await settle();
    assert.equal(t.session.state.name, 'connected');
    await t.clock.advance(59_999);
    await settle();
    assert.equal(t.session.state.name, 'connected');
    await t.clock.advance(1);
    assert.equal(await t.over(), 'AGENT_CONNECTED');
    assert.deepEqual([customer?.hasEnded, agent?.hasEnded], [true, true]);
    const end = t.logged.at(-1) as { row: string; because: string };
    assert.equal(end.row, 'connected.too-long');
    assert.equal(end.because, 'conversationMaxMs is 60000');
  });

  it('has the customer’s call watched for RTP as the service says, and ends a conversation without', async () => {
    const t = start({ customerConnectTreatment: undefined });
    t.config.service = { ...t.config.service, mediaSilenceMaxMs: 60_000 };
    await settle();
    const customer = t.telephony.calls[0]?.answer();
    await settle();
    assert.equal(t.telephony.endpoints[0]?.watchedForMs, 60_000);
    t.analyser.opened[0]?.decide('human');
    await settle();
    t.telephony.calls[1]?.answer();
    await settle();
    assert.equal(t.session.state.name, 'connected');
    t.telephony.endpoints[0]?.vanish();
    assert.equal(await t.over(), 'AGENT_CONNECTED');
    assert.equal(customer?.hasEnded, true);
    const end = t.logged.at(-1) as { because: string };
    assert.equal(end.because, 'the call was lost (media)');
  });

  it('writes down what each leg sees on the wire, plays and hears, and stops when it is over', async () => {
    const t = start();
    await settle();
    const see = (callId: string, direction: '->' | '<-', message: string) =>
      t.telephony.watchers.get(callId)?.({ atMs: 1, direction, message, cseq: '1 INVITE' });
    const customer = t.telephony.calls[0];
    see(customer?.callId ?? '', '->', 'INVITE');
    see(customer?.callId ?? '', '<-', '200 OK');
    customer?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    const agent = t.telephony.calls[1];
    see(agent?.callId ?? '', '->', 'INVITE');
    agent?.answer();
    await settle();
    t.playing()[0]?.end();
    await settle();
    customer?.dialog?.end('remote');
    await t.over();
    assert.deepEqual(
      t.store.trail.map((line) => line.replace(/(endpoint|with) .*/, '$1')),
      [
        'customer endpoint',
        'customer -> INVITE',
        'customer <- 200 OK',
        'customer heard human at 1000 ms: the test said so',
        'agent endpoint',
        'customer play connect.wav',
        'agent -> INVITE',
        'customer play-ended connect.wav',
        'customer bridge with',
      ],
    );
    // Steps take them along: a crossing to the store costs more than a line.
    const taken = t.store.commits.filter(({ change }) => change.step && change.trail?.length);
    assert.ok(taken.length >= 3, `${taken.length} of the steps`);
    assert.equal(t.telephony.watchers.size, 0);
  });

  it('logs each step with callback, attempt and Call-ID, so that a log leads to the wire', async () => {
    const t = start();
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    const callId = t.telephony.calls[0]?.callId;
    assert.deepEqual(
      t.logged.map((fields) => {
        const { callbackId, attempt, callId: id, event } = fields as Record<string, unknown>;
        return [callbackId, attempt, id, event];
      }),
      [
        ['cb-1', 1, callId, 'due'],
        ['cb-1', 1, callId, 'attempt-result'],
      ],
    );
    t.session.post({ type: 'cancelled', by: 'customer' });
    await t.over();
  });

  it('measures the delays a customer notices, and counts how attempts and callbacks end', async () => {
    const t = start();
    await settle();
    await t.clock.advance(300);
    t.telephony.calls[0]?.ring();
    await t.clock.advance(4000);
    const dialog = t.telephony.calls[0]?.answer();
    await settle();
    await t.clock.advance(700);
    t.analyser.opened[0]?.decide('human');
    await settle();
    dialog?.end('remote');
    await t.over();
    const text = await t.metrics.text();
    const value = (name: string) =>
      new RegExp(`^dialback_${name}\\{[^}]*\\} (.*)$`, 'm').exec(text)?.[1];
    assert.equal(value('set_up_seconds_sum'), '0');
    assert.equal(value('post_dial_delay_seconds_sum'), '0.3');
    assert.equal(value('answer_to_first_sound_seconds_sum'), '0.7');
    assert.match(text, /^dialback_attempts_total\{trunk="[^"]+",result="Ok"\} 1$/m);
    assert.match(text, /reason="FAIL_INTERACTION_DELETED"\} 1$/m);
  });

  it('takes a revised verdict while a file plays: the agent is let go, the machine gets its message', async () => {
    const machine = { file: 'machine.wav', afterBeep: false, interruptible: false };
    const t = start({ answeringMachineTreatment: machine, maxDialAttempts: 1 });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    const [analysis] = t.analyser.opened;
    analysis?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/connect.wav']);
    const why = 'went on to speak';
    analysis?.say({ type: 'revised', from: 'human', verdict: 'machine', atMs: 5000, reason: why });
    await settle();
    assert.ok(t.telephony.calls[1]?.cancelledWith, 'the agent does not ring any more');
    assert.deepEqual(
      t.playing().map(({ files }) => files),
      [['/m/machine.wav']],
    );
    const revised = t.store.commits.find(({ change }) => change.attempt?.cpdReason === why);
    assert.equal(revised?.change.attempt?.callState, 9);
    t.playing()[0]?.end();
    await t.over();
  });

  it('loops the waiting treatment until the agent is there', async () => {
    const t = start({ customerConnectTreatment: undefined });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/waiting.wav']);
    assert.equal(t.playing()[0]?.loop, true);
    t.telephony.calls[1]?.answer();
    await settle();
    assert.deepEqual(t.playing(), [], 'stopped before the bridge');
    assert.ok(t.telephony.endpoints[0]?.bridgedTo);
    t.telephony.calls[1]?.dialog?.end('remote');
    assert.equal(await t.over(), 'AGENT_CONNECTED');
  });

  it('writes the attempt with its Call-ID to disk before the INVITE leaves', async () => {
    const t = start();
    let dialled = false;
    const sent = t.telephony.sip.invite;
    t.telephony.sip.invite = (request) => {
      const opened = t.store.commits.find(({ change }) => change.attempt?.callId !== undefined);
      assert.equal(opened?.durable, true);
      assert.equal(opened?.change.dialLock, 'take');
      assert.equal(opened?.change.attempt?.callId, request.callId);
      dialled = true;
      return sent(request);
    };
    await settle();
    assert.ok(dialled);
    t.session.post({ type: 'cancelled', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
  });

  it('does not dial while the store refuses, and dials when it takes the attempt', async () => {
    const t = start();
    t.store.refusals.push(new Error('disk full'), {
      ok: false,
      why: 'number-busy',
      heldBy: 'cb-0',
    });
    await settle();
    assert.equal(t.telephony.calls.length, 0);
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 0);
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    const dial = t.store.commits.find(({ change }) => change.dialLock === 'take')?.change;
    assert.equal(dial?.step?.atMs, t.clock.nowMs(), 'tried again as of now, not of then');
    t.session.post({ type: 'cancelled', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
  });

  it('is on no trunk any more when others are asked for the place that it leaves', async () => {
    const t = start();
    t.store.refusals.push({ ok: false, why: 'number-busy', heldBy: 'cb-0' });
    const full = { code: 'trunk', why: 'maxConcurrentCalls is 1' } as const;
    const hindrance = () => (t.session.trunkInUse === undefined ? undefined : full);
    const places: Place[] = [];
    const commit = t.store.commit.bind(t.store);
    t.store.commit = async (...asked) => {
      if (places.length === 0) {
        places.push(t.setUps.queue('customer', { hindrance }));
        await t.clock.advance(500);
        assert.equal(places[0]?.isGranted, false);
      }
      return commit(...asked);
    };
    await settle();
    assert.equal(places[0]?.isGranted, true);
    places[0]?.release();
    t.session.post({ type: 'cancelled', by: 'admin' });
    assert.equal(await t.over(), 'CANCELLED_BY_ADMIN');
  });

  it('can be cancelled while the store refuses the dial', async () => {
    const t = start();
    t.store.refusals.push({ ok: false, why: 'number-busy', heldBy: 'cb-0' });
    await settle();
    t.session.post({ type: 'cancelled', by: 'admin' });
    assert.equal(await t.over(), 'CANCELLED_BY_ADMIN');
    assert.equal(t.telephony.calls.length, 0);
  });

  it('ends as cancelled when a cancel reached the store before the dial', async () => {
    const t = start();
    t.store.refusals.push({ ok: false, why: 'cancel-requested', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
    assert.equal(t.telephony.calls.length, 0);
  });

  it('retries a busy customer until the attempts are used up', async () => {
    const t = start({ maxDialAttempts: 2, dialRetryMs: 300_000 });
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    assert.equal(t.session.state.name, 'waiting-to-retry');
    await t.clock.advance(299_999);
    assert.equal(t.telephony.calls.length, 1);
    await t.clock.advance(1);
    await settle();
    assert.equal(t.telephony.calls.length, 2);
    assert.notEqual(t.telephony.calls[0]?.callId, t.telephony.calls[1]?.callId);
    t.telephony.calls[1]?.fail(486);
    assert.equal(await t.over(), 'FAIL_CALL_TO_CUSTOMER');
    const last = t.store.commits.findLast(({ change }) => change.step);
    assert.deepEqual(
      [last?.change.record?.state, last?.change.record?.reason, last?.durable],
      ['COMPLETED', 'FAIL_CALL_TO_CUSTOMER', true],
    );
  });

  it('dials the customer’s other numbers in turn, each under its own lock, and passes over barred ones', async () => {
    const lookupKeys = {
      _alternate_number_1: '+15550102',
      _alternate_number_2: '+15550103',
      _alternate_number_3: '+15550104',
    };
    const options = { maxDialAttempts: 3, dialRetryMs: 1000 };
    const t = start(options, undefined, { lookupKeys });
    await settle();
    // A number that nobody has is no end while there are others.
    t.telephony.calls[0]?.fail(404);
    await settle();
    assert.equal(t.session.state.name, 'waiting-to-retry');
    t.barred.add('+15550102');
    for (const call of [1, 2]) {
      await t.clock.advance(1000);
      await settle();
      t.telephony.calls[call]?.fail(486);
      await settle();
    }
    assert.equal(await t.over(), 'FAIL_CALL_TO_CUSTOMER');
    const taken = t.store.commits.filter(({ change }) => change.dialLock === 'take');
    assert.deepEqual(
      taken.map(({ change }) => [change.attempt?.number, change.lockNumber]),
      ['+15550100', '+15550103', '+15550103'].map((number) => [number, number]),
    );
    const dialled = t.telephony.calls.map(({ request }) => /^sip:([^@]+)@/.exec(request.uri)?.[1]);
    assert.deepEqual(dialled, ['+15550100', '+15550103', '+15550103']);
  });

  it('keeps the configuration an attempt began with, and dials the next with what holds then', async () => {
    const t = start({ ringTimeoutMs: 20_000, customerConnectTreatment: undefined });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.config.service = serviceConfig({ waitingForAgentTreatment: undefined, maxDialAttempts: 2 });
    t.desk.configure(supportPlans('sip:new@pbx'));
    t.analyser.opened[0]?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/waiting.wav'], 'as configured at the dial');
    assert.equal(t.telephony.calls[1]?.request.uri, 'sip:new@pbx', 'a queue is everybody’s');
    t.session.post({ type: 'cancelled', by: 'customer' });
    await t.over();

    const next = start({ maxDialAttempts: 2 });
    await settle();
    next.telephony.calls[0]?.fail(486);
    await settle();
    next.config.service = serviceConfig({
      maxDialAttempts: 5,
      customerConnectTreatment: undefined,
    });
    next.desk.configure(supportPlans('sip:new@pbx'));
    await next.clock.advance(300_000);
    await settle();
    next.telephony.calls[1]?.answer();
    await settle();
    next.analyser.opened[1]?.decide('human');
    await settle();
    assert.deepEqual(next.playing()[0]?.files, ['/m/waiting.wav'], 'no connect treatment any more');
    assert.equal(next.telephony.calls[2]?.request.uri, 'sip:new@pbx');
    next.session.post({ type: 'cancelled', by: 'customer' });
    await next.over();
  });

  it('goes on as if a treatment were off when its file is missing', async () => {
    const t = start({
      customerConnectTreatment: { file: 'missing.wav', afterBeep: false, interruptible: false },
    });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/waiting.wav']);
    t.telephony.calls[0]?.dialog?.end('remote');
    assert.equal(await t.over(), 'FAIL_INTERACTION_DELETED');
  });

  it('ends a dial without a trunk in call state 41', async () => {
    const t = start({ maxDialAttempts: 1 }, []);
    assert.equal(await t.over(), 'FAIL_CALL_TO_CUSTOMER');
    assert.equal(t.store.commits.at(-1)?.change.record?.callState, 41);
  });

  it('tries the next trunk within the attempt, each INVITE on disk before it leaves', async () => {
    const t = start({}, ['sip:trunk', 'sip:second']);
    await settle();
    const [first] = t.telephony.calls;
    const before = t.store.commits.length;
    first?.fail(503, { q850Cause: 34 });
    await settle();
    const second = t.telephony.calls[1];
    assert.equal(second?.request.uri, 'sip:+15550100@second');
    assert.notEqual(second?.request.callId, first?.request.callId);
    const wrote = t.store.commits.slice(before).filter(({ change }) => change.leg);
    assert.deepEqual(
      wrote.slice(0, 2).map(({ durable, change: { leg } }) => [durable, leg?.kind, leg?.callId]),
      [
        [true, 'over', first?.request.callId],
        [true, 'begun', second?.request.callId],
      ],
    );
    const { attempt } = wrote[1]?.change ?? {};
    assert.deepEqual(
      attempt?.tries?.map(({ trunk, sipStatus, q850Cause }) => [trunk, sipStatus, q850Cause]),
      [
        ['sip:trunk', 503, 34],
        ['sip:second', undefined, undefined],
      ],
    );
    assert.equal(attempt?.attempt, 1);
    assert.equal(attempt?.trunk, 'sip:second');
    assert.equal(t.session.trunkInUse, 'sip:second');
    assert.ok(
      t.store.rows.every((row) => row === 'dial.first'),
      'the flow has seen nothing of it',
    );
    second?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    t.session.post({ type: 'cancelled', by: 'customer' });
    await t.over();
  });

  it('dials no other trunk while the disk cannot take its Call-ID', async () => {
    const t = start({ maxDialAttempts: 1 }, ['sip:trunk', 'sip:second']);
    await settle();
    t.store.broken = new Error('disk full');
    t.telephony.calls[0]?.fail(503);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    t.store.broken = undefined;
    await t.clock.advance(1000);
    assert.equal(await t.over(), 'FAIL_CALL_TO_CUSTOMER');
  });

  it('says that plugins are not built instead of leaving a customer in silence', async () => {
    const t = start({ pluginOnDialUrl: 'http://plugins.example.net/entry.scxml' });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    assert.equal(await t.over(), 'FAIL_ERROR');
    const said = JSON.stringify(t.store.commits);
    assert.match(said, /CBD_PLUGIN_NO_RUNNER/);
  });

  it('gives everything back at shutdown and leaves the snapshot for a restart', async () => {
    const t = start();
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    const { rows } = t.store;
    await t.session.stop('shutdown');
    assert.deepEqual(t.telephony.counts(), { endpoints: 0, dialogs: 0 });
    t.setUps.stop();
    assert.equal(t.clock.pendingCount, 0);
    assert.deepEqual(t.store.rows, rows, 'nothing is decided at shutdown');
    const { change } = t.store.commits.findLast((commit) => commit.change.leg) ?? {};
    assert.equal(change?.leg?.kind, 'over', 'and nothing is left for the next process to end');
  });

  it('does not let a live call wait for a full disk, and writes the end when there is room', async () => {
    const ends: string[] = [];
    const announcer: StepAnnouncer = {
      notices: () => [],
      taken: () => undefined,
      endWritten: (id) => ends.push(id),
      givenUp: () => ({ notices: [], told: () => undefined }),
    };
    const t = start({}, undefined, {}, announcer);
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.store.broken = new Error('disk full');
    t.analyser.opened[0]?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/connect.wav'], 'the customer is treated');
    t.telephony.calls[0]?.dialog?.end('remote');
    await settle();
    assert.deepEqual(t.telephony.counts(), { endpoints: 0, dialogs: 0 }, 'the calls are over');
    assert.ok(!t.store.rows.includes('hang-up.end'));
    assert.deepEqual(ends, []);
    t.store.broken = undefined;
    await t.clock.advance(1000);
    assert.equal(await t.over(), 'FAIL_INTERACTION_DELETED');
    const end = t.store.commits.findLast(({ change }) => change.step);
    assert.equal(end?.change.record?.state, 'COMPLETED');
    assert.deepEqual(ends, ['cb-1'], 'whoever reads the end finds it');
    assert.equal(t.store.commits.at(-1)?.change.leg?.kind, 'over', 'and its number is free');
  });

  it('waits with a dial until the trunk has room, and uses one Call-ID for it', async () => {
    const t = start();
    t.limits.hindrance = { code: 'trunk', why: 'maxConcurrentCalls is 1' };
    await settle();
    await t.clock.advance(5000);
    assert.equal(t.telephony.calls.length, 0);
    assert.equal(t.store.commits.length, 0, 'nothing is written for a dial that may not be');
    t.limits.hindrance = undefined;
    t.setUps.poke();
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.equal(t.store.commits[0]?.change.attempt?.startedAtMs, t.clock.nowMs());
    assert.equal(t.store.commits[0]?.change.attempt?.trunk, 'sip:trunk');
    t.session.post({ type: 'cancelled', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
  });

  it('ends at once when it is cancelled in the line of those who want to dial', async () => {
    const t = start();
    t.limits.hindrance = { code: 'trunk', why: 'maxConcurrentCalls is 1' };
    await settle();
    assert.equal(t.setUps.counts().waitingToDial, 1);
    t.session.post({ type: 'cancelled', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
    assert.equal(t.telephony.calls.length, 0);
  });

  it('dials with the service as it is when its turn comes', async () => {
    const t = start();
    t.limits.hindrance = { code: 'trunk', why: 'maxConcurrentCalls is 1' };
    await settle();
    t.config.service = serviceConfig({ ringTimeoutMs: 7000 });
    t.limits.hindrance = undefined;
    t.setUps.poke();
    await settle();
    await t.clock.advance(7000);
    await settle();
    assert.equal(t.telephony.calls[0]?.cancelledWith, 'rang 7000 ms');
    t.session.post({ type: 'cancelled', by: 'customer' });
    await t.over();
  });

  it('lets go of a callback that the store says is no longer ours', async () => {
    const t = start();
    t.store.refusals.push({ ok: false, why: 'completed' });
    await t.session.finished;
    assert.equal(t.telephony.calls.length, 0);
    t.setUps.stop();
    assert.equal(t.clock.pendingCount, 0);
  });

  it('takes the customer back to waiting when the agent leaves before the two are connected', async () => {
    const t = start({ customerConnectTreatment: undefined });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    const customer = t.telephony.endpoints[0];
    assert.ok(customer);
    // The bridge is on its way when the agent's BYE arrives.
    customer.bridge = () => new Promise(() => {});
    const agent = t.telephony.calls[1]?.answer();
    await settle();
    assert.equal(t.session.state.name, 'connected');
    agent?.end('remote');
    await settle();
    assert.equal(t.session.state.name, 'waiting-for-agent');
    assert.equal(t.telephony.liveDialogs, 1, 'only the customer is up');
    assert.equal(t.telephony.calls.length, 3, 'another agent is looked for');
    await t.session.stop('enough seen');
    assert.deepEqual(t.telephony.counts(), { endpoints: 0, dialogs: 0 });
  });

  it('counts the life of a callback from its desired time, not from its first dial', async () => {
    const t = start({ maxDialAttempts: 5, ttlMs: 2 * 86_400_000, dialRetryMs: 3 * 86_400_000 });
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    // The record says one day, whatever is left of the option's two.
    await t.clock.advance(86_400_000 - 1);
    assert.notEqual(t.session.state.name, 'ended');
    await t.clock.advance(1);
    assert.equal(await t.over(), 'FAIL_TIMEOUT_TTL');
  });
});

describe('CallbackSession, when hours are closed', () => {
  it('gives the callback back to the store in the step that says so, with nothing left in the air', async () => {
    const t = start();
    t.config.closed = { forMs: 3_600_000, why: '_business_hours_service support is closed' };
    const state = await t.session.finished;
    assert.equal(state.name, 'waiting-to-retry');
    assert.equal(t.telephony.calls.length, 0);
    assert.equal(t.clock.pendingCount, 0);
    const [commit, ...others] = t.store.commits;
    assert.deepEqual(others, []);
    assert.equal(commit?.durable, true);
    assert.equal(commit.change.record?.claimed, false);
    assert.equal(commit.change.record.state, 'SCHEDULED');
    assert.equal(commit.change.record.dueAtMs, t.clock.nowMs() + 3_600_000);
    assert.equal(commit.change.flowState?.name, 'waiting-to-retry');
    t.setUps.stop();
  });

  it('waits itself while the store cannot take it back, and looks again before the dial', async () => {
    const t = start();
    t.config.closed = { forMs: 60_000, why: 'callingWindow is closed' };
    t.store.broken = new Error('disk full');
    await settle();
    await t.clock.advance(59_000);
    assert.equal(t.telephony.calls.length, 0);
    t.store.broken = undefined;
    t.config.closed = undefined;
    await t.clock.advance(2000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    t.session.post({ type: 'cancelled', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
  });

  it('does not dial when they close while it waits for its turn', async () => {
    const t = start();
    t.limits.hindrance = { code: 'trunk', waitMs: 1000, why: 'busy' };
    await settle();
    t.config.closed = { forMs: 60_000, why: 'callingWindow is closed' };
    t.limits.hindrance = undefined;
    t.setUps.poke();
    await t.clock.advance(2000);
    assert.equal((await t.session.finished).name, 'waiting-to-retry');
    assert.equal(t.telephony.calls.length, 0);
    t.setUps.stop();
  });
});
