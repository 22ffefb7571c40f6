/**
 * Counts what one macrostep spends, and ends the session that spends too much. One per session; the
 * counts start again with each macrostep. Script time is counted in interrupts, not by the clock, so
 * that a busy machine does not make an honest script look endless; the clock is the outer bound.
 */
import type { Clock } from '../../../ports.js';
import { LimitError, type LimitCode } from '../errors.js';
import type { Limits } from '../limits.js';
import type { ScriptBudget } from '../script/engine-contract.js';
import type { Work } from './work.js';

export class TurnGuard implements ScriptBudget {
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #work: Work;
  #startedAtMs = 0;
  #ticks = 0;
  #actions = 0;
  #eventless = 0;
  #internal = 0;

  /** @param work of its family, macrostep after macrostep */
  constructor(limits: Limits, clock: Clock, work: Work) {
    this.#limits = limits;
    this.#clock = clock;
    this.#work = work;
    this.begin();
  }

  begin(): void {
    this.#startedAtMs = this.#clock.nowMs();
    this.#ticks = 0;
    this.#actions = 0;
    this.#eventless = 0;
    this.#internal = 0;
  }

  tick(): boolean {
    this.#ticks++;
    this.#work.tick();
    return this.isScriptOver;
  }

  get isScriptOver(): boolean {
    return this.#ticks > this.#limits.scriptTicks || this.#work.isTooMuch || this.#isLate();
  }

  get overCode(): LimitCode {
    return this.#work.isTooMuch ? 'SCXML_TOO_BUSY' : 'SCXML_SCRIPT_TOO_LONG';
  }

  /** @throws LimitError */
  countAction(): void {
    const max = this.#limits.actionsPerMacrostep;
    if (++this.#actions > max)
      throw new LimitError('SCXML_TOO_MANY_ACTIONS', `more than ${max} actions in one macrostep`);
    if (this.#actions % 64 === 0) this.#checkTime();
  }

  /** @throws LimitError */
  countEventless(): void {
    const max = this.#limits.microstepsPerMacrostep;
    if (++this.#eventless > max)
      throw new LimitError(
        'SCXML_EVENTLESS_LOOP',
        `more than ${max} eventless transitions in a row`,
      );
    this.#work.step();
    checkWork(this.#work);
    this.#checkTime();
  }

  /** @throws LimitError */
  countInternal(): void {
    const max = this.#limits.microstepsPerMacrostep;
    if (++this.#internal > max)
      throw new LimitError(
        'SCXML_INTERNAL_EVENT_LOOP',
        `more than ${max} internal events in one macrostep`,
      );
    this.#work.step();
    checkWork(this.#work);
    this.#checkTime();
  }

  #checkTime(): void {
    if (this.#isLate())
      throw new LimitError(
        'SCXML_MACROSTEP_TOO_LONG',
        `one macrostep took more than ${this.#limits.macrostepMs} ms`,
      );
  }

  #isLate(): boolean {
    return this.#clock.nowMs() - this.#startedAtMs > this.#limits.macrostepMs;
  }
}

/** @throws LimitError when the family works too much */
export function checkWork(work: Work): void {
  if (work.isTooMuch)
    throw new LimitError('SCXML_TOO_BUSY', 'it takes more of the processor than pages may');
}
