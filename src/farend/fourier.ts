/**
 * The discrete Fourier transform of a power-of-two number of complex samples, in place. Made for
 * the few long transforms of `recognise.ts` (65 536 points and more); the detector's own transform
 * in cpd/ has one small fixed size and is another thing.
 */

export interface ComplexArray {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export function complexArray(size: number): ComplexArray {
  return { re: new Float64Array(size), im: new Float64Array(size) };
}

export class Fourier {
  readonly size: number;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #reversed: Uint32Array;

  /** @param size number of samples, a power of two and at least 4 */
  constructor(size: number) {
    if (size < 4 || (size & (size - 1)) !== 0) throw new RangeError(`not a power of two: ${size}`);
    this.size = size;
    this.#cos = new Float64Array(size / 2);
    this.#sin = new Float64Array(size / 2);
    for (let i = 0; i < size / 2; i++) {
      this.#cos[i] = Math.cos((2 * Math.PI * i) / size);
      this.#sin[i] = Math.sin((2 * Math.PI * i) / size);
    }
    this.#reversed = new Uint32Array(size);
    for (let i = 1; i < size; i++) {
      this.#reversed[i] = (this.#reversed[i >> 1]! >> 1) | (i & 1 ? size >> 1 : 0);
    }
  }

  /** X(k) = sum x(n) e^(-j2πkn/N). */
  forward(data: ComplexArray): void {
    this.#transform(data.re, data.im);
  }

  /** The sum with e^(+j2πkn/N), without the division by N. */
  inverse(data: ComplexArray): void {
    this.#transform(data.im, data.re);
  }

  #transform(re: Float64Array, im: Float64Array): void {
    this.#reorder(re);
    this.#reorder(im);
    const n = this.size;
    for (let i = 0; i < n; i += 4) fourPoints(re, im, i);
    let half = 4;
    // Long transforms are bound by memory: two passes at a time touch it half as often.
    for (; half * 2 < n; half *= 4) this.#twoPasses(re, im, half);
    if (half < n) this.#onePass(re, im, half);
  }

  /** Joins transforms of `half` points to transforms of twice as many. */
  #onePass(re: Float64Array, im: Float64Array, half: number): void {
    const n = this.size;
    const step = n / 2 / half;
    for (let start = 0; start < n; start += 2 * half) {
      for (let k = 0, a = start, t = 0; k < half; k++, a++, t += step) {
        const b = a + half;
        const c = this.#cos[t]!;
        const s = this.#sin[t]!;
        const xr = re[b]! * c + im[b]! * s;
        const xi = im[b]! * c - re[b]! * s;
        const yr = re[a]!;
        const yi = im[a]!;
        re[b] = yr - xr;
        im[b] = yi - xi;
        re[a] = yr + xr;
        im[a] = yi + xi;
      }
    }
  }

  /** Joins transforms of `half` points to transforms of four times as many. */
  #twoPasses(re: Float64Array, im: Float64Array, half: number): void {
    const n = this.size;
    const cos = this.#cos;
    const sin = this.#sin;
    const step = n / 4 / half;
    for (let start = 0; start < n; start += 4 * half) {
      for (let k = 0, i0 = start, t = 0; k < half; k++, i0++, t += step) {
        const i1 = i0 + half;
        const i2 = i1 + half;
        const i3 = i2 + half;
        const c1 = cos[2 * t]!;
        const s1 = sin[2 * t]!;
        const c2 = cos[t]!;
        const s2 = sin[t]!;
        const ur = re[i1]! * c1 + im[i1]! * s1;
        const ui = im[i1]! * c1 - re[i1]! * s1;
        const vr = re[i3]! * c1 + im[i3]! * s1;
        const vi = im[i3]! * c1 - re[i3]! * s1;
        const a0r = re[i0]! + ur;
        const a0i = im[i0]! + ui;
        const a1r = re[i0]! - ur;
        const a1i = im[i0]! - ui;
        const a2r = re[i2]! + vr;
        const a2i = im[i2]! + vi;
        const a3r = re[i2]! - vr;
        const a3i = im[i2]! - vi;
        const pr = a2r * c2 + a2i * s2;
        const pi = a2i * c2 - a2r * s2;
        // The twiddle of the second pair is a quarter turn further: times -j.
        const qr = a3i * c2 - a3r * s2;
        const qi = -(a3r * c2 + a3i * s2);
        re[i0] = a0r + pr;
        im[i0] = a0i + pi;
        re[i2] = a0r - pr;
        im[i2] = a0i - pi;
        re[i1] = a1r + qr;
        im[i1] = a1i + qi;
        re[i3] = a1r - qr;
        im[i3] = a1i - qi;
      }
    }
  }

  #reorder(x: Float64Array): void {
    const reversed = this.#reversed;
    for (let i = 0; i < this.size; i++) {
      const j = reversed[i]!;
      if (j <= i) continue;
      const held = x[i]!;
      x[i] = x[j]!;
      x[j] = held;
    }
  }
}

/** The first two passes at once: their twiddles are 1 and -j. */
function fourPoints(re: Float64Array, im: Float64Array, i: number): void {
  const ar = re[i]! + re[i + 1]!;
  const ai = im[i]! + im[i + 1]!;
  const br = re[i]! - re[i + 1]!;
  const bi = im[i]! - im[i + 1]!;
  const cr = re[i + 2]! + re[i + 3]!;
  const ci = im[i + 2]! + im[i + 3]!;
  const dr = re[i + 2]! - re[i + 3]!;
  const di = im[i + 2]! - im[i + 3]!;
  re[i] = ar + cr;
  im[i] = ai + ci;
  re[i + 1] = br + di;
  im[i + 1] = bi - dr;
  re[i + 2] = ar - cr;
  im[i + 2] = ai - ci;
  re[i + 3] = br - di;
  im[i + 3] = bi + dr;
}
