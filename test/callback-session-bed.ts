/** One callback session on fakes and a virtual clock, for the tests of the session. */
import assert from 'node:assert/strict';
import { virtualClock } from '../src/adapters/clock/virtual-clock.js';
import { CallbackSession } from '../src/callback-session.js';
import { initialState } from '../src/callflow/treatment-flow.js';
import type { Closed } from '../src/callflow/vocabulary.js';
import type { ServiceConfig } from '../src/config/config.js';
import type { CallbackRecord, CallbackStore } from '../src/schedule/callback-store.js';
import { type Hindrance, NO_LIMITS, SetUpGovernor } from '../src/dial/set-up-governor.js';
import type { StepAnnouncer } from '../src/report/announcer.js';
import { CallMetrics } from '../src/report/call-metrics.js';
import { Counters } from '../src/report/counters.js';
import { supportDesk } from './fakes/queue-desk.js';
import { FakeStore } from './fakes/fake-store.js';
import { FakeAnalyser, FakeTelephony, settle, silentLog } from './fakes/fake-telephony.js';
import { mediaFault } from '../src/treatment/media-file.js';
import { onTrunk, serviceConfig, testTrunk } from './fakes/service-config.js';

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

/** A session that was told that its callback is due, with what it works with. */
export function startSession(
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
      restTrunk: () => undefined,
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
