import assert from 'node:assert/strict';
import {
  MediaBugs,
  mixedLength,
  mixFrames,
  type BugMix,
  type MediaBug,
} from '../../../src/embedded/freeswitch/media-bugs.js';

const frame = (sample: number): Int16Array => new Int16Array(160).fill(sample);

describe('What listens to a channel', () => {
  it('gets both directions of the same tick, until it is removed', () => {
    const bugs = new MediaBugs();
    const got: (number | undefined)[][] = [];
    const bug: MediaBug = {
      onFrame: (heard, spoken) => void got.push([heard[0], spoken[0]]),
      onRemoved: () => void got.push([]),
    };
    assert.equal(bugs.add('record:a', bug), true);
    assert.equal(bugs.add('record:a', bug), false, 'one of a name');
    for (const [heard, spoken] of [
      [1, 10],
      [2, 20],
    ] as const) {
      bugs.hear(frame(heard));
      bugs.speak(frame(spoken));
    }
    bugs.removeAll();
    bugs.hear(frame(3));
    bugs.speak(frame(30));
    assert.deepEqual(got, [[1, 10], [2, 20], []]);
    assert.equal(bugs.remove('record:a'), false);
  });

  it('is limited in number', () => {
    const bugs = new MediaBugs();
    const bug: MediaBug = { onFrame: () => undefined, onRemoved: () => undefined };
    const added = Array.from({ length: 12 }, (_, n) => bugs.add(`fork:${n}`, bug));
    assert.equal(added.filter(Boolean).length, 10);
    assert.equal(bugs.keys('fork:').length, 10);
  });

  it('is given the directions alone, together or apart', () => {
    const mixed = (mix: BugMix, heard: number, spoken: number): number[] => {
      const into = new Int16Array(mixedLength(mix));
      mixFrames(mix, frame(heard), frame(spoken), into);
      return [into.length, into[0] ?? 0, into[1] ?? 0];
    };
    assert.deepEqual(mixed('heard', 5, 7), [160, 5, 5]);
    assert.deepEqual(mixed('spoken', 5, 7), [160, 7, 7]);
    assert.deepEqual(mixed('mixed', 5, 7), [160, 12, 12]);
    assert.deepEqual(mixed('mixed', 30_000, 30_000), [160, 32_767, 32_767]);
    assert.deepEqual(mixed('mixed', -30_000, -30_000), [160, -32_768, -32_768]);
    assert.deepEqual(mixed('stereo', 5, 7), [320, 5, 7]);
  });
});
