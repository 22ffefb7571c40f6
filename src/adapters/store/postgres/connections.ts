/**
 * The one file that names the PostgreSQL driver's settings: how we connect, how statements and values
 * cross, and what an error of the server means to the store.
 */

import pg from 'pg';
import { StoreError, type StoreErrorCode } from '../../../schedule/store-error.js';
import type { Statement, StatementResult, SqlRow, SqlValue, Work } from '../statements.js';

const CONNECT_TIMEOUT_MS = 5000;
/** Longest that one statement may take; a large table's counts included. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** Longest wait for a row that another transaction has. */
const LOCK_TIMEOUT_MS = 5000;
/** A process that was frozen inside a transaction must not keep its rows from those who take over. */
const IDLE_IN_TRANSACTION_MS = 5000;
/** Statements that a connection keeps prepared; the SQL is a fixed set apart from lists and `find`. */
const PREPARED_MAX = 150;
const INT8_OID = 20;

export interface ConnectOptions {
  /** `postgres://user:password@host/database`, with the driver's parameters (`?sslmode=`, `?host=`). */
  readonly url: string;
  /** Where our tables are, a plain name. */
  readonly schema: string;
}

/** Settings of every connection of ours. */
export function clientConfig({ url, schema }: ConnectOptions): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'dialback',
    options: `-c search_path=${schema}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // The server may be unable to answer at all.
    query_timeout: STATEMENT_TIMEOUT_MS + 1000,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    types: {
      // Milliseconds and counters: far below 2^53.
      getTypeParser: (oid, format) =>
        Number(oid) === INT8_OID
          ? Number
          : (pg.types.getTypeParser(oid, format) as (value: string) => unknown),
    },
  };
}

const prepared = new Map<string, { readonly text: string; readonly name: string | undefined }>();

function translated(sql: string): { readonly text: string; readonly name: string | undefined } {
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  let count = 0;
  const text = sql.replaceAll('?', () => `$${(count += 1)}`);
  const isKept = prepared.size < PREPARED_MAX && !sql.includes(' IN (?');
  const made = { text, name: isKept ? `dialback_${prepared.size}` : undefined };
  if (isKept) prepared.set(sql, made);
  return made;
}

/**
 * Works of one transaction, side by side: their first statements cross together, then their second
 * ones, so that many cost hardly more round trips than one.
 * @returns what each returns, in order
 * @throws StoreError and what the driver throws; the transaction is good for a ROLLBACK then
 */
export async function performOn<T>(client: pg.ClientBase, works: readonly Work<T>[]): Promise<T[]> {
  const failures: unknown[] = [];
  const values = await Promise.all(
    works.map(async (work) => {
      try {
        let step = work.next();
        while (step.done !== true) step = work.next(await query(client, step.value));
        return [step.value];
      } catch (error) {
        failures.push(error);
        return [];
      }
    }),
  );
  // The first one in time: the server refuses whatever comes after it in the transaction.
  if (failures.length > 0) throw failures[0];
  return values.flat();
}

async function query(client: pg.ClientBase, { sql, values }: Statement): Promise<StatementResult> {
  const { rows, rowCount } = await client.query<SqlRow>({
    ...translated(sql),
    values: values.map(storable),
  });
  return { rows, count: rowCount ?? 0 };
}

/** PostgreSQL's text takes every character but one. */
function storable(value: SqlValue): SqlValue {
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value;
}

const CODES: Readonly<Record<string, StoreErrorCode>> = {
  // Statement, lock or idle transaction timed out.
  '57014': 'STORE_BUSY',
  '55P03': 'STORE_BUSY',
  '25P03': 'STORE_BUSY',
  '53100': 'STORE_FULL',
  '23505': 'STORE_CONFLICT',
  '23514': 'STORE_CONFLICT',
};

/** Classes of SQLSTATE: values that a column or an index cannot take, now or ever. */
const DATA_CLASSES: ReadonlySet<string> = new Set(['22', '54']);
const CLASS_LENGTH = 2;

/** Names the failure; what is already a `StoreError` passes. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const state = sqlState(error) ?? '';
  const isItsData = DATA_CLASSES.has(state.slice(0, CLASS_LENGTH));
  const code = CODES[state] ?? (isItsData ? 'STORE_CONFLICT' : 'STORE_FAILED');
  return new StoreError(code, error instanceof Error ? error.message : String(error));
}

/** @returns the SQLSTATE; undefined when it was not the server that refused */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof pg.DatabaseError && typeof code === 'string' ? code : undefined;
}
