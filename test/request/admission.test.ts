import assert from 'node:assert/strict';
import { virtualClock, type VirtualClock } from '../../src/adapters/clock/virtual-clock.js';
import type { ServiceConfig } from '../../src/config/config.js';
import type {
  CallbackRecord,
  CallbackStore,
  StoreStats,
} from '../../src/schedule/callback-store.js';
import { Admission } from '../../src/request/admission.js';
import { someCallback } from '../adapters/store/fixtures.js';
import { configOf } from './test-config.js';

const HOUR_MS = 3_600_000;
/** Half an hour before midnight UTC. */
const LATE_MS = Date.UTC(2026, 0, 15, 23, 30);

describe('Admission', () => {
  let clock: VirtualClock;
  let inQueue: { sameNumber: number; open: StoreStats['open'] };
  let admission: Admission;

  const store: Pick<CallbackStore, 'find' | 'stats'> = {
    find: async (query) =>
      Array.from({ length: inQueue.sameNumber }, () => ({}) as CallbackRecord).slice(
        0,
        query.limit,
      ),
    stats: async () => ({
      open: inQueue.open,
      claimedCount: 0,
      dialLockCount: 0,
      pendingCount: 0,
      isWritable: true,
    }),
  };

  async function service(options = ''): Promise<ServiceConfig> {
    const { services } = await configOf(
      `services:\n  sales:\n    queue: q\n${options}queues: { q: { targets: [ { uri: "sip:a@b.example" } ] } }\n`,
    );
    assert.ok(services['sales']);
    return services['sales'];
  }

  function ask(
    from: ServiceConfig,
    changes: Parameters<typeof someCallback>[0] = {},
  ): Promise<void> {
    const nowMs = clock.nowMs();
    const callback = someCallback({ createdAtMs: nowMs, desiredAtMs: nowMs, ...changes });
    return admission.admit(from, callback, new Map([['account', '77']]));
  }

  const throttled = { code: 'CBD_REQUEST_THROTTLED', status: 503 };
  const full = { code: 'CBD_REQUEST_QUEUE_FULL', status: 503 };

  beforeEach(() => {
    clock = virtualClock(LATE_MS);
    inQueue = { sameNumber: 0, open: [] };
    admission = new Admission(store, clock);
  });

  it('limits a service to so many in each of two windows', async () => {
    const sales = await service(
      `    _throttle_callbacks_per_service_1: 2
    _throttle_ttl_1: 60
    _throttle_callbacks_per_service_2: 3
    _throttle_ttl_2: 600
`,
    );
    await ask(sales);
    await ask(sales);
    await assert.rejects(ask(sales), { ...throttled, retryAfterSeconds: 60 });
    await clock.advance(60_000);
    await ask(sales);
    await assert.rejects(ask(sales), { ...throttled, retryAfterSeconds: 540 });
    await clock.advance(540_000);
    await ask(sales);
  });

  it('limits one number to so many a day, until the date changes', async () => {
    const sales = await service('    _throttle_request_parameters_limit: 2\n');
    const customerNumber = '+15550001234';
    await ask(sales, { customerNumber });
    await ask(sales, { customerNumber });
    await assert.rejects(ask(sales, { customerNumber }), { ...throttled, retryAfterSeconds: 1800 });
    await ask(sales, { customerNumber: '+15550004321' });
    await clock.advance(HOUR_MS / 2);
    await ask(sales, { customerNumber });
  });

  it('limits the values of other parameters when told to', async () => {
    const sales = await service(
      '    _throttle_request_parameters: [account]\n    _throttle_request_parameters_limit: 1\n',
    );
    await ask(sales);
    await assert.rejects(ask(sales), throttled);
  });

  it('refuses everything with a limit of 0, and counts no refused request', async () => {
    const sales = await service('    _throttle_callbacks_per_service_2: 0\n');
    await assert.rejects(ask(sales), throttled);
    assert.equal(admission.counterCount, 0);
  });

  it('refuses when the queue is full, scheduled callbacks not counted', async () => {
    const sales = await service('    _max_queued_callbacks_per_service: 2\n');
    const entry = (
      state: 'QUEUED' | 'SCHEDULED' | 'ROUTING',
      count: number,
      serviceName = 'sales',
    ) => ({
      serviceName,
      state,
      count,
    });
    inQueue.open = [entry('QUEUED', 1), entry('SCHEDULED', 9), entry('QUEUED', 9, 'support')];
    await ask(sales);
    inQueue.open = [entry('QUEUED', 1), entry('ROUTING', 1)];
    await assert.rejects(ask(sales), full);
    await ask(sales, { desiredAtMs: clock.nowMs() + HOUR_MS });
  });

  it('refuses a number that is in the queue twice, unless told not to look', async () => {
    inQueue.sameNumber = 2;
    await assert.rejects(ask(await service()), full);
    await ask(await service('    _enable_in_queue_checking: false\n'));
    inQueue.sameNumber = 1;
    await ask(await service());
  });
});
