/**
 * Pages that have held up their thread, and with it whatever else ran there: what they start from then on
 * runs apart, in one of a few threads for such pages, until they have been well for an hour.
 */
import type { Clock } from '../../../ports.js';

const APART_MS = 3_600_000;
const PAGES_MAX = 100;

export class Quarantine {
  readonly #clock: Pick<Clock, 'nowMs'>;
  /** When they were at it last; the latest stand at the end. */
  readonly #lastAtMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  add(page: string): void {
    this.#lastAtMs.delete(page);
    const [oldest] = this.#lastAtMs.keys();
    if (this.#lastAtMs.size >= PAGES_MAX && oldest !== undefined) this.#lastAtMs.delete(oldest);
    this.#lastAtMs.set(page, this.#clock.nowMs());
  }

  has(page: string): boolean {
    const atMs = this.#lastAtMs.get(page);
    if (atMs === undefined) return false;
    if (this.#clock.nowMs() - atMs < APART_MS) return true;
    this.#lastAtMs.delete(page);
    return false;
  }
}
