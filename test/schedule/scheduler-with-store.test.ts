import assert from 'node:assert/strict';
import { systemClock } from '../../src/adapters/clock/system-clock.js';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { Scheduler } from '../../src/schedule/scheduler.js';
import { someCallback } from '../adapters/store/fixtures.js';

const noLog = () => undefined;
const CUSTOMER = '+15550003333';

describe('The scheduler on a real store', () => {
  const clock = systemClock();
  let store: CallbackStore;
  let scheduler: Scheduler;
  /** Tells of the next session that starts. */
  let onStart: (id: string) => void;

  beforeEach(async () => {
    store = await openSqliteStore({ file: ':memory:' });
    scheduler = new Scheduler({
      store,
      clock,
      log: { debug: noLog, info: noLog, warn: noLog, error: noLog },
      freeCapacity: () => 10,
      isReady: () => true,
      startSession: ({ id }) => onStart(id),
    });
    scheduler.start();
  });
  afterEach(async () => {
    await scheduler.stop();
    await store.close();
  });

  const nextStart = (): Promise<string> => new Promise((resolve) => (onStart = resolve));
  const accept = async (afterMs: number, customerNumber?: string): Promise<string> => {
    const nowMs = clock.nowMs();
    const times = { createdAtMs: nowMs, desiredAtMs: nowMs + afterMs };
    return (
      await store.accept(
        someCallback({ ...times, ...(customerNumber === undefined ? {} : { customerNumber }) }),
      )
    ).id;
  };

  it('starts an accepted callback without being told, and a later one at its time', async () => {
    const first = nextStart();
    const now = await accept(0);
    assert.equal(await first, now);

    const second = nextStart();
    const later = await accept(150);
    const { desiredAtMs } = (await store.get(later)) ?? { desiredAtMs: 0 };
    assert.equal(await second, later);
    const lateMs = clock.nowMs() - desiredAtMs;
    assert.ok(lateMs >= 0 && lateMs < 1000, `${lateMs} ms late`);
  });

  it('starts the second callback for a number when the first has freed it', async () => {
    const first = nextStart();
    const holder = await accept(0, CUSTOMER);
    assert.equal(await first, holder);
    const attempt = { attempt: 1, callId: 'c', number: CUSTOMER, startedAtMs: 0 };
    await store.commit(holder, { dialLock: 'take', attempt }, { durable: true });

    const second = nextStart();
    const waiting = await accept(0, CUSTOMER);
    await store.commit(holder, { dialLock: 'release' }, { durable: true });
    assert.equal(await second, waiting);
  });
});
