import assert from 'node:assert/strict';
import { plot } from '../../../src/cpd/plot/plot.js';
import type { Reading } from '../../../src/cpd/reading.js';
import { replay, type ReplayOptions } from '../../../src/cpd/replay.js';
import { join, media, silence, tone } from '../sounds.js';

function draw(samples: Int16Array, options: ReplayOptions = {}, title = 'call.wav'): string {
  const readings: Reading[] = [];
  const result = replay(samples, options, (reading) => readings.push({ ...reading }));
  const { answeredAtMs = 0 } = options;
  const compared = [
    { name: 'machine-first', result: replay(samples, { ...options, profile: 'machine-first' }) },
  ];
  return plot({ samples, result, readings, answeredAtMs, title, subtitle: 'as it was', compared });
}

const greeting = media('far-end/greeting.wav');
const voicemail = join(silence(400), greeting, silence(200), tone([1000], 500), silence(3000));

describe('The drawing of a judged recording', () => {
  it('shows sound, speech, frequencies, evidence, and every decision with its reason', () => {
    const svg = draw(voicemail);
    assert.match(svg, /^<svg /);
    assert.match(svg, />machine at \d\.\d\d s</);
    assert.match(svg, />beep 1000 Hz</);
    assert.match(svg, />greeting ended</);
    assert.match(svg, /data:image\/bmp;base64,Qk/);
    for (const name of ['waveform', 'frequency', 'level', 'evidence'])
      assert.ok(svg.includes(`>${name}<`), name);
    assert.match(svg, />enough</);
    assert.match(svg, />machine-first</);
    assert.ok(!svg.includes('NaN') && !svg.includes('undefined'));
  });

  it('marks the answer, the ringing before it, and the tones with their frequency', () => {
    const ring = join(silence(300), tone([425], 1000), silence(4000), tone([425], 1000));
    const call = join(ring, silence(1000), media('far-end/hello.wav'), silence(2000));
    const svg = draw(call, { answeredAtMs: 7000 });
    assert.match(svg, />answered</);
    assert.match(svg, />ringback</);
    assert.match(svg, />42[3-7]</);
  });

  it('hatches the silence it had to assume after the end', () => {
    assert.match(draw(join(silence(100), media('far-end/hello.wav'))), /url\(#assumed\)/);
    assert.doesNotMatch(draw(voicemail), /fill="url\(#assumed\)"/);
  });

  it('escapes the title and leaves out what XML forbids', () => {
    const svg = draw(voicemail, {}, '<script>&"\u0001');
    assert.ok(!svg.includes('<script') && !svg.includes('\u0001'));
    assert.match(svg, /&#60;script&#62;&#38;/);
  });

  it('draws an empty recording, and one that never changes', () => {
    for (const samples of [new Int16Array(0), new Int16Array(100), new Int16Array(20_000).fill(-1)])
      assert.match(draw(samples), /<\/svg>\n$/);
  });

  it('stays of a readable size for a long recording', () => {
    const minute = join(...Array.from({ length: 6 }, () => voicemail));
    const long = join(...Array.from({ length: 3 }, () => minute));
    assert.ok(draw(long).length < 400_000);
  });
});
