/**
 * The store's thread. It takes every operation that is waiting, performs them in order inside one
 * BEGIN IMMEDIATE .. COMMIT, and answers only after the COMMIT: many callers share one fsync, and
 * what was answered is on disk. Nothing is decided here.
 *
 * When an operation fails, its batch is done again, and it undoes itself alone (savepoint). When the
 * disk fails, the batch fails.
 */

import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { StoreError } from '../../schedule/callback-store.js';
import {
  isWrite,
  mayFollow,
  mustReachDisk,
  type Failure,
  type FromWorker,
  type NumberedOperation,
  type Operation,
  type Outcome,
  type ToWorker,
  type WorkerOptions,
} from './messages.js';
import { perform } from './operations.js';
import { migrate } from './schema.js';
import { SQLITE } from './sqlite-dialect.js';
import { openDatabase, toStoreError, type Database } from './sqlite-driver.js';

/** Bounds one transaction, and with it the longest wait of whoever came just after it began. */
const BATCH_MAX = 500;
/** The file belongs to the service alone: it holds customers' numbers. */
const FILE_MODE = 0o600;

/** Pages in the write-ahead log from which on it is copied into the file; SQLite's own default. */
const LOG_PAGES_MAX = 1000;
/** Operations between two looks at it: a look costs as much as a small one of them, which writes some ten pages. */
const LOOK_AT_LOG_EVERY = 16;
/** What it may take of the disk for good, should somebody who reads keep it from being copied for a while. */
const LOG_MAX_BYTES = 8 * 1024 * 1024;

const MEMORY = ':memory:';

interface Opened {
  readonly database: Database;
  /** Held open for the process' life: its lock keeps a second process out. */
  readonly lock?: Database;
}

function open(options: WorkerOptions): Opened {
  if (options.file === MEMORY) return { database: prepareDatabase(options) };
  mkdirSync(dirname(options.file), { recursive: true });
  closeSync(openSync(options.file, 'a', FILE_MODE));
  const lock = takeProcessLock(`${options.file}.lock`);
  try {
    return { database: prepareDatabase(options), lock };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/**
 * An exclusive transaction on an empty database beside the real one. The operating system drops the
 * lock with the process, however it ends, and the real file stays readable for inspection.
 */
function takeProcessLock(file: string): Database {
  const lock = openDatabase(file, 0);
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (toStoreError(error).code !== 'STORE_BUSY') throw error;
    throw new StoreError('STORE_LOCKED', `Another process uses this store (${file}).`);
  }
}

function prepareDatabase(options: WorkerOptions): Database {
  const database = openDatabase(options.file, options.busyTimeoutMs);
  try {
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA wal_autocheckpoint = 0');
    database.exec(`PRAGMA journal_size_limit = ${LOG_MAX_BYTES}`);
    migrate(database);
    if (options.sizeMaxBytes > 0) limitSize(database, options.sizeMaxBytes);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function limitSize(database: Database, sizeMaxBytes: number): void {
  const pageBytes = Number(database.get('PRAGMA page_size')?.['page_size']);
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(sizeMaxBytes / pageBytes))}`);
}

type Numbered = readonly [number, Outcome];

/** As the last batch had it; unknown before the first. */
let wasFull: boolean | undefined;

/**
 * FULL: an acknowledged row survives a loss of power; NORMAL was seen to lose some. What nobody waits
 * for survives the process with NORMAL, at once, and the power with the next COMMIT that is FULL.
 */
function setDurability(database: Database, batch: readonly NumberedOperation[]): void {
  const isFull = batch.some(({ operation }) => mustReachDisk(operation) && !mayFollow(operation));
  if (isFull === wasFull) return;
  database.exec(`PRAGMA synchronous = ${isFull ? 'FULL' : 'NORMAL'}`);
  wasFull = isFull;
}

/**
 * @param isCareful each operation with a way back of its own. That costs a fifth of a new callback, and
 *   hardly ever anything fails: it is for the second try.
 */
function performBatch(
  database: Database,
  batch: readonly NumberedOperation[],
  isCareful = false,
): Numbered[] {
  let isOnesOwn = false;
  try {
    setDurability(database, batch);
    // Reading goes on while somebody else has the file locked for writing.
    const writes = batch.some(({ operation }) => isWrite(operation));
    database.exec(writes ? 'BEGIN IMMEDIATE' : 'BEGIN');
    isOnesOwn = true;
    const outcomes = batch.map(({ id, operation }): Numbered => [
      id,
      isCareful
        ? attempt(database, operation)
        : { ok: true, value: database.perform(perform(operation, SQLITE)) },
    ]);
    isOnesOwn = false;
    database.exec('COMMIT');
    return outcomes;
  } catch (error) {
    try {
      database.exec('ROLLBACK');
    } catch {
      // The failure itself may have rolled back already; there is nothing left to undo.
    }
    const failure = failureOf(error);
    const mayOthersPass = isOnesOwn && batch.length > 1 && failure.code !== 'STORE_FULL';
    if (mayOthersPass && !isCareful) return performBatch(database, batch, true);
    return batch.map(({ id }): Numbered => [id, { ok: false, failure }]);
  }
}

/** One operation inside the batch. @throws when the batch as a whole cannot go on */
function attempt(database: Database, operation: Operation): Outcome {
  database.run('SAVEPOINT operation');
  try {
    const value = database.perform(perform(operation, SQLITE));
    database.run('RELEASE operation');
    return { ok: true, value };
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code === 'STORE_FULL') throw error;
    database.exec('ROLLBACK TO operation');
    database.exec('RELEASE operation');
    return { ok: false, failure };
  }
}

function failureOf(error: unknown): Failure {
  const { code, message } = toStoreError(error);
  return { code, message };
}

/**
 * Its writes and syncs are for those who come next, not for who waits for a COMMIT: SQLite's way.
 * @returns whether the log was long
 */
function checkpoint(database: Database): boolean {
  try {
    // NOOP only counts; a SQLite older than 3.51 does not know it and copies at once.
    const log = database.get('PRAGMA wal_checkpoint(NOOP)')?.['log'];
    if (Number(log) < LOG_PAGES_MAX) return false;
    database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {
    // What is in the log stays there; a disk that takes nothing shows at the next COMMIT.
  }
  return true;
}

function run(): void {
  const port = parentPort;
  if (port === null) throw new Error('The store runs in a worker thread.');
  const send = (message: FromWorker): void => port.postMessage(message);

  let opened: Opened;
  try {
    const options: unknown = workerData;
    opened = open(options as WorkerOptions);
  } catch (error) {
    send({ kind: 'open-failed', failure: failureOf(error) });
    port.close();
    return;
  }

  let isClosing = false;
  /** Operations. */
  let untilLookAtLog = 0;
  const work = (first: ToWorker): void => {
    let batch: NumberedOperation[] = [];
    const flush = (): void => {
      if (batch.length === 0) return;
      send({ kind: 'done', outcomes: performBatch(opened.database, batch) });
      untilLookAtLog -= batch.length;
      batch = [];
      if (untilLookAtLog > 0) return;
      // Somebody who reads may keep it from being copied, or from being begun anew: at once again, then.
      untilLookAtLog = checkpoint(opened.database) ? 0 : LOOK_AT_LOG_EVERY;
    };
    for (let next: ToWorker | undefined = first; next !== undefined; next = take()) {
      if (next.kind === 'close') {
        isClosing = true;
        break;
      }
      batch.push(...next.operations);
      if (batch.length >= BATCH_MAX) flush();
    }
    flush();
    if (isClosing) shut();
  };
  const take = (): ToWorker | undefined => {
    const waiting: { message: unknown } | undefined = receiveMessageOnPort(port);
    return waiting?.message as ToWorker | undefined;
  };
  const shut = (): void => {
    opened.database.close();
    opened.lock?.close();
    port.close();
  };

  port.on('message', (message: ToWorker) => {
    if (!isClosing) work(message);
  });
  send({ kind: 'opened' });
}

run();
