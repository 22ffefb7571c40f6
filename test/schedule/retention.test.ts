import assert from 'node:assert/strict';
import { startRetention } from '../../src/schedule/retention.js';
import { silentLog } from '../../src/adapters/log.js';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('keeping ended callbacks', () => {
  it('deletes at the start and every hour what ended long enough ago', async () => {
    const clock = virtualClock(100 * DAY_MS);
    const before: number[] = [];
    const store = {
      purge(completedBeforeMs: number) {
        before.push(completedBeforeMs);
        return before.length === 2 ? Promise.reject(new Error('disk full')) : Promise.resolve(1);
      },
    };
    const asked: number[] = [];
    const purgeRecordings = (nowMs: number) => Promise.resolve(asked.push(nowMs));
    const deps = { store, clock, log: silentLog, retentionDays: 90, purgeRecordings };
    const stop = startRetention(deps);
    await clock.advance(2 * HOUR_MS);
    await stop();
    await clock.advance(2 * HOUR_MS);
    const first = 10 * DAY_MS;
    assert.deepEqual(before, [first, first + HOUR_MS, first + 2 * HOUR_MS]);
    assert.deepEqual(
      asked,
      [100, 100, 100].map((days, hour) => days * DAY_MS + hour * HOUR_MS),
    );
  });

  it('deletes nothing when they are to be kept for ever', async () => {
    const clock = virtualClock(100 * DAY_MS);
    const store = { purge: () => Promise.reject(new Error('asked')) };
    const purgeRecordings = () => Promise.resolve(0);
    await startRetention({ store, clock, log: silentLog, retentionDays: 0, purgeRecordings })();
    assert.equal(clock.pendingCount, 0);
  });
});
