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
const EMPTY = 1e-12;

export class Persistence {
  /** Correlation with the fine structure 48 ms ago, -1..1. */
  short = 0;
  /** The same for 128 ms ago. */
  long = 0;

  readonly #log = new Float64Array(BINS + 2 * REACH);
  readonly #past = Array.from({ length: LONG_HOPS + 1 }, () => new Float64Array(BINS));
  #hop = 0;

  /** There is no past to compare with. */
  forget(): void {
    this.#hop = this.short = this.long = 0;
  }

  /** @param power of 129 bins, 31.25 Hz apart */
  measure(power: Float64Array): void {
    const log = this.#log;
    for (let i = 0; i < log.length; i++) log[i] = Math.log(power[FIRST_BIN - REACH + i]! + EMPTY);
    const now = this.#past[this.#hop % (LONG_HOPS + 1)]!;
    let around = 0;
    for (let i = 0; i < 2 * REACH; i++) around += log[i]!;
    for (let i = 0; i < BINS; i++) {
      around += log[i + 2 * REACH]!;
      now[i] = log[i + REACH]! - around / (2 * REACH + 1);
      around -= log[i]!;
    }
    this.short = this.#correlate(now, SHORT_HOPS);
    this.long = this.#correlate(now, LONG_HOPS);
    this.#hop++;
  }

  #correlate(now: Float64Array, hopsAgo: number): number {
    if (this.#hop < hopsAgo) return 0;
    const then = this.#past[(this.#hop - hopsAgo) % (LONG_HOPS + 1)]!;
    let cross = 0;
    let a = EMPTY;
    let b = EMPTY;
    for (let i = 0; i < BINS; i++) {
      cross += now[i]! * then[i]!;
      a += now[i]! * now[i]!;
      b += then[i]! * then[i]!;
    }
    return cross / Math.sqrt(a * b);
  }
}
