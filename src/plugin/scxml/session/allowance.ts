/**
 * So much at once, and so much a second for as long as it lasts: for what a session may cost others
 * however long it lives. A count over its whole life would end the honest ones that live long.
 */
import type { Clock } from '../../../ports.js';

export class Allowance {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #atOnce: number;
  readonly #perSecond: number;
  #left: number;
  #lastMs: number;

  constructor(clock: Pick<Clock, 'nowMs'>, atOnce: number, perSecond: number) {
    this.#clock = clock;
    this.#atOnce = atOnce;
    this.#perSecond = perSecond;
    this.#left = atOnce;
    this.#lastMs = clock.nowMs();
  }

  /** @returns false when there was not so much left */
  spend(amount: number): boolean {
    const nowMs = this.#clock.nowMs();
    const gained = (Math.max(0, nowMs - this.#lastMs) / 1000) * this.#perSecond;
    this.#lastMs = nowMs;
    this.#left = Math.min(this.#atOnce, this.#left + gained) - amount;
    return this.#left >= 0;
  }
}
