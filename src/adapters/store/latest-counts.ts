/**
 * How many callbacks are open: counted anew for whoever asks, as long as there are few. Of many each count
 * takes the store a tenth of a second and more, and dashboards ask often: for some seconds they all hear the
 * same.
 */
import type { Results } from './messages.js';

type Counts = Results['stats'];

const MANY = 10_000;
const KEPT_MS = 5000;

export class LatestCounts {
  /** Of many; under way, or not older than `KEPT_MS`. */
  #kept: Promise<Counts> | undefined;
  #keptUntilMs = 0;

  /** @param nowMs on a clock that nobody sets */
  constructor(
    private readonly count: () => Promise<Counts>,
    private readonly nowMs: () => number,
  ) {}

  get(): Promise<Counts> {
    if (this.#kept && this.nowMs() < this.#keptUntilMs) return this.#kept;
    const counting = this.count();
    if (this.#kept) [this.#kept, this.#keptUntilMs] = [counting, Infinity];
    counting.then(
      ({ open }) => {
        const isMany = open.reduce((sum, { count }) => sum + count, 0) > MANY;
        this.#kept = isMany ? counting : undefined;
        this.#keptUntilMs = this.nowMs() + KEPT_MS;
      },
      () => (this.#kept = undefined),
    );
    return counting;
  }
}
