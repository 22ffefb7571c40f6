/**
 * QuickJS in WebAssembly, a few instances per thread with many sessions each: an instance of its own
 * per session would cost ten times the start and the memory. When a script breaks its instance
 * (memory really used up, the machine stack overrun), the instance takes no new session and is
 * forgotten when its last one has ended; the others on it go on. A broken runtime is never disposed,
 * which would abort.
 */
import type { QuickJSRuntime, QuickJSWASMModule } from 'quickjs-emscripten-core';
import { newQuickJs } from './quickjs-module.js';

/** Enough that retiring one is no event, few enough to share well. */
const DEFAULT_INSTANCES = 4;

/** One WebAssembly instance. */
export class EngineInstance {
  readonly #module: QuickJSWASMModule;
  readonly #onBroken: () => void;
  #sessions = 0;
  #isBroken = false;

  constructor(module: QuickJSWASMModule, onBroken: () => void) {
    this.#module = module;
    this.#onBroken = onBroken;
  }

  get sessions(): number {
    return this.#sessions;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  open(): QuickJSRuntime {
    const runtime = this.#module.newRuntime();
    this.#sessions++;
    return runtime;
  }

  /** The session is over; its runtime was disposed, or broke and was left. */
  close(): void {
    this.#sessions--;
  }

  markBroken(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#onBroken();
  }
}

export class EnginePool {
  readonly #size: number;
  #instances: EngineInstance[] = [];
  #retired = 0;
  #lastRetired: EngineInstance | null = null;
  #filling: Promise<void> | null = null;

  private constructor(size: number) {
    this.#size = size;
  }

  /** A pool of `size` instances that are ready. */
  static async create(size = DEFAULT_INSTANCES): Promise<EnginePool> {
    const pool = new EnginePool(size);
    await pool.#fill();
    return pool;
  }

  /** Whether there is an instance that works. */
  get isReady(): boolean {
    return this.#instances.length > 0;
  }

  /** Waits until there is an instance that works. */
  async ready(): Promise<void> {
    if (!this.isReady) await this.#fill();
  }

  /** The instance with the fewest sessions. */
  take(): EngineInstance {
    const [first, ...others] = this.#instances;
    if (!first) return this.#lastResort();
    return others.reduce((best, one) => (one.sessions < best.sessions ? one : best), first);
  }

  /** Instances retired so far. */
  get retired(): number {
    return this.#retired;
  }

  /** All broke within one tick: the newest of them still works for whoever did not break it. */
  #lastResort(): EngineInstance {
    if (!this.#lastRetired) throw new Error('the pool was not started');
    return this.#lastRetired;
  }

  #fill(): Promise<void> {
    this.#filling ??= this.#addMissing().finally(() => (this.#filling = null));
    return this.#filling;
  }

  async #addMissing(): Promise<void> {
    while (this.#instances.length < this.#size) {
      const module = await newQuickJs();
      const instance: EngineInstance = new EngineInstance(module, () => this.#retire(instance));
      this.#instances.push(instance);
    }
  }

  #retire(instance: EngineInstance): void {
    this.#retired++;
    this.#lastRetired = instance;
    this.#instances = this.#instances.filter((other) => other !== instance);
    // Should it fail, the next start tries again.
    this.#fill().catch(() => undefined);
  }
}
