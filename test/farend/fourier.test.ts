import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findLags, halveRate } from '../../src/farend/alignment.js';
import { complexArray, Fourier } from '../../src/farend/fourier.js';

const samples = (size: number) =>
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size, maxLength: size });

describe('Fourier transform', () => {
  it('agrees with its definition, for even and odd powers of two', () => {
    for (const size of [4, 8, 16, 32, 64]) {
      fc.assert(
        fc.property(samples(size), samples(size), (re, im) => {
          const data = complexArray(size);
          data.re.set(re);
          data.im.set(im);
          new Fourier(size).forward(data);
          for (let k = 0; k < size; k++) {
            let sumRe = 0;
            let sumIm = 0;
            for (let n = 0; n < size; n++) {
              const angle = (-2 * Math.PI * k * n) / size;
              sumRe += re[n]! * Math.cos(angle) - im[n]! * Math.sin(angle);
              sumIm += re[n]! * Math.sin(angle) + im[n]! * Math.cos(angle);
            }
            assert.ok(Math.abs(data.re[k]! - sumRe) < 1e-9);
            assert.ok(Math.abs(data.im[k]! - sumIm) < 1e-9);
          }
        }),
        { numRuns: 5 },
      );
    }
  });

  it('comes back after the inverse, at any length', () => {
    for (const size of [128, 4096, 8192]) {
      const fourier = new Fourier(size);
      const data = complexArray(size);
      for (let i = 0; i < size; i++) data.re[i] = Math.sin(i * i);
      fourier.forward(data);
      fourier.inverse(data);
      for (let i = 0; i < size; i++) {
        assert.ok(Math.abs(data.re[i]! / size - Math.sin(i * i)) < 1e-9);
        assert.ok(Math.abs(data.im[i]! / size) < 1e-9);
      }
    }
  });

  it('refuses lengths that are no power of two', () => {
    for (const size of [0, 2, 3, 12, -4]) assert.throws(() => new Fourier(size), RangeError);
  });
});

describe('alignment', () => {
  /** Loud nonsense with all frequencies in it. */
  const sound = (length: number, seed: number): Float64Array =>
    new Float64Array(length).map((_, i) => Math.sin(seed + i * i * 0.37) * 1000);

  it('proposes first the lag at which a sound lies, cut off at the front or not', () => {
    for (const lag of [-300, 0, 17, 1500]) {
      const a = sound(900, 1);
      const b = sound(700, 2);
      const recording = new Float64Array(2400);
      a.forEach((value, i) => {
        if (i + lag >= 0 && i + lag < recording.length) recording[i + lag] = value;
      });
      const [first, second] = findLags(recording, [a, b]);
      assert.equal(first?.[0], lag);
      assert.ok(second!.length <= 12);
    }
  });

  it('proposes nothing where there is nothing', () => {
    assert.deepEqual(findLags(new Float64Array(0), [sound(10, 1)]), [[]]);
    assert.deepEqual(findLags(sound(10, 1), [new Float64Array(0)]), [[]]);
    assert.deepEqual(findLags(new Float64Array(100), [sound(10, 1)]), [[]]);
  });

  it('halves the rate, keeps what lies under 1.7 kHz and drops what lies over 2.3 kHz', () => {
    const gain = (hz: number): number => {
      const tone = new Int16Array(4000).map(
        (_, i) => 10_000 * Math.sin((2 * Math.PI * hz * i) / 8000),
      );
      const half = halveRate(tone).subarray(100, 1900);
      return (
        Math.sqrt(half.reduce((sum, x) => sum + x * x, 0) / half.length) / (10_000 * Math.SQRT1_2)
      );
    };
    for (const hz of [300, 1000, 1500])
      assert.ok(Math.abs(gain(hz) - 1) < 0.06, `${hz} ${gain(hz)}`);
    for (const hz of [2600, 3200]) assert.ok(gain(hz) < 0.05, `${hz} ${gain(hz)}`);
  });
});
