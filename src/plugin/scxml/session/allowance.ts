/**
 * So much at once, and so much a second for as long as it lasts: for what a session may cost others
 * however long it lives. A count over its whole life would end the honest ones that live long.
 */
import type { Clock } from '../../../ports.js';
import { LimitError } from '../errors.js';

/** A microstep without a script, in interrupts of scripts. */
const STEP_COST = 0.5;

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

/** One microstep more. @throws LimitError when the family works too much */
export function spendStep(work: Allowance): void {
  if (!work.spend(STEP_COST))
    throw new LimitError('SCXML_TOO_BUSY', 'one macrostep after the other, without end');
}
