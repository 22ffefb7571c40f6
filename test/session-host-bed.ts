/** The host of sessions on fakes and a virtual clock, for its tests. */
import assert from 'node:assert/strict';
import { virtualClock } from '../src/adapters/clock/virtual-clock.js';
import type { State } from '../src/callflow/vocabulary.js';
import type { ServiceConfig } from '../src/config/config.js';
import { NO_LIMITS, SetUpGovernor } from '../src/dial/set-up-governor.js';
import type { CallbackRecord, CallbackStore } from '../src/schedule/callback-store.js';
import type { TimePlans } from '../src/schedule/dial-times.js';
import type { StepAnnouncer } from '../src/report/announcer.js';
import { SessionHost } from '../src/session-host.js';
import { Counters } from '../src/report/counters.js';
import { FakeStore } from './fakes/fake-store.js';
import { FakeAnalyser, FakeTelephony, settle, silentLog } from './fakes/fake-telephony.js';
import { QueueDesk } from '../src/handoff/queue-desk.js';
import { supportPlans } from './fakes/queue-desk.js';
import { serviceConfig, testTrunk } from './fakes/service-config.js';

export function sessionHost(
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
export async function crashAfter(
  run: (t: ReturnType<typeof sessionHost>) => Promise<void>,
): Promise<{ flowState: State; dueAtMs: number }> {
  const t = sessionHost();
  t.host.start(t.record());
  await settle();
  await run(t);
  const last = t.store.commits.filter(({ change }) => change.flowState).at(-1)?.change;
  assert.ok(last?.flowState);
  return { flowState: last.flowState, dueAtMs: last.record?.dueAtMs ?? 0 };
}
