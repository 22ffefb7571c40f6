import assert from 'node:assert/strict';
import { virtualClock } from '../src/adapters/clock/virtual-clock.js';
import type { State } from '../src/callflow/vocabulary.js';
import type { ServiceConfig } from '../src/config/config.js';
import { NO_LIMITS, SetUpGovernor } from '../src/dial/set-up-governor.js';
import type { CallbackRecord, CallbackStore, Leftover } from '../src/schedule/callback-store.js';
import type { TimePlans } from '../src/schedule/dial-times.js';
import type { StepAnnouncer } from '../src/report/announcer.js';
import { SessionHost } from '../src/session-host.js';
import { Counters } from '../src/report/counters.js';
import { FakeStore } from './fakes/fake-store.js';
import { FakeAnalyser, FakeTelephony, settle, silentLog } from './fakes/fake-telephony.js';
import { QueueDesk } from '../src/handoff/queue-desk.js';
import { supportPlans } from './fakes/queue-desk.js';
import { agentPlan, agentQueue } from './handoff/queue/queue-world.js';
import { serviceConfig, testTrunk } from './fakes/service-config.js';

function setUp(
  service = serviceConfig(),
  plans = supportPlans('sip:support@pbx'),
  announcer?: StepAnnouncer,
) {
  const telephony = new FakeTelephony();
  const store = new FakeStore();
  const clock = virtualClock();
  let ended = 0;
  const config: { services: Record<string, ServiceConfig>; times: TimePlans } = {
    services: { sales: service },
    times: { officeHours: {}, capacities: {} },
  };
  const desk = new QueueDesk({ clock, log: silentLog }, plans);
  const host = new SessionHost({
    ...(announcer && { announcer }),
    telephony,
    analyser: new FakeAnalyser(),
    clock,
    store: store as unknown as CallbackStore,
    log: silentLog,
    counters: new Counters(),
    setUps: new SetUpGovernor({ clock, limits: () => NO_LIMITS }),
    random: { uuid: () => `call-${telephony.calls.length + 1}`, fraction: () => 0.5 },
    places: { directory: '/m', packagedDirectory: '/p' },
    files: {
      probe: () => Promise.resolve(undefined),
      fetch: () => Promise.resolve({ kind: 'unplayable', code: 'MEDIA_MISSING', why: 'no' }),
    },
    trunks: [testTrunk('sip:trunk')],
    trunkResults: [],
    desk,
    routePoints: {},
    comfortFile: '/p/comfort.wav',
    get services() {
      return config.services;
    },
    times: () => config.times,
    onSessionEnded: () => (ended += 1),
  });
  const record = (more: Partial<CallbackRecord> = {}): CallbackRecord => ({
    id: 'cb-1',
    serviceName: 'sales',
    customerNumber: '+15550100',
    createdAtMs: clock.nowMs(),
    desiredAtMs: clock.nowMs(),
    expiresAtMs: clock.nowMs() + 86_400_000,
    userData: {},
    lookupKeys: {},
    requestOptions: {},
    state: 'QUEUED',
    dueAtMs: clock.nowMs(),
    attemptCount: 0,
    claimed: true,
    updatedAtMs: clock.nowMs(),
    ...more,
  });
  return { telephony, store, clock, host, config, desk, record, ended: () => ended };
}

/** Runs a callback to this point and takes the snapshot a crash would leave. */
async function crashAfter(
  run: (t: ReturnType<typeof setUp>) => Promise<void>,
): Promise<{ flowState: State; dueAtMs: number }> {
  const t = setUp();
  t.host.start(t.record());
  await settle();
  await run(t);
  const last = t.store.commits.filter(({ change }) => change.flowState).at(-1)?.change;
  assert.ok(last?.flowState);
  return { flowState: last.flowState, dueAtMs: last.record?.dueAtMs ?? 0 };
}

describe('SessionHost', () => {
  it('starts a due callback, counts it while it is in the air, and says when it is over', async () => {
    const t = setUp();
    t.host.start(t.record());
    t.host.start(t.record());
    await settle();
    assert.equal(t.telephony.calls.length, 1, 'one session per callback');
    assert.deepEqual([t.host.count, t.host.load.total], [1, 1]);
    assert.equal(t.host.cancel('cb-1', 'customer'), true);
    await settle();
    assert.deepEqual([t.host.count, t.ended()], [0, 1]);
    assert.equal(t.host.cancel('cb-1', 'customer'), false);
  });

  it('does not count a callback that waits for its next attempt as a call', async () => {
    const t = setUp();
    t.host.start(t.record());
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    assert.deepEqual([t.host.count, t.host.load.total], [1, 0]);
    await t.host.drain(0);
  });

  it('gives a callback back for the next day when its service has dialled as often as it may', async () => {
    const base = serviceConfig();
    const t = setUp({ ...base, limits: { ...base.limits, maxAttemptsPerDay: 1 } });
    const endsAtMs = t.clock.nowMs() + 3_600_000;
    t.store.refusals.push({
      ...{ ok: false, why: 'counter', key: 'attempts of service sales', endsAtMs },
    });
    t.host.start(t.record());
    await settle();
    assert.equal(t.telephony.calls.length, 0);
    const { change } = t.store.commits.at(-1) ?? {};
    assert.deepEqual(
      [change?.record?.dueAtMs, change?.record?.claimed, change?.step?.because],
      [endsAtMs, false, 'maxAttemptsPerDay is 1; looked at again in 3600 s'],
    );
    assert.equal(t.host.count, 0);
    t.host.start(t.record({ id: 'cb-2', customerNumber: '+15550101' }));
    await settle();
    assert.equal(t.host.count, 0, 'nobody asks again before the day ends');
    await t.clock.advance(3_600_000);
    t.host.start(t.record());
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    const dial = t.store.commits.find(({ change: { dialLock } }) => dialLock === 'take')?.change;
    assert.equal(dial?.counters?.[0]?.max, 1);
    await t.host.drain(0);
  });

  it('keeps to what all processes together may dial, and asks again when there may be room', async () => {
    const t = setUp();
    Object.assign(t.store, { shared: {} });
    const full = { ok: false, why: 'call-limit', of: 'trunk', name: 'sip:trunk' } as const;
    t.store.refusals.push(full, { ...full, waitMs: 200 });
    t.host.start(t.record());
    await settle();
    await t.clock.advance(100);
    assert.equal(t.telephony.calls.length, 0);
    assert.equal(t.host.heldBecause('cb-1')?.code, 'trunk');
    assert.equal(t.store.refusals.length, 1, 'nobody asks again at once');
    await t.clock.advance(400);
    await settle();
    assert.equal(t.store.refusals.length, 0);
    await t.clock.advance(100);
    assert.match(t.host.heldBecause('cb-1')?.why ?? '', /maxCallsPerSecond/);
    await t.clock.advance(100);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    const { change } = t.store.commits.find((one) => one.change.dialLock === 'take') ?? {};
    assert.deepEqual(
      change?.callLimits?.map(({ of, name }) => [of, name]),
      [['trunk', 'sip:trunk']],
    );
    await t.host.drain(0);
  });

  it('lets a service dial up to its own limit, and says why the next one waits', async () => {
    const base = serviceConfig();
    const t = setUp({ ...base, limits: { ...base.limits, maxConcurrentCalls: 1 } });
    t.host.start(t.record());
    t.host.start(t.record({ id: 'cb-2', customerNumber: '+15550101' }));
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.equal(t.host.heldBecause('cb-1'), undefined);
    assert.equal(t.host.heldBecause('cb-2')?.code, 'service-calls');
    assert.equal(t.host.roomOf('sales').free, -1);
    t.telephony.calls[0]?.fail(486);
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 2);
    await t.host.drain(0);
  });

  it('dials a customer of a pacing queue only when an agent is free for one more', async () => {
    const queue = { ...agentQueue('support', ['ann']), pacing: { soonFreeMs: 0 } };
    const plans = { agents: [agentPlan('ann')], queues: [queue] };
    const t = setUp(serviceConfig(), plans);
    t.host.start(t.record());
    t.host.start(t.record({ id: 'cb-2', customerNumber: '+15550101' }));
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.equal(t.host.heldBecause('cb-2')?.code, 'no-agent');
    t.telephony.calls[0]?.fail(486);
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 2);
    await t.host.drain(0);
  });

  it('ends a callback whose service is no longer configured', async () => {
    const t = setUp();
    t.host.start(t.record({ serviceName: 'gone' }));
    await settle();
    assert.equal(t.telephony.calls.length, 0);
    assert.equal(t.store.commits[0]?.change.record?.reason, 'FAIL_ERROR');
  });

  it('goes on with a service that was taken away for those being called back, not for others', async () => {
    const t = setUp();
    t.host.start(t.record());
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    t.config.services = {};
    t.host.start(t.record({ id: 'cb-2', customerNumber: '+15550101' }));
    await t.clock.advance(300_000);
    await settle();
    assert.equal(t.telephony.calls.length, 2, 'the second attempt of the first');
    assert.equal(t.host.count, 1);
    t.host.cancel('cb-1', 'customer');
    await settle();
  });

  it('takes an attempt that a crash cut off as made, and tries again later', async () => {
    const { flowState } = await crashAfter(async () => settle());
    const t = setUp();
    const attempt = {
      callbackId: 'cb-1',
      attempt: 1,
      callId: 'lost',
      number: '+15550100',
      startedAtMs: 0,
    };
    const leftover: Leftover = { ...t.record({ flowState }), openAttempt: attempt };
    t.host.recover(leftover);
    await settle();
    assert.equal(t.telephony.calls.length, 0, 'not dialled again at once');
    assert.equal(t.store.commits[0]?.change.attempt?.outcome, 'NODE_LOST');
    await t.clock.advance(300_000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    const dial = t.store.commits.find(({ change }) => change.dialLock === 'take');
    assert.equal(dial?.change.attempt?.attempt, 2, 'no attempt is made twice');
    await t.host.drain(0);
  });

  it('waits out the rest of a retry pause after a restart', async () => {
    const { flowState, dueAtMs } = await crashAfter(async (t) => {
      t.telephony.calls[0]?.fail(486);
      await settle();
    });
    const t = setUp();
    t.host.recover({ ...t.record({ flowState, dueAtMs }) });
    await settle();
    await t.clock.advance(299_999);
    assert.equal(t.telephony.calls.length, 0);
    await t.clock.advance(1);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    await t.host.drain(0);
  });

  it('starts a claimed callback that was never dialled', async () => {
    const t = setUp();
    t.host.recover(t.record());
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    await t.host.drain(0);
  });

  it('lets live calls finish while it drains, and ends them at the deadline', async () => {
    const t = setUp();
    t.host.start(t.record());
    await settle();
    let isDrained = false;
    const drained = t.host.drain(10_000).then(() => (isDrained = true));
    await settle();
    assert.equal(isDrained, false);
    t.host.start(t.record({ id: 'cb-2' }));
    assert.equal(t.host.count, 1, 'nothing new is started');
    await t.clock.advance(10_000);
    await drained;
    assert.deepEqual(t.telephony.counts(), { endpoints: 0, dialogs: 0 });
    assert.equal(t.clock.pendingCount, 0);
  });

  it('places no call while it drains, and does not wait for what waits for a retry', async () => {
    const t = setUp();
    t.host.start(t.record());
    t.host.start(t.record({ id: 'cb-2', customerNumber: '+15550101' }));
    await t.clock.advance(1000);
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    let isDrained = false;
    const drained = t.host.drain(3_600_000).then(() => (isDrained = true));
    await settle();
    t.telephony.calls[1]?.fail(486);
    await settle();
    await drained;
    assert.ok(isDrained, 'both wait for a retry: nothing is left to finish');
    assert.equal(t.telephony.calls.length, 2);
    assert.equal(t.clock.pendingCount, 0);
  });

  it('ends what is found too late to be made, without dialling', async () => {
    const t = setUp();
    t.host.start(t.record({ expiresAtMs: t.clock.nowMs() }));
    t.host.recover(t.record({ id: 'cb-2', expiresAtMs: t.clock.nowMs() - 1 }));
    await settle();
    assert.equal(t.telephony.calls.length, 0);
    assert.deepEqual(
      t.store.commits.map(({ change }) => change.record?.reason),
      ['FAIL_TIMEOUT_TTL', 'FAIL_TIMEOUT_TTL'],
    );
  });

  it('tells of a callback that it gives up, once that is on disk', async () => {
    const told: string[] = [];
    const t = setUp(undefined, undefined, {
      notices: () => [],
      taken: () => undefined,
      endWritten: () => undefined,
      givenUp: ({ id }, reason, atMs) => ({
        notices: [{ event: reason, target: 'http://a', atMs, deliveriesMax: 1, data: {} }],
        told: () => told.push(id),
      }),
    });
    t.store.broken = new Error('full');
    t.host.start(t.record({ expiresAtMs: t.clock.nowMs() }));
    await settle();
    assert.deepEqual(told, []);
    t.store.broken = undefined;
    t.host.start(t.record({ expiresAtMs: t.clock.nowMs() }));
    await settle();
    assert.deepEqual(told, ['cb-1']);
    const [notice] = t.store.commits[0]?.change.notices ?? [];
    assert.equal(notice?.event, 'FAIL_TIMEOUT_TTL');
  });

  it('honours a cancel that the dead process had not taken yet', async () => {
    const { flowState, dueAtMs } = await crashAfter(async (t) => {
      t.telephony.calls[0]?.fail(486);
      await settle();
    });
    const t = setUp();
    t.host.recover({ ...t.record({ flowState, dueAtMs, cancelRequested: 'customer' }) });
    await settle();
    assert.equal(t.store.commits.at(-1)?.change.record?.reason, 'CANCELLED');
    assert.equal(t.host.count, 0);
  });
});

describe('SessionHost, for services that look for an agent first', () => {
  const service = serviceConfig({ waitsForAgent: true, maxDialAttempts: 1, agentRetryMs: 1000 });
  const plans = {
    agents: [agentPlan('ann', { startsAs: 'not-ready' })],
    queues: [agentQueue('support', ['ann'])],
  };
  const waiting = async (more: Partial<CallbackRecord> = {}) => {
    const t = setUp(service, plans);
    t.host.start(t.record(more));
    await settle();
    return t;
  };

  it('dials nobody and holds no line until an agent is there', async () => {
    const t = await waiting();
    assert.deepEqual([t.telephony.calls.length, t.host.count, t.host.load.total], [0, 1, 0]);
    assert.equal(t.desk.queues()[0]?.ahead, 1);
    t.desk.setAgent('ann', 'ready');
    await settle();
    assert.deepEqual([t.telephony.calls.length, t.host.load.total], [1, 1]);
    assert.equal(t.desk.agents()[0]?.state, 'reserved');
    t.telephony.calls[0]?.fail(480);
    await settle();
    assert.equal(t.desk.agents()[0]?.state, 'ready', 'the customer was not there');
    assert.deepEqual(t.desk.counts(), { queueRequests: 0, queueOffers: 0, queueTimers: 0 });
  });

  it('lets go of the place when the callback is cancelled', async () => {
    const t = await waiting();
    t.host.cancel('cb-1', 'customer');
    await settle();
    assert.equal(t.desk.queues()[0]?.ahead, 0);
    assert.equal(t.host.count, 0);
  });

  it('does not wait for an agent when it drains, and asks the queue again after a restart', async () => {
    const t = await waiting();
    await t.host.drain(3_600_000);
    assert.equal(t.desk.queues()[0]?.ahead, 0);
    const flowState = t.store.commits.findLast(({ change }) => change.flowState)?.change.flowState;
    assert.equal(flowState?.name, 'reserving-agent');
    const again = setUp(service, plans);
    again.host.recover(again.record({ ...(flowState && { flowState }) }));
    await settle();
    await again.clock.advance(1000);
    await settle();
    assert.equal(again.desk.queues()[0]?.ahead, 1);
    again.desk.setAgent('ann', 'ready');
    await settle();
    assert.equal(again.telephony.calls.length, 1);
    await again.host.drain(0);
  });

  it('asks again after a restart in the middle of the pause', async () => {
    const t = setUp(service, { agents: [], queues: [] });
    t.host.start(t.record());
    await settle();
    const flowState = t.store.commits.findLast(({ change }) => change.flowState)?.change.flowState;
    assert.notEqual(flowState?.context.timers['agent-retry'], undefined);
    await t.host.drain(0);
    const again = setUp(service, plans);
    again.host.start(again.record({ ...(flowState && { flowState }) }));
    await settle();
    assert.equal(again.desk.queues()[0]?.ahead, 1);
    await again.host.drain(0);
  });
});

describe('SessionHost, with hours', () => {
  it('starts what was given back and is due again once the earlier session is over', async () => {
    const service = serviceConfig({ isTimeLimited: true });
    const t = setUp({ ...service, time: { ...service.time, officeHours: 'office' } });
    const always = [{ from: 0, to: 1440 }];
    const week = (spans: typeof always) => Array.from({ length: 7 }, () => spans);
    const office = (spans: typeof always) => ({
      officeHours: {
        office: { zone: 'UTC', weekly: week(spans), holidays: [], opened: [], closed: [] },
      },
      capacities: {},
    });
    t.config.times = office([]);
    t.host.start(t.record());
    // The store may hand it out again before the session has let go of everything.
    while (!t.store.rows.includes('dial.closed')) await Promise.resolve();
    t.config.times = office(always);
    const flowState = t.store.commits.at(-1)?.change.flowState;
    assert.ok(flowState);
    t.host.start(t.record({ flowState, dueAtMs: t.clock.nowMs() }));
    await t.clock.advance(0);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.deepEqual(t.store.commits[0]?.change.record, {
      state: 'SCHEDULED',
      attemptCount: 0,
      callState: undefined,
      dueAtMs: t.clock.nowMs() + 24 * 3600 * 1000,
      claimed: false,
    });
    await t.host.drain(0);
  });

  it('counts the wait for an agent on through a restart', async () => {
    const service = serviceConfig({ waitsForAgent: true, aheadWaitMaxMs: 60_000 });
    const none = { agents: [], queues: [agentQueue('support', [])] };
    const before = setUp(service, none);
    before.host.start(before.record());
    await settle();
    const flowState = before.store.commits.at(-1)?.change.flowState;
    assert.equal(flowState?.name, 'reserving-agent');
    await before.host.drain(0);
    const after = setUp(service, none);
    await after.clock.advance(50_000);
    after.host.recover(after.record({ flowState }));
    await after.clock.advance(9000);
    assert.equal(after.host.count, 1);
    await after.clock.advance(2000);
    await settle();
    assert.equal(after.store.commits.at(-1)?.change.record?.reason, 'FAIL_TIMEOUT_TTL');
    assert.equal(after.host.count, 0);
  });
});
