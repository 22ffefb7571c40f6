import assert from 'node:assert/strict';
import { storyLines } from '../../src/cli/story-lines.js';

describe('The story of a callback', () => {
  it('says how a call was heard, and what unicast could not find out', () => {
    for (const [audioTap, says] of [
      ['audio_fork', 'heard by audio_fork,'],
      ['unicast', 'heard by unicast (no revision once a file plays),'],
    ] as const) {
      const attempt = {
        ...{ callbackId: 'c', attempt: 1, callId: 'i', number: '+447700900123', startedAtMs: 0 },
        audioTap,
      };
      const story = { id: 'c', steps: [], attempts: [attempt], ladder: [], media: [] };
      const lines = storyLines(story).join('\n');
      assert.ok(lines.includes(says), lines);
    }
  });
});
