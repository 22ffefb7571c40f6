/**
 * Ends of callbacks that no session writes, because there is none or it broke. A callback whose end is
 * not written stays claimed: nobody would dial or end it before the next start. So each is tried until
 * the store takes it.
 */
import type { Clock, Log } from './ports.js';
import type { Change, CommitResult } from './schedule/callback-store.js';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** Kept at a time. What is more is found by the next start, which takes over what is claimed. */
const KEPT_MAX = 10_000;

export interface OwedEnd {
  readonly callbackId: string;
  readonly change: Change;
  /** The end is in the store. */
  readonly onWritten: () => void;
}

export interface OwedEndsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly commit: (callbackId: string, change: Change) => Promise<CommitResult>;
}

/** Tries all that is owed, one after the other, with pauses that double while the store refuses. */
export class OwedEnds {
  readonly #owed = new Map<string, OwedEnd>();
  #pauseMs = FIRST_PAUSE_MS;
  #isTrying = false;
  #isStopped = false;
  #cancel = (): void => undefined;

  constructor(private readonly deps: OwedEndsDeps) {}

  /** Ends that are not written yet. */
  get count(): number {
    return this.#owed.size;
  }

  /** Never rejects; resolves when the first try is over. */
  async write(end: OwedEnd): Promise<void> {
    const { log } = this.deps;
    const { callbackId } = end;
    const why = await this.#try(end);
    if (why === undefined) return;
    if (this.#owed.size >= KEPT_MAX && !this.#owed.has(callbackId)) {
      log.error({ callbackId, why }, 'end not written: too many are owed, the next start finds it');
      return;
    }
    log.error({ callbackId, why }, 'end not written: tried again until it is');
    this.#owed.set(callbackId, end);
    this.#later();
  }

  /** Tries no more: whoever starts next, or takes over, ends what is left. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #later(): void {
    if (this.#isTrying || this.#isStopped) return;
    this.#isTrying = true;
    this.#cancel = this.deps.clock.after(this.#pauseMs, () => void this.#tryAll());
  }

  async #tryAll(): Promise<void> {
    let isRefused = false;
    for (const [callbackId, end] of this.#owed) {
      if (this.#isStopped) return;
      // The next one is refused for the same reason: not each of thousands is a write that fails.
      isRefused = (await this.#try(end)) !== undefined;
      if (!isRefused) {
        this.#owed.delete(callbackId);
        this.deps.log.info(
          { callbackId, left: this.#owed.size },
          'an end that was owed is written',
        );
        continue;
      }
      // Should this one alone be refused, the others have their turn before it.
      this.#owed.delete(callbackId);
      this.#owed.set(callbackId, end);
      break;
    }
    this.#pauseMs = isRefused ? Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    this.#isTrying = false;
    if (this.#owed.size > 0) this.#later();
  }

  /** @returns why it is not written; undefined when it is, or when the callback has ended otherwise */
  async #try({ callbackId, change, onWritten }: OwedEnd): Promise<string | undefined> {
    try {
      const { ok } = await this.deps.commit(callbackId, change);
      if (ok) onWritten();
      return undefined;
    } catch (error) {
      return String(error);
    }
  }
}
