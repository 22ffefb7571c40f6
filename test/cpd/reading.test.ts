import assert from 'node:assert/strict';
import type { Reading } from '../../src/cpd/reading.js';
import { replay } from '../../src/cpd/replay.js';
import { join, media, silence, tone } from './sounds.js';

function readingsOf(sound: Int16Array, options = {}): Reading[] {
  const readings: Reading[] = [];
  replay(sound, options, (reading) => readings.push({ ...reading }));
  return readings;
}

describe('readings of the detector', () => {
  it('show the evidence grow to what the verdict needs', () => {
    const sound = join(silence(600), media('far-end/hello.wav'), silence(2000));
    const readings = readingsOf(sound);
    const { decidedAtMs } = replay(sound);
    const before = readings.filter(({ atMs }) => atMs < decidedAtMs);
    assert.ok(before.every(({ human }) => human <= 1));
    assert.ok(Math.max(...before.map(({ human }) => human)) > 0.9);
    assert.ok(
      readings.some(({ silence }) => silence > 0.05),
      'before the onset it is silence',
    );
    assert.ok(readings.some(({ isSpeech }) => isSpeech));
    const after = readings.filter(({ atMs }) => atMs > decidedAtMs + 20);
    assert.ok(after.every(({ human, machine }) => human === 0 && machine === 0));
  });

  it('show what would take a verdict back', () => {
    const greeting = media('far-end/greeting.wav');
    const sound = join(media('far-end/hello.wav'), silence(900), greeting, greeting);
    const readings = readingsOf(sound);
    assert.ok(Math.max(...readings.map(({ revision }) => revision)) > 0.9);
  });

  it('show the tone that sounds, and nothing of an answer before there is one', () => {
    const readings = readingsOf(join(silence(200), tone([440, 480], 1000), silence(500)), {
      answeredAtMs: null,
    });
    assert.ok(readings.some(({ toneHz }) => Math.abs(toneHz - 440) < 25));
    assert.ok(readings.every(({ silence, human }) => silence === 0 && human === 0));
  });
});
