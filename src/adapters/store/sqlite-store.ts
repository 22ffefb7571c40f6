/**
 * `CallbackStore` on one SQLite file, for one process. This side of it only numbers operations,
 * posts them to the worker thread and settles promises; all SQL runs over there.
 *
 * Order is the order of the calls: one port, one thread.
 */

import { Worker } from 'node:worker_threads';
import { StoreError, type CallbackStore } from '../../schedule/callback-store.js';
import { workerEntry } from '../../worker-entry.js';
import type {
  FromWorker,
  NumberedOperation,
  Operation,
  Outcome,
  Results,
  ToWorker,
  WorkerOptions,
} from './messages.js';
import { failed, OperationStore, toError, type WorkTold } from './operation-store.js';

/** Far above what live calls produce; reached only when the disk stands still. */
const PENDING_MAX = 20_000;
/** Someone reading the file by hand may hold a checkpoint back for a moment. */
const BUSY_TIMEOUT_MS = 5000;

export interface SqliteStoreOptions {
  /** Path of the database file (its folder is made when missing), or `:memory:`. */
  readonly file: string;
  /** The file may not grow past this many bytes; 0, the default, means no limit. */
  readonly sizeMaxBytes?: number;
  /** How long a write waits for somebody else who has the file locked; 5000 by default. */
  readonly busyTimeoutMs?: number;
}

/** @returns whether there may be more to claim, and when somebody wants to know */
type Pending = (outcome: Outcome) => WorkTold | undefined;

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

class SqliteStore extends OperationStore {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #hasExited: Promise<void>;
  #nextId = 1;
  readonly #outbox: NumberedOperation[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  #flushAtMs = 0;
  #isFlushing = false;

  constructor(worker: Worker) {
    super();
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

  protected get pendingCount(): number {
    return this.#pending.size;
  }

  async close(): Promise<void> {
    if (!this.isClosed) {
      this.isClosed = true;
      this.stopProbing();
      this.#flush();
      this.#worker.postMessage({ kind: 'close' } satisfies ToWorker);
    }
    await this.#hasExited;
  }

  protected send<K extends Operation['kind']>(
    operation: Extract<Operation, { kind: K }>,
    waitMs = 0,
  ): Promise<Results[K]> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): WorkTold | undefined => {
        const work = this.settled(operation, outcome);
        if (outcome.ok) resolve(outcome.value as Results[K]);
        else reject(toError(outcome));
        return work;
      };
      if (this.isClosed) {
        settle(failed('STORE_CLOSED', 'The store is closed.'));
        return;
      }
      if (this.#pending.size >= PENDING_MAX) {
        settle(failed('STORE_OVERLOADED', `${PENDING_MAX} operations are waiting already.`));
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, settle);
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
    const work = new Set<WorkTold | undefined>();
    for (const [id, outcome] of message.outcomes) {
      const settle = this.#pending.get(id);
      this.#pending.delete(id);
      work.add(settle?.(outcome));
    }
    if (work.has('now')) this.tellWork('now');
    else if (work.has('soon')) this.tellWork('soon');
  }

  #onWorkerGone(why: string): void {
    const wasClosed = this.isClosed;
    this.isClosed = true;
    this.stopProbing();
    clearTimeout(this.#flushTimer);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    const code = wasClosed ? 'STORE_CLOSED' : 'STORE_FAILED';
    for (const settle of pending) settle(failed(code, why));
    if (!wasClosed && pending.length === 0) this.tellFailure(new StoreError(code, why));
  }
}
