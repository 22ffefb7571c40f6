/**
 * Data models made before anybody needs them: half of what a session's start takes is the making of its
 * engine. A few stand ready, each used by one session only; one that is taken is replaced when the
 * thread has nothing better to do.
 */
import type { Clock } from '../../../ports.js';
import type { Limits } from '../limits.js';
import type { EnginePool } from './engine-pool.js';
import { ScriptEngine, type ScriptBudget } from './script-engine.js';

/** After the latest start; while starts follow each other, nothing is made in between. */
const REFILL_AFTER_MS = 20;
/** For an engine that nobody uses yet. */
const UNUSED: ScriptBudget = { tick: () => false, isScriptOver: false };

export class EngineShelf {
  readonly #pool: EnginePool;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #size: number;
  readonly #ready: ScriptEngine[] = [];
  #stopTimer: () => void = () => undefined;

  /** @param size engines kept ready; 0 keeps none, and sets no timer */
  constructor(pool: EnginePool, limits: Limits, clock: Clock, size: number) {
    this.#pool = pool;
    this.#limits = limits;
    this.#clock = clock;
    this.#size = size;
    this.#refill();
  }

  take(budget: ScriptBudget): ScriptEngine {
    if (this.#size > 0) {
      this.#stopTimer();
      this.#stopTimer = this.#clock.after(REFILL_AFTER_MS, () => this.#refill());
    }
    for (let engine = this.#ready.pop(); engine; engine = this.#ready.pop()) {
      if (!engine.instance.isBroken) {
        engine.setBudget(budget);
        return engine;
      }
      engine.dispose();
    }
    return new ScriptEngine(this.#pool.take(), this.#limits, budget);
  }

  #refill(): void {
    while (this.#ready.length < this.#size)
      this.#ready.push(new ScriptEngine(this.#pool.take(), this.#limits, UNUSED));
  }
}
