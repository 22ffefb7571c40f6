import assert from 'node:assert/strict';
import { HOP_MS, HOP_SAMPLES, Spectrum } from '../../src/cpd/spectrum.js';
import { noise, tone } from './sounds.js';

/** Hands a sound over hop by hop; what is left in `now` describes its end. */
function analyse(spectrum: Spectrum, sound: Int16Array): void {
  for (let at = 0; at + HOP_SAMPLES <= sound.length; at += HOP_SAMPLES) {
    const hop = Float64Array.from(sound.subarray(at, at + HOP_SAMPLES), (x) => x / 32768);
    spectrum.analyse(hop, HOP_MS * (1 + at / HOP_SAMPLES));
  }
}

describe('The spectrum', () => {
  it('hands on the power of every bin, which has its peak where the tone is', () => {
    const spectrum = new Spectrum();
    analyse(spectrum, tone([1000], 160));
    const { power } = spectrum.now;
    assert.equal(power.indexOf(Math.max(...power)), 32);
    assert.ok(power[32]! > 1000 * power[40]!);
  });

  it('finds no period in an offset', () => {
    const spectrum = new Spectrum();
    const quiet = noise(160, 0.003).map((x) => x + 4000);
    analyse(spectrum, quiet);
    assert.ok(spectrum.now.pitch.periodicity < 0.5, `${spectrum.now.pitch.periodicity}`);
  });

  it('has no power left when nothing but zeros comes', () => {
    const spectrum = new Spectrum();
    analyse(spectrum, tone([1000], 160));
    analyse(spectrum, new Int16Array(2 * HOP_SAMPLES));
    assert.ok(spectrum.now.isDigitalSilence);
    assert.ok(spectrum.now.power.every((x) => x === 0));
  });
});
