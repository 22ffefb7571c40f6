/**
 * Time for the SIP stack: one-shot timers that can be cancelled and counted. Transactions never
 * touch the system's timers themselves, so that a test can turn the clock by hand and the leak
 * check can see what is still running.
 */

export interface Scheduler {
  /** Runs once after `delayMs`; the returned function cancels it and may be called at any time. */
  schedule(delayMs: number, run: () => void): () => void;
}

/** The real clock. */
export const systemScheduler: Scheduler = {
  schedule(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Counts the timers that neither ran nor were cancelled. */
export class CountingScheduler implements Scheduler {
  #active = 0;

  constructor(readonly inner: Scheduler) {}

  get active(): number {
    return this.#active;
  }

  schedule(delayMs: number, run: () => void): () => void {
    let pending = true;
    this.#active++;
    const settle = (): boolean => {
      if (!pending) return false;
      pending = false;
      this.#active--;
      return true;
    };
    const cancel = this.inner.schedule(delayMs, () => {
      if (settle()) run();
    });
    return () => {
      if (settle()) cancel();
    };
  }
}

/** The named timers of one transaction: setting a name again replaces it. */
export class TimerSet {
  readonly #timers = new Map<string, () => void>();

  constructor(readonly scheduler: Scheduler) {}

  set(name: string, delayMs: number, run: () => void): void {
    this.clear(name);
    const cancel = this.scheduler.schedule(delayMs, () => {
      this.#timers.delete(name);
      run();
    });
    this.#timers.set(name, cancel);
  }

  clear(...names: string[]): void {
    for (const name of names) {
      this.#timers.get(name)?.();
      this.#timers.delete(name);
    }
  }

  clearAll(): void {
    this.clear(...this.#timers.keys());
  }
}
