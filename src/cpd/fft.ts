/**
 * Power spectrum of 256 real samples. Made for one size, with its tables and work space allocated
 * once for all calls: it runs 62 times a second for each of them, and one call after the other.
 */

export const FFT_SIZE = 256;
export const BIN_COUNT = FFT_SIZE / 2 + 1;
const HALF = FFT_SIZE / 2;

const re = new Float64Array(HALF);
const im = new Float64Array(HALF);
const cos = Float64Array.from(re, (_, i) => Math.cos((2 * Math.PI * i) / FFT_SIZE));
const sin = Float64Array.from(re, (_, i) => Math.sin((2 * Math.PI * i) / FFT_SIZE));
const reversed = Uint8Array.from(re, (_, i) => {
  let backwards = 0;
  for (let bit = 1; bit < HALF; bit <<= 1) backwards = (backwards << 1) | (i & bit ? 1 : 0);
  return backwards;
});

/**
 * @param input 256 samples, windowed already
 * @param power receives |X(k)|² for k = 0..128
 */
export function powerSpectrum(input: Float64Array, power: Float64Array): void {
  // Even samples are the real and odd ones the imaginary part of a transform of half the size.
  for (let i = 0; i < HALF; i++) {
    const from = 2 * reversed[i]!;
    re[i] = input[from]!;
    im[i] = input[from + 1]!;
  }
  butterflies();
  unpack(power);
}

function butterflies(): void {
  // The first two stages together: their factors are 1 and -i, so that nothing is multiplied.
  for (let a = 0; a < HALF; a += 4) {
    const r0 = re[a]! + re[a + 1]!;
    const r1 = re[a]! - re[a + 1]!;
    const r2 = re[a + 2]! + re[a + 3]!;
    const r3 = re[a + 2]! - re[a + 3]!;
    const i0 = im[a]! + im[a + 1]!;
    const i1 = im[a]! - im[a + 1]!;
    const i2 = im[a + 2]! + im[a + 3]!;
    const i3 = im[a + 2]! - im[a + 3]!;
    re[a] = r0 + r2;
    im[a] = i0 + i2;
    re[a + 1] = r1 + i3;
    im[a + 1] = i1 - r3;
    re[a + 2] = r0 - r2;
    im[a + 2] = i0 - i2;
    re[a + 3] = r1 - i3;
    im[a + 3] = i1 + r3;
  }
  for (let size = 8; size <= HALF; size <<= 1) {
    const half = size >> 1;
    const step = FFT_SIZE / size;
    for (let k = 0; k < half; k++) {
      const c = cos[k * step]!;
      const s = sin[k * step]!;
      for (let a = k; a < HALF; a += size) {
        const b = a + half;
        const tr = re[b]! * c + im[b]! * s;
        const ti = im[b]! * c - re[b]! * s;
        re[b] = re[a]! - tr;
        im[b] = im[a]! - ti;
        re[a] = re[a]! + tr;
        im[a] = im[a]! + ti;
      }
    }
  }
}

function unpack(power: Float64Array): void {
  power[0] = (re[0]! + im[0]!) ** 2;
  power[HALF] = (re[0]! - im[0]!) ** 2;
  for (let k = 1; k < HALF; k++) {
    const m = HALF - k;
    const evenRe = 0.5 * (re[k]! + re[m]!);
    const evenIm = 0.5 * (im[k]! - im[m]!);
    const oddRe = 0.5 * (im[k]! + im[m]!);
    const oddIm = 0.5 * (re[m]! - re[k]!);
    const c = cos[k]!;
    const s = sin[k]!;
    const xr = evenRe + oddRe * c + oddIm * s;
    const xi = evenIm + oddIm * c - oddRe * s;
    power[k] = xr * xr + xi * xi;
  }
}
