import assert from 'node:assert/strict';
import { storyLines } from '../../src/cli/story-lines.js';

const STORY = {
  ...{ id: 'c', serviceName: 'sales', customerNumber: '+447700900123' },
  ...({ state: 'COMPLETED', reason: 'AGENT_CONNECTED' } as const),
  ...{ steps: [], attempts: [], ladder: [], media: [] },
};

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
      const lines = storyLines({ ...STORY, attempts: [attempt] }).join('\n');
      assert.ok(lines.includes(says), lines);
    }
  });

  it('says first whose it is and how it ended', () => {
    assert.equal(storyLines(STORY)[1], '  sales to +447700900123: COMPLETED, AGENT_CONNECTED');
    const { reason: _reason, ...open } = STORY;
    const line = storyLines({ ...open, state: 'QUEUED' })[1];
    assert.equal(line, '  sales to +447700900123: QUEUED');
  });
});
