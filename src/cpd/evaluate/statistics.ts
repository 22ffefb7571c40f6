/** The few statistics an evaluation needs. Pure: the bootstrap draws from its own fixed sequence. */

/** Bounds of an interval; shares, 0 to 1. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const Z_95 = 1.959964;
const BOOTSTRAP_ROUNDS = 2000;

/**
 * Wilson's score interval, 95 %.
 * Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
 * @returns 0 to 1 when there is nothing to count
 */
export function wilson(hits: number, count: number): Interval {
  if (count === 0) return { low: 0, high: 1 };
  const share = hits / count;
  const spread = Z_95 ** 2 / count;
  const centre = (share + spread / 2) / (1 + spread);
  const half =
    (Z_95 / (1 + spread)) * Math.sqrt((share * (1 - share)) / count + spread / (4 * count));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** One thing counted, and the group it belongs to. */
export interface GroupedHit {
  readonly group: string;
  readonly isHit: boolean;
}

/**
 * Bootstrap interval of a share, 95 %, drawing whole groups: clips of one voice stand or fall together,
 * so that hundred clips of three voices are not hundred observations.
 * @returns 0 to 1 when there is nothing to count; of a single group, the share itself
 */
export function clusterBootstrap(hits: readonly GroupedHit[], rounds = BOOTSTRAP_ROUNDS): Interval {
  const groups = new Map<string, { hits: number; count: number }>();
  for (const { group, isHit } of hits) {
    const sum = groups.get(group) ?? { hits: 0, count: 0 };
    groups.set(group, { hits: sum.hits + (isHit ? 1 : 0), count: sum.count + 1 });
  }
  const sums = [...groups.values()];
  if (sums.length === 0) return { low: 0, high: 1 };
  const next = sequence(0x2545f491);
  const shares = new Float64Array(rounds);
  for (let round = 0; round < rounds; round++) {
    let right = 0;
    let count = 0;
    for (let i = 0; i < sums.length; i++) {
      const drawn = sums[Math.floor(next() * sums.length)]!;
      right += drawn.hits;
      count += drawn.count;
    }
    shares[round] = right / count;
  }
  shares.sort();
  return { low: quantile(shares, 0.025)!, high: quantile(shares, 0.975)! };
}

/**
 * Quantile by linear interpolation between order statistics.
 * @param sorted ascending
 * @param q 0 to 1
 * @returns null when there are no values
 */
export function quantile(sorted: ArrayLike<number>, q: number): number | null {
  if (sorted.length === 0) return null;
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (at - below) * (high - low);
}

/** Numbers from 0 to below 1 that are the same every time. Source: G. Marsaglia, "Xorshift RNGs", 2003. */
export function sequence(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
