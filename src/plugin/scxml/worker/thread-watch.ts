/**
 * Whether a thread will answer again. It is judged by the processor time it has used since it last did, and
 * hardly by the clock: where others take the processors, an honest thread is silent for as long as one
 * that runs away, and the sessions on it would end for nothing.
 */
import type { Clock } from '../../../ports.js';

const PING_INTERVAL_MS = 1000;
/** More than any turn may take by the clock (5 s): who has used that much in one go is not coming back. */
const SPENT_MAX_MS = 6000;
/** For a thread that stands still, has not come up, or whose processor time nobody knows. */
const UNANSWERED_PINGS_MAX = 60;

/** What is watched. */
export interface WatchedThread {
  /** To be answered: `ThreadWatch.answered`. */
  ping(): void;
  /** Processor time it has used since it began, ms; undefined when it is not known. */
  processorMs(): number | undefined;
}

export class ThreadWatch {
  readonly #thread: WatchedThread;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #onHung: (why: string) => void;
  /** Counted, not timed: when the thread that asks was itself held up, no other is to blame. */
  #unanswered = 0;
  /** What it had used when the first of them went unanswered. */
  #usedBeforeMs: number | undefined;
  #stopTimer: () => void = () => undefined;

  /** @param onHung once; nothing is asked any more */
  constructor(thread: WatchedThread, clock: Pick<Clock, 'after'>, onHung: (why: string) => void) {
    this.#thread = thread;
    this.#clock = clock;
    this.#onHung = onHung;
    this.#ask();
  }

  /** Has left a ping unanswered. */
  get isSlow(): boolean {
    return this.#unanswered > 1;
  }

  answered(): void {
    this.#unanswered = 0;
    this.#usedBeforeMs = undefined;
  }

  stop(): void {
    this.#stopTimer();
  }

  #ask(): void {
    this.#stopTimer = this.#clock.after(PING_INTERVAL_MS, () => {
      const why = this.#unanswered > 0 ? this.#whyHung() : undefined;
      if (why !== undefined) return this.#onHung(why);
      this.#unanswered++;
      this.#thread.ping();
      this.#ask();
    });
  }

  #whyHung(): string | undefined {
    const usedMs = this.#thread.processorMs();
    this.#usedBeforeMs ??= usedMs;
    const spentMs = (usedMs ?? 0) - (this.#usedBeforeMs ?? 0);
    if (spentMs > SPENT_MAX_MS) return `no answer for ${Math.round(spentMs)} ms of processor time`;
    if (this.#unanswered < UNANSWERED_PINGS_MAX) return undefined;
    return `no answer to ${UNANSWERED_PINGS_MAX} pings`;
  }
}
