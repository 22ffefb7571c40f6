/**
 * Starts callbacks when they are due: sleeps until the earliest due time, claims up to the free
 * capacity, hands each record to a session. It does not know what a session does, keeps no list of
 * callbacks, and decides nothing about retries: those are due times like any other.
 *
 * When more is due than there is room for, the services share the room by their weights, however long
 * the backlog of one of them is. What is left over from an outage comes after what is due now.
 *
 * It claims nothing while the infrastructure is down or the store cannot be written, so that a
 * callback waits on disk rather than in a process that cannot dial.
 */

import type { Clock, Log } from '../ports.js';
import type { CallbackRecord, CallbackStore } from './callback-store.js';
import type { ClaimOf, DueService } from './due-services.js';
import { FairShare } from './fair-share.js';
import { Rounds } from './rounds.js';

/** Most callbacks claimed in one go; more come in the next round at once. */
const CLAIM_MAX = 50;
/** While claiming is not allowed, or after the store failed. */
const PAUSE_MS = 1000;
/**
 * What nobody waits for to the millisecond, as a number that is free again, is looked for together with
 * what comes meanwhile: each look is a transaction.
 */
const SOON_MS = 100;
/** Longest sleep: notices a wall clock that was set, whatever else was missed. */
const SLEEP_MAX_MS = 10_000;

export interface SchedulerDeps {
  readonly store: Pick<
    CallbackStore,
    'claimDue' | 'dueServices' | 'commit' | 'onWork' | 'isWritable'
  >;
  readonly clock: Clock;
  readonly log: Log;
  /** Sessions that may be started now; 0 or less: none. */
  freeCapacity(): number;
  /** What a service may have of it now; a service that is not configured is told what it is in time. */
  roomOf?: ((serviceName: string) => ServiceRoom) | undefined;
  /** Asked before each round: can callbacks be dialled at all? */
  onRound?: ((isOpen: boolean) => void) | undefined;
  /** Signalling and media are there. Poke when that changes. */
  isReady(): boolean;
  /** Owns the record from here on. Must not throw; when it does, the callback is handed back. */
  startSession(record: CallbackRecord): void;
}

export interface ServiceRoom {
  /** Sessions that may be started; 0 or less: none. */
  readonly free: number;
  /** Of the room that there is for all. */
  readonly share: number;
  /** Overdue by more than this it comes after the others. */
  readonly leftOverAfterMs: number;
}

const ANY_ROOM: ServiceRoom = { free: Infinity, share: 1, leftOverAfterMs: Infinity };

export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #shares = new FairShare();
  readonly #rounds: Rounds;
  #stopListening = (): void => undefined;
  /** More was due than there was room for. */
  #isShort = false;
  /** Since the latest round began. */
  #hasRoomCome = false;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#rounds = new Rounds(deps.clock, () => this.#claim());
  }

  start(): void {
    if (this.#rounds.isRunning) return;
    this.#stopListening = this.#deps.store.onWork((when) =>
      when === 'soon' ? this.#rounds.pokeWithin(SOON_MS) : this.poke(),
    );
    this.#rounds.start();
  }

  /** Look again now. The store pokes by itself; call it when readiness came back. */
  poke(): void {
    this.#rounds.poke();
  }

  /** There is room for another session: looks again if some of what is due had none. */
  roomCame(): void {
    if (this.#isShort) this.#rounds.poke();
    else this.#hasRoomCome = true;
  }

  /** Claims nothing more. Resolves when a claim under way has been handed on or back. */
  async stop(): Promise<void> {
    this.#stopListening();
    this.#stopListening = () => undefined;
    await this.#rounds.stop();
  }

  /** @returns how long to sleep; 0 = there may be more to claim at once */
  async #claim(): Promise<number> {
    const { store, clock } = this.#deps;
    const isOpen = store.isWritable && this.#deps.isReady();
    this.#deps.onRound?.(isOpen);
    this.#isShort = this.#hasRoomCome = false;
    if (!isOpen) return PAUSE_MS;
    const limit = Math.min(this.#deps.freeCapacity(), CLAIM_MAX);
    if (limit <= 0) return this.#waitForRoom();
    try {
      const services = await store.dueServices();
      const nowMs = clock.nowMs();
      const due = services.filter(({ dueAtMs }) => dueAtMs <= nowMs);
      if (due.length > 0) {
        const claimed = await this.#claimOf(due, limit, nowMs);
        // The next one may be due any moment now: when that is has to be asked.
        return claimed > 0 ? 0 : this.#waitForRoom();
      }
      const nextDueAtMs = Math.min(...services.map(({ dueAtMs }) => dueAtMs));
      return Math.min(Math.max(nextDueAtMs - clock.nowMs(), 0), SLEEP_MAX_MS);
    } catch (error) {
      this.#deps.log.error({ error: String(error) }, 'The store could not be asked for work.');
      return PAUSE_MS;
    }
  }

  /** @returns how long to sleep: not at all when room came while the store was asked */
  #waitForRoom(): number {
    this.#isShort = !this.#hasRoomCome;
    return this.#isShort ? PAUSE_MS : 0;
  }

  /** @returns how many were claimed */
  async #claimOf(due: readonly DueService[], limit: number, nowMs: number): Promise<number> {
    const wanting = due.map(({ serviceName: name, dueAtMs }) => {
      const room = this.#deps.roomOf?.(name) ?? ANY_ROOM;
      return { name, ...room, isLeftOver: dueAtMs < nowMs - room.leftOverAfterMs, given: 0 };
    });
    for (let left = limit; left > 0; left -= 1) {
      const open = wanting.filter(({ given, free }) => given < free);
      const [next] = this.#shares.inOrder(open);
      if (next === undefined) break;
      next.given += 1;
      this.#shares.got(next.name, next.share);
    }
    const served = wanting.filter(({ given }) => given > 0);
    const claims = served.map(async ({ name: serviceName, given, isLeftOver, leftOverAfterMs }) => {
      if (!isLeftOver) return this.#claimAs(nowMs, given, { serviceName });
      const dueFromMs = nowMs - leftOverAfterMs;
      const count = await this.#claimAs(nowMs, given, { serviceName, dueFromMs });
      if (count === given) return count;
      return count + (await this.#claimAs(nowMs, given - count, { serviceName }));
    });
    const outcomes = await Promise.allSettled(claims);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return outcomes.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0);
  }

  /** What is claimed is handed on at once, whatever becomes of other claims. @returns how many */
  async #claimAs(nowMs: number, limit: number, of: ClaimOf): Promise<number> {
    const records = await this.#deps.store.claimDue(nowMs, limit, of);
    for (const record of records) await this.#handOn(record);
    return records.length;
  }

  async #handOn(record: CallbackRecord): Promise<void> {
    if (this.#rounds.isRunning) {
      try {
        this.#deps.startSession(record);
        return;
      } catch (error) {
        const fields = { callbackId: record.id, error: String(error) };
        this.#deps.log.error(fields, 'A session could not be started.');
      }
    }
    // Claimed and not started: back to the disk, a little later when starting it failed.
    const delayMs = this.#rounds.isRunning ? SLEEP_MAX_MS : 0;
    const dueAtMs = Math.max(record.dueAtMs, this.#deps.clock.nowMs() + delayMs);
    const change = { atMs: this.#deps.clock.nowMs(), record: { claimed: false, dueAtMs } };
    try {
      await this.#deps.store.commit(record.id, change, { durable: true });
    } catch (error) {
      const fields = { callbackId: record.id, error: String(error) };
      this.#deps.log.error(fields, 'A callback could not be handed back: the next start finds it.');
    }
  }
}
