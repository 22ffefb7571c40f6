/** Counts what a page does between two waits for the caller, and ends the one that does too much. */
import type { ScriptBudget } from '../../plugin/scxml/script/engine-contract.js';
import type { Work } from '../../plugin/scxml/session/work.js';
import type { LimitCode } from '../../plugin/scxml/errors.js';
import { PageLimit } from '../errors.js';
import type { PageLimits } from '../limits.js';

/** Some tens of milliseconds. */
const STEPS_AT_ONCE = 200;

export class Budget implements ScriptBudget {
  readonly #limits: PageLimits;
  readonly #work: Work;
  #ticks = 0;
  #steps = 0;
  #stepsSinceRest = 0;
  #turns = 0;
  #fetches = 0;

  /** @param work of the session, from wait to wait */
  constructor(limits: PageLimits, work: Work) {
    this.#limits = limits;
    this.#work = work;
  }

  tick(): boolean {
    this.#ticks++;
    this.#work.tick();
    return this.isScriptOver;
  }

  get isScriptOver(): boolean {
    return this.#ticks > this.#limits.scriptTicks || this.#work.isTooMuch;
  }

  get overCode(): LimitCode {
    return this.#work.isTooMuch ? 'SCXML_TOO_BUSY' : 'SCXML_SCRIPT_TOO_LONG';
  }

  /** @throws PageLimit */
  step(): void {
    const max = this.#limits.stepsWithoutInput;
    this.#stepsSinceRest++;
    if (++this.#steps > max) {
      throw new PageLimit('VXML_TOO_MANY_STEPS', `more than ${max} steps without the caller`);
    }
    this.#work.step();
    if (this.#work.isTooMuch) {
      throw new PageLimit('VXML_TOO_BUSY', 'it takes more of the processor than pages may');
    }
  }

  /** Whether others should have their turn now. True once each time. */
  isRestDue(): boolean {
    if (this.#stepsSinceRest < STEPS_AT_ONCE) return false;
    this.#stepsSinceRest = 0;
    return true;
  }

  /** The caller is waited for. @throws PageLimit */
  turn(): void {
    const max = this.#limits.turns;
    if (++this.#turns > max) {
      throw new PageLimit('VXML_TOO_MANY_TURNS', `the caller was waited for ${max} times`);
    }
    this.#ticks = 0;
    this.#steps = 0;
    this.#stepsSinceRest = 0;
  }

  /** @throws PageLimit */
  fetch(): void {
    const max = this.#limits.fetches;
    if (++this.#fetches > max) {
      throw new PageLimit('VXML_TOO_MANY_FETCHES', `more than ${max} addresses were fetched`);
    }
  }
}
