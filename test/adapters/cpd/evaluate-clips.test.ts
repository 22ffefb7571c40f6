import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { evaluateClips } from '../../../src/adapters/cpd/evaluate-clips.js';
import { outcomeOf } from '../../../src/cpd/evaluate/outcome.js';
import { replay, type ReplayOptions } from '../../../src/cpd/replay.js';
import { media } from '../../cpd/sounds.js';

const path = (name: string) => fileURLToPath(new URL(`../../../media/${name}`, import.meta.url));

describe('Recordings that are judged on threads', () => {
  it('give for each run what it gives alone, and are counted as they are done', async () => {
    const names = ['far-end/greeting.wav', 'far-end/hello.wav'];
    const runs: readonly ReplayOptions[] = [{}, { profile: 'machine-first' }];
    const counted: number[] = [];
    const results = await evaluateClips(
      [...names.map((name) => ({ path: path(name), runs })), { path: path('none.wav'), runs }],
      (done) => counted.push(done),
    );
    assert.deepEqual(counted, [1, 2, 3]);
    for (const [i, name] of names.entries())
      assert.deepEqual(results[i], {
        ok: true,
        outcomes: runs.map((run) => outcomeOf(replay(media(name), run), 0)),
      });
    assert.equal(results[2]?.ok, false);
  }).timeout(300_000);
});
