/**
 * Halves a sample rate of 16 kHz. A short half-band filter keeps what lies above 4 kHz from folding
 * into the telephone band; the detector needs no more than that.
 */

const CENTRE = 7;
const LENGTH = 15;

export class HalfRate {
  readonly #history = new Float64Array(LENGTH);
  readonly #taps = halfBandTaps();
  #isOdd = false;

  /**
   * @param sample next input sample
   * @returns an output sample for every second input sample, else null
   */
  next(sample: number): number | null {
    this.#history.copyWithin(0, 1);
    this.#history[LENGTH - 1] = sample;
    this.#isOdd = !this.#isOdd;
    if (this.#isOdd) return null;
    let sum = 0;
    for (let i = 0; i < LENGTH; i++) sum += this.#taps[i]! * this.#history[i]!;
    return sum;
  }
}

/** Windowed sinc (Hamming) with its cut-off at a quarter of the input rate, unity gain at 0 Hz. */
function halfBandTaps(): Float64Array {
  const taps = new Float64Array(LENGTH);
  let sum = 0;
  for (let i = 0; i < LENGTH; i++) {
    const x = i - CENTRE;
    const sinc = x === 0 ? 0.5 : Math.sin((Math.PI * x) / 2) / (Math.PI * x);
    taps[i] = sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (LENGTH - 1)));
    sum += taps[i]!;
  }
  for (let i = 0; i < LENGTH; i++) taps[i] = taps[i]! / sum;
  return taps;
}
