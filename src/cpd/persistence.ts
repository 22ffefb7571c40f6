/**
 * How much of the fine structure of the spectrum stays where it was: the harmonics of an instrument
 * keep their place for as long as the note lasts, those of a voice glide, noise has none.
 */

/** 190 to 3440 Hz. */
const FIRST_BIN = 6;
const BINS = 104;
/** Compared with the spectrum 3 and 8 hops ago: 48 and 128 ms. */
const SHORT_HOPS = 3;
const LONG_HOPS = 8;
/** Half the width of the mean that is taken away, so that the colour of the sound does not count. */
const REACH = 3;
const RING = LONG_HOPS + 1;
const EMPTY = 1e-12;

/** Room for the logarithms of one spectrum; the calls of a process use it one after the other. */
const log = new Float64Array(BINS + 2 * REACH);

export class Persistence {
  /** Correlation with the fine structure 48 ms ago, -1..1. */
  short = 0;
  /** The same for 128 ms ago. */
  long = 0;

  /** The newest fine structures, one after the other in a ring, and the energy of each. */
  readonly #past = new Float64Array(RING * BINS);
  readonly #energy = new Float64Array(RING);
  #hop = 0;

  /** There is no past to compare with. */
  forget(): void {
    this.#hop = this.short = this.long = 0;
  }

  /** @param power of 129 bins, 31.25 Hz apart */
  measure(power: Float64Array): void {
    for (let i = 0; i < log.length; i++) log[i] = Math.log(power[FIRST_BIN - REACH + i]! + EMPTY);
    const past = this.#past;
    const row = this.#hop % RING;
    const now = row * BINS;
    let energy = EMPTY;
    let around = 0;
    for (let i = 0; i < 2 * REACH; i++) around += log[i]!;
    for (let i = 0; i < BINS; i++) {
      around += log[i + 2 * REACH]!;
      const fine = log[i + REACH]! - around / (2 * REACH + 1);
      past[now + i] = fine;
      energy += fine * fine;
      around -= log[i]!;
    }
    this.#energy[row] = energy;
    this.short = this.#correlate(row, SHORT_HOPS);
    this.long = this.#correlate(row, LONG_HOPS);
    this.#hop++;
  }

  #correlate(row: number, hopsAgo: number): number {
    if (this.#hop < hopsAgo) return 0;
    const past = this.#past;
    const rowThen = (this.#hop - hopsAgo) % RING;
    const now = row * BINS;
    const then = rowThen * BINS;
    let cross = 0;
    for (let i = 0; i < BINS; i++) cross += past[now + i]! * past[then + i]!;
    return cross / Math.sqrt(this.#energy[row]! * this.#energy[rowThen]!);
  }
}
