/**
 * Data models made before anybody needs them: nine tenths of what a session's start takes is the making
 * of its engine and the compiling of its page's expressions. A few stand ready for each of the pages
 * that were started again last, and a few for any other; each is used by one session only, and one that is
 * taken is replaced when the thread has nothing better to do.
 */
import type { Clock } from '../../../ports.js';
import type { ScriptError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { EnginePool } from './engine-pool.js';
import type { CallHost, ScriptBudget } from './engine-contract.js';
import { ScriptEngine } from './script-engine.js';

/** One engine is made at a time, so that a start that comes meanwhile waits for one at most. */
const REFILL_AFTER_MS = 20;
const BETWEEN_ENGINES_MS = 5;
/** Pages for which engines stand ready. */
const MOULDS_MAX = 4;
/** For an engine that nobody uses yet. */
const UNUSED: ScriptBudget = { tick: () => false, isScriptOver: false };

/** What the data models of one page have in common. Runs nothing of the page. */
export interface Mould {
  /** @returns what is wrong with the page's data, for its session to hear. @throws LimitError */
  shape(engine: ScriptEngine): readonly ScriptError[];
}

export interface ShapedEngine {
  readonly engine: ScriptEngine;
  readonly troubles: readonly ScriptError[];
}

export class EngineShelf {
  readonly #pool: EnginePool;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #size: number;
  readonly #outfit: (engine: ScriptEngine) => void;
  /** For any page. */
  readonly #plain: ScriptEngine[] = [];
  /** The page that was started last stands at the end. */
  readonly #shaped = new Map<Mould, ShapedEngine[]>();
  /** Pages that were started once; one that never comes again is not prepared for. */
  readonly #seen = new WeakSet<Mould>();
  #isRefilling = false;

  /**
   * @param size engines kept ready for each page, and for any; 0 keeps none, and sets no timer
   * @param outfit what each of them gets, whatever its page
   */
  constructor(
    pool: EnginePool,
    limits: Limits,
    clock: Clock,
    size: number,
    outfit: (engine: ScriptEngine) => void = () => undefined,
  ) {
    this.#pool = pool;
    this.#limits = limits;
    this.#clock = clock;
    this.#size = size;
    this.#outfit = outfit;
    while (this.#plain.length < size) this.#plain.push(this.#newEngine());
  }

  /** @throws LimitError when not even an empty data model fits the memory it may have */
  take(mould: Mould, budget: ScriptBudget, callHost: CallHost): ShapedEngine {
    this.#note(mould);
    this.#refillAfter(REFILL_AFTER_MS);
    const ready = this.#shaped.get(mould) ?? [];
    const shaped = takeWorking(ready, ({ engine }) => engine);
    if (shaped) {
      shaped.engine.adopt(budget, callHost);
      return shaped;
    }
    const engine = takeWorking(this.#plain, (one) => one) ?? this.#newEngine();
    const made = this.#shape(engine, mould);
    engine.adopt(budget, callHost);
    return made;
  }

  #note(mould: Mould): void {
    if (this.#size === 0) return;
    if (!this.#seen.has(mould)) {
      this.#seen.add(mould);
      return;
    }
    const ready = this.#shaped.get(mould) ?? [];
    this.#shaped.delete(mould);
    this.#shaped.set(mould, ready);
    for (const [oldest, unused] of this.#shaped) {
      if (this.#shaped.size <= MOULDS_MAX) break;
      this.#shaped.delete(oldest);
      for (const { engine } of unused) engine.dispose();
    }
  }

  #refillAfter(ms: number): void {
    if (this.#isRefilling || this.#size === 0) return;
    this.#isRefilling = true;
    this.#clock.after(ms, () => {
      this.#isRefilling = false;
      if (this.#makeOne()) this.#refillAfter(BETWEEN_ENGINES_MS);
    });
  }

  /** @returns whether one was missing */
  #makeOne(): boolean {
    if (this.#plain.length < this.#size) {
      this.#plain.push(this.#newEngine());
      return true;
    }
    for (const [mould, ready] of [...this.#shaped].reverse()) {
      if (ready.length >= this.#size) continue;
      try {
        ready.push(this.#shape(this.#newEngine(), mould));
      } catch {
        // A page too large for its memory: whoever starts it is told so.
        this.#shaped.delete(mould);
      }
      return true;
    }
    return false;
  }

  #shape(engine: ScriptEngine, mould: Mould): ShapedEngine {
    return { engine, troubles: orDisposed(engine, () => mould.shape(engine)) };
  }

  #newEngine(): ScriptEngine {
    const engine = new ScriptEngine(this.#pool.take(), this.#limits, UNUSED);
    orDisposed(engine, () => this.#outfit(engine));
    return engine;
  }
}

function orDisposed<T>(engine: ScriptEngine, run: () => T): T {
  try {
    return run();
  } catch (error) {
    engine.dispose();
    throw error;
  }
}

function takeWorking<T>(ready: T[], engineOf: (one: T) => ScriptEngine): T | undefined {
  for (let one = ready.pop(); one !== undefined; one = ready.pop()) {
    const engine = engineOf(one);
    if (!engine.instance.isBroken) return one;
    engine.dispose();
  }
  return undefined;
}
