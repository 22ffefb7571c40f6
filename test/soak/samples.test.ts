import assert from 'node:assert/strict';
import { drawSoak } from './draw.js';
import { quantile, readMetrics, trends, type Sample } from './samples.js';

const level: Sample = {
  ...{ atS: 0, rssMiB: 200, heapMiB: 60, handles: 30, loopP99Ms: 12 },
  ...{ dialP50Ms: 20, dialP95Ms: 80, callsUp: 9, completed: 0 },
};
const course = (change: (n: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: 100 }, (_, n) => ({ ...level, atS: n * 10, ...change(n) }));
const growing = (samples: readonly Sample[]): string[] =>
  trends(samples).flatMap(({ measure, isLevel }) => (isLevel ? [] : [measure]));

describe('the trends of a soak run', () => {
  it('are level for what only trembles, and for what grows while it warms up', () => {
    assert.deepEqual(growing(course((n) => ({ rssMiB: 200 + (n % 7) * 3 }))), []);
    assert.deepEqual(growing(course((n) => ({ rssMiB: Math.min(400, 100 + n * 20) }))), []);
  });

  it('find what goes on growing', () => {
    assert.deepEqual(growing(course((n) => ({ heapMiB: 60 + n }))), ['heapMiB']);
    assert.deepEqual(growing(course((n) => ({ handles: 30 + n, dialP95Ms: 80 + 3 * n }))), [
      'handles',
      'dialP95Ms',
    ]);
  });

  it('take nothing for level that was never seen', () => {
    assert.deepEqual(growing(course(() => ({ loopP99Ms: 0 }))), ['loopP99Ms']);
  });

  it('read the metrics page, and add up what has labels', () => {
    const seen = readMetrics(
      '# HELP x y\na_total{why="b",c="d"} 2\na_total{why="e"} 3\nrss_p99 1.5e3\n',
    );
    assert.deepEqual(
      [...seen],
      [
        ['a_total', 5],
        ['rss_p99', 1500],
      ],
    );
  });

  it('take the value at a share of the sorted ones, 0 of none', () => {
    assert.equal(quantile([5, 1, 3], 0.5), 3);
    assert.equal(quantile([], 0.95), 0);
  });

  it('are drawn with a line for each measure', () => {
    const picture = drawSoak(
      course(() => ({})),
      'ten minutes',
    );
    assert.equal(picture.match(/<polyline/g)?.length, 6);
    assert.doesNotMatch(picture, /NaN/);
  });
});
