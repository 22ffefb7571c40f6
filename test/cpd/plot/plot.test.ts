import assert from 'node:assert/strict';
import { plot } from '../../../src/cpd/plot/plot.js';
import { replay } from '../../../src/cpd/replay.js';
import { join, media, silence, tone } from '../sounds.js';

describe('The drawing of a judged recording', () => {
  const sound = join(media('far-end/greeting.wav'), silence(300), tone([1000], 400), silence(1000));

  it('shows the level, the speech and every decision', () => {
    const svg = plot(sound, replay(sound), 'greeting.wav');
    assert.match(svg, /^<svg [^>]*xmlns/);
    assert.match(svg, /<path d="M[\d.,L]+"/);
    assert.match(svg, /fill="#ece6d8"/);
    for (const label of ['speech-onset', 'machine', 'greeting-ended', 'beep 1000 Hz'])
      assert.ok(svg.includes(`>${label}<`), label);
  });

  it('escapes the title', () => {
    const svg = plot(sound, replay(sound), '<script>&"');
    assert.ok(!svg.includes('<script>'));
  });

  it('draws an empty recording', () => {
    assert.match(plot(new Int16Array(0), replay(new Int16Array(0)), 'empty'), /<\/svg>/);
  });
});
