import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CallsPerSecond } from '../../src/dial/calls-per-second.js';

describe('CallsPerSecond', () => {
  it('never lets more than the limit into any second, wherever the second begins', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 60 }),
        (limit, pausesMs) => {
          const pace = new CallsPerSecond();
          const madeAtMs: number[] = [];
          let nowMs = 1_000_000;
          for (const pauseMs of pausesMs) {
            nowMs += pauseMs;
            const waitMs = pace.waitMs(limit, nowMs);
            if (waitMs > 0) {
              assert.ok(waitMs <= 1000);
              continue;
            }
            pace.take(nowMs);
            madeAtMs.push(nowMs);
          }
          for (const atMs of madeAtMs) {
            const within = madeAtMs.filter((other) => other >= atMs && other < atMs + 1000);
            assert.ok(within.length <= limit, `${within.length} within a second of ${atMs}`);
          }
        },
      ),
    );
  });

  it('says when the next one may be made, and is right', () => {
    const pace = new CallsPerSecond();
    for (const atMs of [0, 400]) pace.take(atMs);
    assert.equal(pace.waitMs(2, 500), 500);
    assert.equal(pace.waitMs(2, 999), 1);
    assert.equal(pace.waitMs(2, 1000), 0);
    assert.equal(pace.count(1000), 1);
  });

  it('is not closed for good by a clock that was set back', () => {
    const pace = new CallsPerSecond();
    pace.take(1_000_000);
    assert.equal(pace.waitMs(1, 5000), 0);
  });
});
