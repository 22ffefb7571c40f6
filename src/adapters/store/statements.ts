/**
 * SQL as data. An operation of the store is a generator that yields one statement after another and
 * is given their results: SQLite's worker runs it synchronously, PostgreSQL's connections with a
 * round trip each. So there is one text for both, kept to what both understand; where they differ,
 * a `Dialect` has the word.
 */

import type { CancelledBy } from '../../schedule/callback-store.js';

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface Statement {
  /** `?` stands for a value. */
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** `rows` of what only reads: SQLite's driver does not say why a write failed that way. */
  readonly wants: 'rows' | 'row' | 'count';
}

export interface StatementResult {
  /** Empty when a count was wanted. */
  readonly rows: readonly SqlRow[];
  /** Rows changed. */
  readonly count: number;
}

/** Something done with statements, inside one transaction that somebody else begins and ends. */
export type Work<T> = Generator<Statement, T, StatementResult>;

/** What SQL calls differently here and there. */
export interface Dialect {
  /** Ends a SELECT of a row that is changed in the same transaction. */
  readonly forUpdate: string;
  /** The same, for rows that others may be working on: those are left out. */
  readonly forUpdateOfFree: string;
  /** The smaller and the larger of two values. */
  readonly least: string;
  readonly greatest: string;
  /** The store's own clock, milliseconds since the epoch. */
  readonly nowMs: string;
  /** Nobody else passes here with the same name until the transaction ends. */
  readonly alone: (name: string) => Work<void>;
  /** Which process this is, among those that share the store; 0 when there is only one. */
  readonly node: number;
  /**
   * Whether this process may still claim and dial; stays so until the transaction ends. Absent when
   * nobody else could have taken its work over.
   */
  readonly holdsLease?: () => Work<boolean>;
  /** Told to the process that has the callback, once this is committed. Absent when there is no other. */
  readonly tellCancel?: (id: string, by: CancelledBy) => Work<void>;
  /** Follows the SET of what is claimed. */
  readonly asGiven: string;
  /** Makes the legs that dead processes left ours, as orphans, and their callbacks leftovers. */
  readonly adopt: () => Work<void>;
  /** Of a row with a `node`, in a `WHERE`: that process is gone, or it was a run of ours that is over. */
  readonly isOfTheGone: string;
  /** Rows of `callbacks` that are ours now and that no session has. */
  readonly leftovers: () => Work<readonly SqlRow[]>;
  /**
   * Writes into `probe`, with room for a good number of steps: a disk that takes a few bytes is still
   * a full disk.
   */
  readonly probe: string;
}

/** @returns the number of rows changed */
export function* run(sql: string, ...values: SqlValue[]): Work<number> {
  return (yield { sql, values, wants: 'count' }).count;
}

export function* all(sql: string, ...values: SqlValue[]): Work<readonly SqlRow[]> {
  return (yield { sql, values, wants: 'rows' }).rows;
}

export function* get(sql: string, ...values: SqlValue[]): Work<SqlRow | undefined> {
  return (yield { sql, values, wants: 'row' }).rows[0];
}

/** `?, ?, ?` for so many values. */
export function marks(list: readonly unknown[]): string {
  return list.map(() => '?').join(', ');
}
