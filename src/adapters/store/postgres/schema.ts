/**
 * Brings the tables in PostgreSQL up to date: the same list of steps as for SQLite, translated, in one
 * transaction that only one of the starting nodes is in at a time.
 */

import type { ClientBase } from 'pg';
import { StoreError } from '../../../schedule/store-error.js';
import { MIGRATIONS, type Migration } from '../migrations.js';

/** Any number that no other program in this database is likely to lock. */
export const LOCK = 7_231_445_901;

/**
 * @param client one that waits for an answer as long as it takes
 * @param schema whose name is checked; made when missing
 * @param steps what this program knows
 * @throws StoreError `STORE_UNREADABLE` for tables that a newer version made
 */
export async function migrate(
  client: ClientBase,
  schema: string,
  steps: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await client.query('BEGIN');
  try {
    // An index on millions of rows takes its time, and whoever starts meanwhile waits for it. Tables
    // are locked as ever: who waits long for one holds up everybody behind.
    const lockMs = await setting(client, 'lock_timeout');
    await client.query('SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0');
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
    await client.query(`SET LOCAL lock_timeout = '${lockMs}'`);
    // Asking for it when it is there takes the right to make one.
    const { rowCount } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [
      schema,
    ]);
    if (rowCount === 0) await client.query(`CREATE SCHEMA ${schema}`);
    await client.query('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)');
    const { rows } = await client.query<{ version: number }>('SELECT version FROM schema_version');
    const version = rows[0]?.version ?? 0;
    if (version > steps.length) {
      throw new StoreError(
        'STORE_UNREADABLE',
        `The store has version ${version}; this program knows up to ${steps.length}.`,
      );
    }
    for (const step of steps.slice(version)) await client.query(forPostgres(step));
    if (version < steps.length) {
      await client.query('DELETE FROM schema_version');
      await client.query(`INSERT INTO schema_version VALUES (${steps.length})`);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function setting(client: ClientBase, name: string): Promise<string> {
  const { rows } = await client.query<{ value: string }>('SELECT current_setting($1) AS value', [
    name,
  ]);
  return rows[0]?.value ?? '0';
}

/** SQLite's words in PostgreSQL's: integers of 64 bits, no table options. */
function forPostgres(migration: Migration): string {
  if (typeof migration !== 'string') return migration.postgres;
  return migration
    .replaceAll('INTEGER PRIMARY KEY', 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY')
    .replaceAll('INTEGER', 'BIGINT')
    .replaceAll('BLOB', 'BYTEA')
    .replaceAll(/\) STRICT(, WITHOUT ROWID)?;/g, ');')
    .replaceAll('lower(hex(randomblob(16)))', "replace(gen_random_uuid()::text, '-', '')");
}
