import assert from 'node:assert/strict';
import { parseSilenceStream, parseToneStream } from '../../../src/embedded/rtp/tones.js';
import type { GeneratedStream } from '../../../src/embedded/rtp/tones.js';
import { levelOf, rms } from './signal.js';

function take(stream: GeneratedStream | undefined, samples: number): Int16Array {
  assert.ok(stream);
  const out = new Int16Array(samples);
  for (let filled = 0; filled < samples;) {
    const count = stream.source.read(out.subarray(filled, Math.min(samples, filled + 160)));
    if (count === 0) return out.subarray(0, filled);
    filled += count;
  }
  return out;
}

describe('Generated streams', () => {
  it('silence_stream lasts as many ms as it says, or for ever', () => {
    assert.equal(take(parseSilenceStream('300'), 9999).length, 2400);
    assert.equal(take(parseSilenceStream('300,1400'), 9999).length, 2400);
    assert.equal(parseSilenceStream('-1')?.samples, Infinity);
    assert.equal(parseSilenceStream('abc'), undefined);
  });

  it('tone_stream plays its frequencies for the on time and is quiet for the off time', () => {
    const pcm = take(parseToneStream('%(500,250,480,620)'), 9999);
    assert.equal(pcm.length, 6000);
    const on = pcm.subarray(0, 4000);
    assert.ok(levelOf(480, on) > 4000 && levelOf(620, on) > 4000);
    assert.equal(rms(pcm.subarray(4000)), 0);
  });

  it('tone_stream knows volume and loops', () => {
    const loud = take(parseToneStream('%(100,0,800)'), 800);
    const soft = take(parseToneStream('v=-17;%(100,0,800)'), 800);
    assert.ok(Math.abs(20 * Math.log10(rms(soft) / rms(loud)) + 10) < 0.2);
    assert.equal(parseToneStream('%(100,100,800);loops=5')?.samples, 8000);
    assert.equal(parseToneStream('%(100,100,800);loops=-1')?.samples, Infinity);
  });

  it('tone_stream refuses what it does not know', () => {
    for (const spec of ['', '%(1,2)', 'L=3;%(100,0,800)', '%(100,0,800)x', '%(0,0,800)', 'c;d;e']) {
      assert.equal(parseToneStream(spec), undefined, spec);
    }
    assert.equal(parseToneStream('%(100,0,800)'.repeat(100)), undefined);
  });
});
