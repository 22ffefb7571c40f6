/** Chance from a seed: the same seed gives the same training set and the same weights. */

/** @param {number} seed @returns {() => number} numbers in [0, 1) */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws from one source of chance. */
export class Dice {
  /** @param {number} seed */
  constructor(seed) {
    this.next = randomFrom(seed);
  }

  between(low, high) {
    return low + (high - low) * this.next();
  }

  /** An integer, both ends included. */
  whole(low, high) {
    return Math.floor(this.between(low, high + 1));
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }

  chance(probability) {
    return this.next() < probability;
  }

  /** Standard normal. */
  normal() {
    const r = Math.sqrt(-2 * Math.log(1 - this.next()));
    return r * Math.cos(2 * Math.PI * this.next());
  }
}
