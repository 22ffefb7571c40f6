/**
 * How an older file becomes a newer one. Applied inside the worker before anything else; a file from
 * a newer version is refused rather than guessed at.
 */

import { StoreError } from '../../schedule/callback-store.js';
import { MIGRATIONS, type Migration } from './migrations.js';
import type { Database } from './sqlite-driver.js';

/**
 * Brings the schema up to date, each step in its own transaction.
 * @param steps what this program knows
 * @throws StoreError `STORE_UNREADABLE` for a file that a newer version wrote
 */
export function migrate(database: Database, steps: readonly Migration[] = MIGRATIONS): void {
  const version = Number(database.get('PRAGMA user_version')?.['user_version'] ?? 0);
  if (version > steps.length) {
    throw new StoreError(
      'STORE_UNREADABLE',
      `The store has version ${version}; this program knows up to ${steps.length}.`,
    );
  }
  for (const [step, migration] of steps.entries()) {
    if (step < version) continue;
    const sql = typeof migration === 'string' ? migration : migration.sqlite;
    database.exec(`BEGIN IMMEDIATE; ${sql} PRAGMA user_version = ${step + 1}; COMMIT`);
  }
}
