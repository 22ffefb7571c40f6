/**
 * The one file that names the SQLite driver. `@photostructure/sqlite` has the interface of
 * `node:sqlite` and runs on Node 20; from Node 24 on the built-in module can take its place here.
 *
 * It says nothing about schema or transactions; it turns the driver's errors into `StoreError`.
 */

import { DatabaseSync } from '@photostructure/sqlite';
import { StoreError, type StoreErrorCode } from '../../schedule/callback-store.js';
import type { SqlRow, SqlValue, Statement, StatementResult, Work } from './statements.js';

export interface Database {
  exec(sql: string): void;
  /** @returns the number of rows changed. */
  run(sql: string, ...values: SqlValue[]): number;
  get(sql: string, ...values: SqlValue[]): SqlRow | undefined;
  all(sql: string, ...values: SqlValue[]): SqlRow[];
  /** Runs statement after statement. @throws what the work throws */
  perform<T>(work: Work<T>): T;
  close(): void;
}

// Primary result codes, https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CONSTRAINT = 19;
const SQLITE_NOTADB = 26;

/** Prepared statements kept per database; the SQL here is a fixed set apart from `find`. */
const STATEMENT_CACHE_MAX = 200;

/**
 * Opens a database file, or `:memory:`.
 * @param busyTimeoutMs how long a statement waits for a lock before `STORE_BUSY`
 * @throws StoreError as for every call on the result
 */
export function openDatabase(file: string, busyTimeoutMs: number): Database {
  const inner = guard(() => new DatabaseSync(file, { timeout: busyTimeoutMs }));
  const statements = new Map<string, ReturnType<typeof inner.prepare>>();

  function prepare(sql: string): ReturnType<typeof inner.prepare> {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size >= STATEMENT_CACHE_MAX) statements.clear();
    const made = inner.prepare(sql);
    statements.set(sql, made);
    return made;
  }

  function perform({ sql, values, wants }: Statement): StatementResult {
    const statement = prepare(sql);
    if (wants === 'count') return { rows: [], count: statement.run(...values).changes };
    if (wants === 'rows') return { rows: statement.all(...values) as SqlRow[], count: 0 };
    const row = statement.get(...values) as SqlRow | undefined;
    return { rows: row === undefined ? [] : [row], count: 0 };
  }

  return {
    exec: (sql) => guard(() => inner.exec(sql)),
    run: (sql, ...values) => guard(() => prepare(sql).run(...values).changes),
    get: (sql, ...values) => guard(() => prepare(sql).get(...values) as SqlRow | undefined),
    all: (sql, ...values) => guard(() => prepare(sql).all(...values) as SqlRow[]),
    perform: (work) =>
      guard(() => {
        let step = work.next();
        while (step.done !== true) {
          step = work.next(perform(step.value));
        }
        return step.value;
      }),
    close: () => guard(() => inner.close()),
  };
}

function guard<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toStoreError(error);
  }
}

/** Names the failure; what is already a `StoreError` passes. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(codeOf(error), message);
}

function codeOf(error: unknown): StoreErrorCode {
  const extended = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof extended !== 'number') return 'STORE_FAILED';
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return 'STORE_BUSY';
    case SQLITE_FULL:
      return 'STORE_FULL';
    case SQLITE_CONSTRAINT:
      return 'STORE_CONFLICT';
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return 'STORE_UNREADABLE';
    default:
      return 'STORE_FAILED';
  }
}
