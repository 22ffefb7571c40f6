/**
 * What one family of sessions, or one VoiceXML page, works: so much at once, and so much a second for ever.
 * It is counted as it comes, in interrupts of scripts and in steps, so that the load of others does not make
 * it more; what the engine does in one go, between two interrupts, is known by processor time only.
 */
import type { Clock } from '../../../ports.js';
import type { Limits } from '../limits.js';
import { Allowance } from './allowance.js';

/** Interrupts, about. */
const TICKS_PER_MS = 10;
/** A step without a script, in interrupts. */
const STEP_COST = 0.5;

export class Work {
  readonly #allowance: Allowance;
  #counted = 0;
  #isTooMuch = false;

  constructor(clock: Pick<Clock, 'nowMs'>, limits: Pick<Limits, 'work' | 'workPerSecond'>) {
    this.#allowance = new Allowance(clock, limits.work, limits.workPerSecond);
  }

  /** Once it was, it stays so. */
  get isTooMuch(): boolean {
    return this.#isTooMuch;
  }

  tick(): void {
    this.#count(1);
  }

  step(): void {
    this.#count(STEP_COST);
  }

  /** @param processorMs for all that was done since the last time; what was counted then is part of it */
  settle(processorMs: number): void {
    const uncounted = processorMs * TICKS_PER_MS - this.#counted;
    this.#counted = 0;
    if (uncounted > 0) this.#spend(uncounted);
  }

  #count(amount: number): void {
    this.#counted += amount;
    this.#spend(amount);
  }

  #spend(amount: number): void {
    if (!this.#allowance.spend(amount)) this.#isTooMuch = true;
  }
}
