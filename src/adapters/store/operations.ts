/**
 * Every operation of the store as plain synchronous SQL on an open database. Runs inside the worker,
 * inside the batch's transaction; knows nothing of threads and begins or commits nothing itself.
 *
 * An operation that refuses writes nothing before it has decided to refuse.
 */

import {
  StoreError,
  type CallbackRecord,
  type CancelledBy,
  type CancelResult,
  type Leftover,
  type NewCallback,
  type Reschedule,
  type RescheduleResult,
} from '../../schedule/callback-store.js';
import { applyChange } from './apply-change.js';
import { findCallbacks } from './find-callbacks.js';
import { takeOverLegs } from './leg-ledger.js';
import type { Operation, Result, Results } from './messages.js';
import { toAttempt, toCallback, toStep, toTrailEntry } from './rows.js';
import { TABLES_OF_A_CALLBACK } from './schema.js';
import type { Database } from './sqlite-driver.js';

/** A story is read by people; a callback that loops must not fill the memory. */
const STORY_STEPS_MAX = 10_000;

/** The term of the partial index `callbacks_due`, word for word, and a number nobody else holds. */
const CLAIMABLE = `claimed = 0 AND state IN ('SCHEDULED', 'QUEUED')
  AND NOT EXISTS (SELECT 1 FROM dial_locks
    WHERE dial_locks.number = callbacks.customer_number
      AND dial_locks.callback_id <> callbacks.id)`;

/** Performs one operation. @throws StoreError */
export function perform(database: Database, operation: Operation): Result {
  switch (operation.kind) {
    case 'accept':
      return accept(database, operation.callback, operation.idempotencyKey);
    case 'accepted-before':
      return acceptedBefore(database, operation.fingerprint, operation.idempotencyKey);
    case 'get':
      return getCallback(database, operation.id);
    case 'find':
      return findCallbacks(database, operation.query);
    case 'claim-due':
      return claimDue(database, operation.nowMs, operation.limit);
    case 'next-due':
      return nextDue(database);
    case 'commit':
      return applyChange(database, operation.id, operation.change, operation.nowMs);
    case 'request-cancel':
      return requestCancel(database, operation.id, operation.by, operation.atMs);
    case 'reschedule':
      return reschedule(database, operation.id, operation.changes);
    case 'attempts':
      return database
        .all('SELECT * FROM attempts WHERE callback_id = ? ORDER BY attempt', operation.id)
        .map(toAttempt);
    case 'story':
      return database
        .all(
          'SELECT * FROM steps WHERE callback_id = ? ORDER BY seq LIMIT ?',
          operation.id,
          STORY_STEPS_MAX,
        )
        .map(toStep);
    case 'trail':
      return database
        .all('SELECT entry FROM trail WHERE callback_id = ? ORDER BY seq', operation.id)
        .map(toTrailEntry);
    case 'take-over':
      return takeOver(database);
    case 'take-over-legs':
      return takeOverLegs(database, operation.nowMs);
    case 'owner-id':
      return String(database.get('SELECT id FROM owner')?.['id']);
    case 'purge':
      return purge(database, operation.completedBeforeMs, operation.limit);
    case 'stats':
      return stats(database);
    case 'probe':
      return probe(database);
  }
}

function getCallback(database: Database, id: string): CallbackRecord | undefined {
  const row = database.get('SELECT * FROM callbacks WHERE id = ?', id);
  return row === undefined ? undefined : toCallback(row);
}

function accept(database: Database, callback: NewCallback, key?: string): CallbackRecord {
  if (key !== undefined) {
    const known = acceptedBefore(database, callback.fingerprint, key);
    if (known !== undefined) return known;
  }
  database.run(
    `INSERT INTO callbacks (id, service_name, customer_number, created_at_ms, desired_at_ms,
       expires_at_ms, user_data, lookup_keys, request_options, state, due_at_ms, updated_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    callback.id,
    callback.serviceName,
    callback.customerNumber,
    callback.createdAtMs,
    callback.desiredAtMs,
    callback.expiresAtMs,
    JSON.stringify(callback.userData),
    JSON.stringify(callback.lookupKeys),
    JSON.stringify(callback.requestOptions),
    callback.desiredAtMs > callback.createdAtMs ? 'SCHEDULED' : 'QUEUED',
    callback.desiredAtMs,
    callback.createdAtMs,
  );
  writeLookupKeys(database, callback.id, callback.lookupKeys);
  if (key !== undefined) {
    database.run(
      'INSERT INTO idempotency_keys VALUES (?, ?, ?)',
      key,
      callback.fingerprint ?? null,
      callback.id,
    );
  }
  return mustGet(database, callback.id);
}

function acceptedBefore(
  database: Database,
  fingerprint: string | undefined,
  key: string,
): CallbackRecord | undefined {
  const row = database.get('SELECT * FROM idempotency_keys WHERE key = ?', key);
  if (row === undefined) return undefined;
  if (row['fingerprint'] !== (fingerprint ?? null)) {
    throw new StoreError('STORE_KEY_REUSED', 'This idempotency key stands for another request.');
  }
  return mustGet(database, String(row['callback_id']));
}

function mustGet(database: Database, id: string): CallbackRecord {
  const record = getCallback(database, id);
  if (record === undefined) throw new StoreError('STORE_FAILED', `Callback ${id} is not there.`);
  return record;
}

function writeLookupKeys(
  database: Database,
  id: string,
  keys: Readonly<Record<string, string>>,
): void {
  database.run('DELETE FROM lookup_keys WHERE callback_id = ?', id);
  for (const [key, value] of Object.entries(keys)) {
    database.run('INSERT INTO lookup_keys VALUES (?, ?, ?)', key, value, id);
  }
}

function claimDue(database: Database, nowMs: number, limit: number): Results['claim-due'] {
  if (limit < 1) return [];
  const idByNumber = new Map<string, string>();
  const due = database.each(
    `SELECT id, customer_number FROM callbacks WHERE ${CLAIMABLE} AND due_at_ms <= ?
     ORDER BY due_at_ms, seq`,
    nowMs,
  );
  for (const row of due) {
    const number = String(row['customer_number']);
    if (!idByNumber.has(number)) idByNumber.set(number, String(row['id']));
    if (idByNumber.size >= limit) break;
  }
  return [...idByNumber.values()].map((id) => {
    database.run(
      `UPDATE callbacks SET claimed = 1, state = 'QUEUED', updated_at_ms = ? WHERE id = ?`,
      nowMs,
      id,
    );
    return mustGet(database, id);
  });
}

function nextDue(database: Database): number | undefined {
  const row = database.get(
    `SELECT due_at_ms FROM callbacks WHERE ${CLAIMABLE} ORDER BY due_at_ms LIMIT 1`,
  );
  return row === undefined ? undefined : Number(row['due_at_ms']);
}

function requestCancel(
  database: Database,
  id: string,
  by: CancelledBy,
  atMs: number,
): CancelResult {
  const record = getCallback(database, id);
  if (record === undefined) return 'unknown';
  if (record.state === 'PROCESSING' || record.state === 'COMPLETED') return 'too-late';
  if (record.claimed) {
    database.run(
      'UPDATE callbacks SET cancel_requested = ?, updated_at_ms = ? WHERE id = ?',
      record.cancelRequested ?? by,
      atMs,
      id,
    );
    return 'asked';
  }
  database.run(
    `UPDATE callbacks SET state = 'COMPLETED', reason = ?, completed_at_ms = ?, updated_at_ms = ?
     WHERE id = ?`,
    by === 'admin' ? 'CANCELLED_BY_ADMIN' : 'CANCELLED',
    atMs,
    atMs,
    id,
  );
  return 'cancelled';
}

function reschedule(database: Database, id: string, changes: Reschedule): RescheduleResult {
  const record = getCallback(database, id);
  if (record === undefined) return { ok: false, why: 'unknown' };
  const movesTheDial =
    changes.desiredAtMs !== undefined ||
    changes.expiresAtMs !== undefined ||
    changes.customerNumber !== undefined;
  if (record.state === 'COMPLETED' || (record.claimed && movesTheDial)) {
    return { ok: false, why: 'too-late' };
  }
  const desiredAtMs = changes.desiredAtMs ?? record.desiredAtMs;
  const lookupKeys = mergeText(record.lookupKeys, changes.lookupKeys ?? {});
  const isMoved = changes.desiredAtMs !== undefined;
  const movedState = desiredAtMs > changes.atMs ? 'SCHEDULED' : 'QUEUED';
  database.run(
    `UPDATE callbacks SET desired_at_ms = ?, due_at_ms = ?, expires_at_ms = ?, customer_number = ?,
       user_data = ?, lookup_keys = ?, state = ?, updated_at_ms = ? WHERE id = ?`,
    desiredAtMs,
    isMoved ? desiredAtMs : record.dueAtMs,
    changes.expiresAtMs ?? record.expiresAtMs,
    changes.customerNumber ?? record.customerNumber,
    JSON.stringify(mergeText(record.userData, changes.userData ?? {})),
    JSON.stringify(lookupKeys),
    isMoved && record.state !== 'PAUSED' ? movedState : record.state,
    changes.atMs,
    id,
  );
  writeLookupKeys(database, id, lookupKeys);
  return { ok: true, record: mustGet(database, id) };
}

/** An empty string deletes the key. Source: GMS "Callback Services API", reschedule. */
function mergeText(
  old: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...old, ...changes }).filter(([, value]) => value !== ''),
  );
}

function takeOver(database: Database): Leftover[] {
  // A lock without a claimed callback can protect nothing any more.
  database.run(
    `DELETE FROM dial_locks WHERE callback_id NOT IN
       (SELECT id FROM callbacks WHERE claimed = 1 AND state <> 'COMPLETED')`,
  );
  const rows = database.all(
    `SELECT * FROM callbacks WHERE claimed = 1 AND state <> 'COMPLETED' ORDER BY seq`,
  );
  return rows.map(toCallback).map((record) => {
    const open = database.get(
      `SELECT * FROM attempts WHERE callback_id = ? AND ended_at_ms IS NULL
       ORDER BY attempt DESC LIMIT 1`,
      record.id,
    );
    return open === undefined ? record : { ...record, openAttempt: toAttempt(open) };
  });
}

function purge(database: Database, completedBeforeMs: number, limit: number): number {
  const rows = database.all(
    `SELECT id FROM callbacks WHERE completed_at_ms IS NOT NULL AND completed_at_ms < ?
     ORDER BY completed_at_ms LIMIT ?`,
    completedBeforeMs,
    limit,
  );
  for (const row of rows) {
    const id = String(row['id']);
    for (const table of TABLES_OF_A_CALLBACK) {
      database.run(`DELETE FROM ${table} WHERE callback_id = ?`, id);
    }
    database.run('DELETE FROM callbacks WHERE id = ?', id);
  }
  return rows.length;
}

function stats(database: Database): Results['stats'] {
  const open = database.all(
    `SELECT service_name, state, count(*) AS count FROM callbacks WHERE state <> 'COMPLETED'
     GROUP BY service_name, state ORDER BY service_name, state`,
  );
  const claimed = database.get('SELECT count(*) AS count FROM callbacks WHERE claimed = 1');
  const locks = database.get('SELECT count(*) AS count FROM dial_locks');
  return {
    open: open.map((row) => ({
      serviceName: String(row['service_name']),
      state: String(row['state']) as CallbackRecord['state'],
      count: Number(row['count']),
    })),
    claimedCount: Number(claimed?.['count'] ?? 0),
    dialLockCount: Number(locks?.['count'] ?? 0),
  };
}

/** Room for a good number of steps: a disk that takes a few bytes is still a full disk. */
function probe(database: Database): undefined {
  database.run('INSERT INTO probe VALUES (zeroblob(65536))');
  database.run('DELETE FROM probe');
}
