/**
 * How long a customer is going to wait, and whether that is soon enough to begin to dial.
 *
 *   EWT of position n = n × mean handling time / agents on duty
 *
 * The mean handling time is an exponentially weighted mean of conversation and wrap-up. On duty is who
 * is neither logged out nor not-ready. Without anybody on duty there is no estimate. A queue behind SIP
 * addresses tells nothing of its agents: there the estimate is the mean of the waits it has ended.
 */

/** Weight of the newest value. */
const NEWEST = 1 / 8;

export class WeightedMean {
  #value: number | undefined;

  get value(): number | undefined {
    return this.#value;
  }

  add(value: number): void {
    this.#value = this.#value === undefined ? value : this.#value + NEWEST * (value - this.#value);
  }
}

/** One pair of `_eta_pos_threshold`: from this ETA on, dial at this position and before. */
export interface EtaPosition {
  readonly etaSeconds: number;
  readonly position: number;
}

const PAIRS = /^\d{1,6}:\d{1,6}(?:,\d{1,6}:\d{1,6}){0,19}$/;

/** `0:10,10:5,20:2`; undefined when it is not that. */
export function parseEtaPositions(text: string): readonly EtaPosition[] | undefined {
  const packed = text.replaceAll(' ', '');
  if (!PAIRS.test(packed)) return undefined;
  const pairs = packed.split(',').map((pair) => {
    const [etaSeconds = 0, position = 0] = pair.split(':').map(Number);
    return { etaSeconds, position };
  });
  return pairs.sort((a, b) => a.etaSeconds - b.etaSeconds);
}

/**
 * Is an agent near enough to begin to dial? The pair with the greatest ETA that is not beyond the
 * estimate holds; before the first pair nobody is near.
 *
 * @param ewtMs undefined: there is no estimate
 */
export function isNearEnough(
  pairs: readonly EtaPosition[],
  position: number,
  ewtMs: number | undefined,
): boolean {
  if (ewtMs === undefined) return false;
  const holding = pairs.findLast(({ etaSeconds }) => etaSeconds * 1000 <= ewtMs);
  return holding !== undefined && position <= holding.position;
}

/** The farthest position at which somebody could be near enough. */
export function farthestPosition(pairs: readonly EtaPosition[]): number {
  return pairs.reduce((farthest, { position }) => Math.max(farthest, position), 0);
}
