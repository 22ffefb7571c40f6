/**
 * Chance that can be repeated: every mutation follows from one seed, which is printed when the fuzz
 * tests begin and can be given by DIALBACK_FUZZ_SEED. DIALBACK_FUZZ_COUNT asks for more messages
 * than the usual ten thousand.
 */
import { randomInt } from 'node:crypto';

const DEFAULT_COUNT = 10_000;

/** mulberry32 by Tommy Ettinger (public domain): 32 bits of state are plenty here. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }
}

let seed: number | undefined;

/** The seed of this run; printed the first time. */
export function fuzzSeed(): number {
  if (seed === undefined) {
    const given = process.env['DIALBACK_FUZZ_SEED'];
    seed = given === undefined ? randomInt(2 ** 31) : Number(given);
    console.log(`    fuzzing with DIALBACK_FUZZ_SEED=${seed}`);
  }
  return seed;
}

/** How many messages a part of the whole gets. @param share 0 to 1 */
export function fuzzCount(share: number): number {
  const total = Number(process.env['DIALBACK_FUZZ_COUNT'] ?? DEFAULT_COUNT);
  return Math.max(1, Math.round(total * share));
}
