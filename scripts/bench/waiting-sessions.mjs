// What a customer who waits for an agent costs in the service itself: session, flow, far side and place
// in the queue, with a telephony and a store of paper, so that nothing of the wire is in it.
import { virtualClock } from '../../src/adapters/clock/virtual-clock.ts';
import { SetUpGovernor } from '../../src/dial/set-up-governor.ts';
import { QueueDesk } from '../../src/handoff/queue-desk.ts';
import { Counters } from '../../src/report/counters.ts';
import { SessionHost } from '../../src/session-host.ts';
import { FakeStore } from '../../test/fakes/fake-store.ts';
import { FakeAnalyser, FakeTelephony, settle, silentLog } from '../../test/fakes/fake-telephony.ts';
import { serviceConfig, testTrunk } from '../../test/fakes/service-config.ts';

const PLACES = { directory: '/m', packagedDirectory: '/p' };
const NO_LIMITS = {
  maxPerSecond: Infinity,
  maxInProgress: Infinity,
  maxSessions: Infinity,
  freeSessions: Infinity,
  idleCpuPercent: 100,
};

/** @param plans queues and agents, nobody of whom is ready. @returns bytes of heap for each customer */
export async function bytesOfWaitingSession(plans, count) {
  const clock = virtualClock();
  const telephony = new FakeTelephony();
  const desk = new QueueDesk({ clock, log: silentLog }, plans);
  const [{ name: queue }] = plans.queues;
  const service = serviceConfig({
    queue,
    isCpdEnabled: false,
    customerConnectTreatment: undefined,
  });
  const search = { ...service.search, steps: [{ queue, timeoutMs: 0, isCleared: false }] };
  let ids = 0;
  const host = new SessionHost({
    ...{ telephony, clock, desk, log: silentLog, places: PLACES, routePoints: {} },
    analyser: new FakeAnalyser(),
    store: new FakeStore(),
    setUps: new SetUpGovernor({ clock, limits: () => NO_LIMITS }),
    random: { uuid: () => `call-${(ids += 1)}`, fraction: () => 0.5 },
    files: { probe: async () => undefined, fetch: async () => undefined },
    trunks: [{ ...testTrunk('sip:trunk'), maxConcurrentCalls: count, maxCallsPerSecond: 1e6 }],
    comfortFile: '/p/comfort.wav',
    trunkResults: [],
    services: { sales: { ...service, search } },
    times: () => ({ officeHours: {}, capacities: {} }),
    counters: new Counters(),
    onSessionEnded: () => undefined,
  });
  const nowMs = clock.nowMs();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < count; n += 1) {
    host.start({
      ...{
        id: `callback-${n}`,
        serviceName: 'sales',
        customerNumber: `+1555${String(n).padStart(7, '0')}`,
      },
      ...{ createdAtMs: nowMs, desiredAtMs: nowMs, dueAtMs: nowMs, updatedAtMs: nowMs },
      ...{ expiresAtMs: nowMs + 86_400_000, userData: {}, lookupKeys: {}, requestOptions: {} },
      ...{ state: 'QUEUED', attemptCount: 0, claimed: true },
    });
  }
  const waiting = () => desk.queues().reduce((sum, view) => sum + view.waiting, 0);
  for (let round = 0; waiting() < count; round += 1) {
    if (round > 1000) throw new Error(`${waiting()} of ${count} wait`);
    await clock.advance(100);
    await settle();
    for (const call of telephony.calls) if (!call.dialog) call.answer();
    await settle();
  }
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  await host.drain(0);
  return bytes;
}
