/**
 * `CallbackStore` on one SQLite file, for one process. This side of it only numbers operations,
 * posts them to the worker thread and settles promises; all SQL runs over there.
 *
 * Order is the order of the calls: one port, one thread. Nothing is retried here; after a failed
 * write the store tells its listeners and tries a harmless write once a second until one succeeds.
 */

import { Worker } from 'node:worker_threads';
import {
  StoreError,
  type AttemptRecord,
  type CallbackQuery,
  type CallbackRecord,
  type CallbackStore,
  type CancelledBy,
  type CancelResult,
  type Change,
  type CommitOptions,
  type CommitResult,
  type JournalStep,
  type Leftover,
  type LegRecord,
  type NewCallback,
  type Reschedule,
  type RescheduleResult,
  type StoreErrorCode,
  type StoreStats,
} from '../../schedule/callback-store.js';
import type { TrailEntry } from '../../report/trail.js';
import { workerEntry } from '../../worker-entry.js';
import {
  isWrite,
  type FromWorker,
  type NumberedOperation,
  type Operation,
  type Outcome,
  type Results,
  type ToWorker,
  type WorkerOptions,
} from './messages.js';

/** Far above what live calls produce; reached only when the disk stands still. */
const PENDING_MAX = 20_000;
const PROBE_INTERVAL_MS = 1000;
/** Longest that something nobody waits for stays here, to be written together with what follows. */
const WRITE_BEHIND_MS = 50;
const PURGE_BATCH = 500;
/** Someone reading the file by hand may hold a checkpoint back for a moment. */
const BUSY_TIMEOUT_MS = 5000;

/** Failures of the disk, as opposed to contradictions in what was asked. */
const DISK_FAILURES: ReadonlySet<StoreErrorCode> = new Set([
  'STORE_BUSY',
  'STORE_FULL',
  'STORE_FAILED',
  'STORE_UNREADABLE',
  'STORE_OVERLOADED',
]);

export interface SqliteStoreOptions {
  /** Path of the database file (its folder is made when missing), or `:memory:`. */
  readonly file: string;
  /** The file may not grow past this many bytes; 0, the default, means no limit. */
  readonly sizeMaxBytes?: number;
  /** How long a write waits for somebody else who has the file locked; 5000 by default. */
  readonly busyTimeoutMs?: number;
}

interface Pending {
  readonly operation: Operation;
  readonly settle: (outcome: Outcome) => void;
}

/**
 * Opens the store, creating or upgrading the file.
 * @throws StoreError `STORE_LOCKED` when another process has it, `STORE_UNREADABLE` when a newer
 *   version wrote it or it is no database, `STORE_FAILED` for everything else
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<CallbackStore> {
  const workerData: WorkerOptions = {
    sizeMaxBytes: 0,
    busyTimeoutMs: BUSY_TIMEOUT_MS,
    ...options,
  };
  const worker = new Worker(workerEntry(import.meta.url, './worker'), { workerData });
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (message: FromWorker) => {
      worker.off('error', reject);
      if (message.kind !== 'open-failed') return resolve();
      reject(new StoreError(message.failure.code, message.failure.message));
    });
  });
  return new SqliteStore(worker);
}

class SqliteStore implements CallbackStore {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #workHandlers = new Set<() => void>();
  readonly #failureHandlers = new Set<(error: StoreError) => void>();
  readonly #hasExited: Promise<void>;
  #nextId = 1;
  #isWritable = true;
  #isClosed = false;
  #probeTimer: NodeJS.Timeout | undefined;
  readonly #outbox: NumberedOperation[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  #flushAtMs = 0;
  #isFlushing = false;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => this.#onMessage(message));
    worker.on('error', (error) => this.#onWorkerGone(error.message));
    this.#hasExited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#onWorkerGone('The store thread ended.');
        resolve();
      });
    });
  }

  accept(callback: NewCallback, idempotencyKey?: string): Promise<CallbackRecord> {
    return this.#send({ kind: 'accept', callback, idempotencyKey });
  }

  acceptedBefore(
    idempotencyKey: string,
    fingerprint: string | undefined,
  ): Promise<CallbackRecord | undefined> {
    return this.#send({ kind: 'accepted-before', fingerprint, idempotencyKey });
  }

  get(id: string): Promise<CallbackRecord | undefined> {
    return this.#send({ kind: 'get', id });
  }

  find(query: CallbackQuery): Promise<CallbackRecord[]> {
    return this.#send({ kind: 'find', query });
  }

  claimDue(nowMs: number, limit: number): Promise<CallbackRecord[]> {
    return this.#send({ kind: 'claim-due', nowMs, limit });
  }

  nextDueAtMs(): Promise<number | undefined> {
    return this.#send({ kind: 'next-due' });
  }

  async commit(id: string, change: Change, options: CommitOptions): Promise<CommitResult> {
    // A lock that may be refused has to be waited for, whatever was asked.
    const isAwaited = options.durable || change.dialLock === 'take';
    // What is on the wire is told at once: after a crash it is ended by what is written here.
    const isUrgent = isAwaited || change.leg !== undefined;
    const waitMs = isUrgent ? 0 : WRITE_BEHIND_MS;
    const nowMs = Date.now();
    const operation = { kind: 'commit', id, change, nowMs, isDurable: isAwaited } as const;
    const written = this.#send(operation, waitMs);
    if (isAwaited) return written;
    written.then(
      (result) => {
        if (!result.ok) this.#tellFailure(refusedBehind(id, result.why));
      },
      // `#send` has told the listeners.
      () => undefined,
    );
    return { ok: true };
  }

  requestCancel(id: string, by: CancelledBy, atMs: number): Promise<CancelResult> {
    return this.#send({ kind: 'request-cancel', id, by, atMs });
  }

  reschedule(id: string, changes: Reschedule): Promise<RescheduleResult> {
    return this.#send({ kind: 'reschedule', id, changes });
  }

  attempts(id: string): Promise<AttemptRecord[]> {
    return this.#send({ kind: 'attempts', id });
  }

  trail(id: string): Promise<TrailEntry[]> {
    return this.#send({ kind: 'trail', id });
  }

  story(id: string): Promise<JournalStep[]> {
    return this.#send({ kind: 'story', id });
  }

  takeOverLeftovers(): Promise<Leftover[]> {
    return this.#send({ kind: 'take-over' });
  }

  takeOverLegs(nowMs: number): Promise<LegRecord[]> {
    return this.#send({ kind: 'take-over-legs', nowMs });
  }

  ownerId(): Promise<string> {
    return this.#send({ kind: 'owner-id' });
  }

  /** In small batches, so that a large purge never holds up a live call's writes for long. */
  async purge(completedBeforeMs: number): Promise<number> {
    for (let total = 0; ;) {
      const count = await this.#send({ kind: 'purge', completedBeforeMs, limit: PURGE_BATCH });
      total += count;
      if (count < PURGE_BATCH) return total;
    }
  }

  onWork(handler: () => void): () => void {
    this.#workHandlers.add(handler);
    return () => this.#workHandlers.delete(handler);
  }

  onFailure(handler: (error: StoreError) => void): () => void {
    this.#failureHandlers.add(handler);
    return () => this.#failureHandlers.delete(handler);
  }

  get isWritable(): boolean {
    return this.#isWritable && !this.#isClosed;
  }

  async stats(): Promise<StoreStats> {
    const counted = await this.#send({ kind: 'stats' });
    return { ...counted, pendingCount: this.#pending.size, isWritable: this.isWritable };
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      clearTimeout(this.#probeTimer);
      this.#flush();
      this.#worker.postMessage({ kind: 'close' } satisfies ToWorker);
    }
    await this.#hasExited;
  }

  #send<K extends Operation['kind']>(
    operation: Extract<Operation, { kind: K }>,
    waitMs = 0,
  ): Promise<Results[K]> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): void => {
        if (outcome.ok) return resolve(outcome.value as Results[K]);
        const error = new StoreError(outcome.failure.code, outcome.failure.message);
        this.#judgeFailure(operation, error);
        reject(error);
      };
      if (this.#isClosed) return settle(failed('STORE_CLOSED', 'The store is closed.'));
      if (this.#pending.size >= PENDING_MAX) {
        return settle(failed('STORE_OVERLOADED', `${PENDING_MAX} operations are waiting already.`));
      }
      const id = this.#nextId++;
      this.#pending.set(id, { operation, settle });
      this.#outbox.push({ id, operation });
      this.#flushWithin(waitMs);
    });
  }

  /** Operations cross in their order, as many at a time as there are: each crossing and COMMIT costs. */
  #flushWithin(waitMs: number): void {
    if (this.#isFlushing) return;
    if (waitMs === 0) {
      this.#isFlushing = true;
      queueMicrotask(() => this.#flush());
      return;
    }
    const atMs = performance.now() + waitMs;
    if (this.#flushTimer && this.#flushAtMs <= atMs) return;
    clearTimeout(this.#flushTimer);
    this.#flushAtMs = atMs;
    this.#flushTimer = setTimeout(() => this.#flush(), waitMs);
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    this.#isFlushing = false;
    if (this.#outbox.length === 0) return;
    const operations = this.#outbox.splice(0);
    this.#worker.postMessage({ kind: 'operations', operations } satisfies ToWorker);
  }

  #onMessage(message: FromWorker): void {
    if (message.kind !== 'done') return;
    let hasWork = false;
    for (const [id, outcome] of message.outcomes) {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (pending === undefined) continue;
      if (outcome.ok && isWrite(pending.operation)) hasWork = this.#onWritten() || hasWork;
      if (outcome.ok && mayFreeWork(pending.operation)) hasWork = true;
      pending.settle(outcome);
    }
    if (hasWork) for (const handler of this.#workHandlers) handler();
  }

  /** @returns true when the store was not writable before */
  #onWritten(): boolean {
    if (this.#isWritable) return false;
    this.#isWritable = true;
    clearTimeout(this.#probeTimer);
    return true;
  }

  #judgeFailure(operation: Operation, error: StoreError): void {
    const isDisk = DISK_FAILURES.has(error.code);
    if (isDisk && isWrite(operation)) {
      this.#isWritable = false;
      this.#probeLater();
    }
    const isUnheard = operation.kind === 'commit' && error.code !== 'STORE_CLOSED';
    if ((isDisk || isUnheard) && operation.kind !== 'probe') this.#tellFailure(error);
  }

  #tellFailure(error: StoreError): void {
    for (const handler of this.#failureHandlers) handler(error);
  }

  #probeLater(): void {
    clearTimeout(this.#probeTimer);
    if (this.#isClosed) return;
    this.#probeTimer = setTimeout(() => {
      this.#send({ kind: 'probe' }).catch(() => undefined);
    }, PROBE_INTERVAL_MS);
    this.#probeTimer.unref();
  }

  #onWorkerGone(why: string): void {
    const wasClosed = this.#isClosed;
    this.#isClosed = true;
    clearTimeout(this.#probeTimer);
    clearTimeout(this.#flushTimer);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    const code = wasClosed ? 'STORE_CLOSED' : 'STORE_FAILED';
    for (const { settle } of pending) settle(failed(code, why));
    if (!wasClosed && pending.length === 0) this.#tellFailure(new StoreError(code, why));
  }
}

function failed(code: StoreErrorCode, message: string): Outcome {
  return { ok: false, failure: { code, message } };
}

function refusedBehind(id: string, why: string): StoreError {
  return new StoreError('STORE_CONFLICT', `A change of callback ${id} was refused: ${why}.`);
}

/** May `claimDue` find more after this than before it? */
function mayFreeWork(operation: Operation): boolean {
  switch (operation.kind) {
    case 'accept':
    case 'reschedule':
      return true;
    case 'commit': {
      const { dialLock, record } = operation.change;
      return dialLock === 'release' || record?.claimed === false || record?.state === 'COMPLETED';
    }
    default:
      return false;
  }
}
