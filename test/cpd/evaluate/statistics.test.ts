import assert from 'node:assert/strict';
import { clusterBootstrap, quantile, wilson } from '../../../src/cpd/evaluate/statistics.js';

const near = (actual: number | null, expected: number, by = 0.002) =>
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= by,
    `${actual} is not about ${expected}`,
  );

describe('statistics of an evaluation', () => {
  it("gives Wilson's interval", () => {
    // Published example: 81 of 263 (Newcombe, Stat. Med. 17 (1998) 857).
    near(wilson(81, 263).low, 0.2553);
    near(wilson(81, 263).high, 0.3662);
    near(wilson(0, 20).low, 0);
    near(wilson(0, 20).high, 0.1611);
    assert.deepEqual(wilson(0, 0), { low: 0, high: 1 });
  });

  it('widens an interval when few voices gave many clips', () => {
    const clips = Array.from({ length: 120 }, (_, i) => ({ group: String(i), isHit: i % 4 !== 0 }));
    const voices = clips.map((clip, i) => ({ ...clip, group: String(i % 4) }));
    const independent = clusterBootstrap(clips);
    const dependent = clusterBootstrap(voices);
    near(independent.low, wilson(90, 120).low, 0.02);
    near(independent.high, wilson(90, 120).high, 0.02);
    assert.ok(dependent.high - dependent.low > 3 * (independent.high - independent.low));
    assert.deepEqual(clusterBootstrap(voices), dependent, 'the same every time');
    assert.deepEqual(clusterBootstrap([]), { low: 0, high: 1 });
  });

  it('interpolates quantiles', () => {
    near(quantile([1, 2, 3, 4], 0.5), 2.5, 0);
    near(quantile([10], 0.95), 10, 0);
    assert.equal(quantile([], 0.5), null);
  });
});
