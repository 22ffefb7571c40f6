/**
 * Keeps new work away from a server that fails at it, and lets it back in by trials of our own: no
 * customer's call is the experiment. Closed, it lets everything pass; failures in a row open it; after
 * a pause one trial is made, whose success closes it and whose failure makes the next pause longer.
 *
 *   closed ── failures in a row ──> open ── pause ──> trial ── success ──> closed
 *                                    ^                  └── failure, longer pause ──┐
 *                                    └──────────────────────────────────────────────┘
 */
import type { Clock } from '../../ports.js';

export interface BreakerOptions {
  readonly clock: Clock;
  /** Failures in a row that open it. */
  readonly failuresToOpen: number;
  readonly firstPauseMs: number;
  readonly pauseMaxMs: number;
  /** Rejects when the server fails again. */
  trial(): Promise<void>;
  /** After a trial that failed so the next pause is not longer. */
  isPassing?(thrown: unknown): boolean;
  /** Called when it opens and when it closes. */
  onChange(isClosed: boolean, why: string): void;
}

const GROWTH = 2;

export class CircuitBreaker {
  #failureCount = 0;
  /** Undefined while closed. */
  #openedBecause: string | undefined;
  #pauseMs: number;
  #isTrying = false;
  #isStopped = false;
  #cancelPause: () => void = () => undefined;

  constructor(private readonly options: BreakerOptions) {
    this.#pauseMs = options.firstPauseMs;
  }

  get isClosed(): boolean {
    return this.#openedBecause === undefined;
  }

  /** Why nothing passes; undefined while closed. */
  get why(): string | undefined {
    return this.#openedBecause;
  }

  succeeded(): void {
    this.#failureCount = 0;
  }

  /** @param atOnce the failure is one that will not pass by itself, so that one is enough */
  failed(why: string, atOnce = false): void {
    this.#failureCount += 1;
    const isEnough = atOnce || this.#failureCount >= this.options.failuresToOpen;
    if (this.isClosed && isEnough) this.open(why);
  }

  /** Opens now; the first trial comes after the first pause. */
  open(why: string): void {
    if (this.#isStopped) return;
    const wasClosed = this.isClosed;
    this.#openedBecause = why;
    if (!wasClosed) return;
    this.options.onChange(false, why);
    this.#tryLater();
  }

  /** Makes the trial now instead of after the pause; nothing to do while closed. */
  tryNow(): Promise<void> {
    if (this.isClosed || this.#isStopped || this.#isTrying) return Promise.resolve();
    this.#cancelPause();
    return this.#try();
  }

  /** Closes it without a trial: the server was replaced or connected anew and has just been tried. */
  reset(): void {
    this.#cancelPause();
    this.#failureCount = 0;
    this.#pauseMs = this.options.firstPauseMs;
    const wasOpen = !this.isClosed;
    this.#openedBecause = undefined;
    if (wasOpen) this.options.onChange(true, 'it works again');
  }

  /** No trial follows. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelPause();
  }

  #tryLater(): void {
    this.#cancelPause = this.options.clock.after(this.#pauseMs, () => void this.#try());
    this.#pauseMs = Math.min(this.options.pauseMaxMs, this.#pauseMs * GROWTH);
  }

  async #try(): Promise<void> {
    this.#isTrying = true;
    try {
      await this.options.trial();
      if (!this.#isStopped) this.reset();
    } catch (thrown) {
      this.#openedBecause ??= String(thrown);
      if (this.options.isPassing?.(thrown)) this.#pauseMs = this.options.firstPauseMs;
      if (!this.#isStopped) this.#tryLater();
    } finally {
      this.#isTrying = false;
    }
  }
}
