/**
 * Starts callbacks when they are due: sleeps until the earliest due time, claims up to the free
 * capacity, hands each record to a session. It does not know what a session does, keeps no list of
 * callbacks, and decides nothing about retries: those are due times like any other.
 *
 * It claims nothing while the infrastructure is down or the store cannot be written, so that a
 * callback waits on disk rather than in a process that cannot dial.
 */

import type { Clock, Log } from '../ports.js';
import type { CallbackRecord, CallbackStore } from './callback-store.js';

/** Most callbacks claimed in one go; more come in the next round at once. */
const CLAIM_MAX = 50;
/** While claiming is not allowed, or after the store failed. */
const PAUSE_MS = 1000;
/** Longest sleep: notices a wall clock that was set, whatever else was missed. */
const SLEEP_MAX_MS = 10_000;

export interface SchedulerDeps {
  readonly store: Pick<
    CallbackStore,
    'claimDue' | 'nextDueAtMs' | 'commit' | 'onWork' | 'isWritable'
  >;
  readonly clock: Clock;
  readonly log: Log;
  /** Sessions that may be started now; 0 or less: none. */
  freeCapacity(): number;
  /** Signalling and media are there. Poke when that changes. */
  isReady(): boolean;
  /** Owns the record from here on. Must not throw; when it does, the callback is handed back. */
  startSession(record: CallbackRecord): void;
}

export class Scheduler {
  readonly #deps: SchedulerDeps;
  #isRunning = false;
  /** The round in progress; one at a time. */
  #round: Promise<void> | undefined;
  /** Something changed while a round was in progress. */
  #isPoked = false;
  #cancelSleep = (): void => undefined;
  #stopListening = (): void => undefined;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#stopListening = this.#deps.store.onWork(() => this.poke());
    this.poke();
  }

  /** Look again now. The store pokes by itself; call it when capacity or readiness came back. */
  poke(): void {
    if (!this.#isRunning) return;
    this.#isPoked = true;
    if (this.#round !== undefined) return;
    this.#cancelSleep();
    this.#round = this.#runRounds();
  }

  /** Claims nothing more. Resolves when a claim under way has been handed on or back. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#stopListening();
    this.#stopListening = () => undefined;
    this.#cancelSleep();
    await this.#round;
  }

  async #runRounds(): Promise<void> {
    let sleepMs = 0;
    while (this.#isRunning && this.#isPoked) {
      this.#isPoked = false;
      sleepMs = await this.#claim();
      if (sleepMs <= 0) this.#isPoked = true;
    }
    this.#round = undefined;
    if (!this.#isRunning) return;
    this.#cancelSleep = this.#deps.clock.after(sleepMs, () => this.poke());
  }

  /** @returns how long to sleep; 0 = there may be more to claim at once */
  async #claim(): Promise<number> {
    const { store, clock } = this.#deps;
    if (!store.isWritable || !this.#deps.isReady()) return PAUSE_MS;
    const limit = Math.min(this.#deps.freeCapacity(), CLAIM_MAX);
    if (limit <= 0) return PAUSE_MS;
    try {
      // Asked together, answered in this order.
      const [records, nextDueAtMs] = await Promise.all([
        store.claimDue(clock.nowMs(), limit),
        store.nextDueAtMs(),
      ]);
      for (const record of records) await this.#handOn(record);
      if (records.length === limit) return 0;
      if (nextDueAtMs === undefined) return SLEEP_MAX_MS;
      return Math.min(Math.max(nextDueAtMs - clock.nowMs(), 0), SLEEP_MAX_MS);
    } catch (error) {
      this.#deps.log.error({ error: String(error) }, 'The store could not be asked for work.');
      return PAUSE_MS;
    }
  }

  async #handOn(record: CallbackRecord): Promise<void> {
    if (this.#isRunning) {
      try {
        this.#deps.startSession(record);
        return;
      } catch (error) {
        const fields = { callbackId: record.id, error: String(error) };
        this.#deps.log.error(fields, 'A session could not be started.');
      }
    }
    // Claimed and not started: back to the disk, a little later when starting it failed.
    const delayMs = this.#isRunning ? SLEEP_MAX_MS : 0;
    const dueAtMs = Math.max(record.dueAtMs, this.#deps.clock.nowMs() + delayMs);
    await this.#deps.store.commit(
      record.id,
      { atMs: this.#deps.clock.nowMs(), record: { claimed: false, dueAtMs } },
      { durable: true },
    );
  }
}
