/**
 * Every operation of the store as SQL, for SQLite and PostgreSQL alike. Runs inside a transaction that
 * somebody else begins and commits; knows nothing of threads and connections.
 *
 * An operation that refuses has written nothing.
 */

import {
  StoreError,
  type CallbackRecord,
  type CancelResult,
  type Leftover,
  type NewCallback,
  type Reschedule,
  type RescheduleResult,
} from '../../schedule/callback-store.js';
import type { AdmitResult } from '../../schedule/admission-limits.js';
import { aloneWith, countBooked, isSlotFull, refuseCallback } from './accept-limits.js';
import { agentMemos, forgetAgents, holdAgent, keepAgent, renewAgents } from './agents.js';
import { applyChange } from './apply-change.js';
import { claimDue, dueServices } from './claim-due.js';
import { findCallbacks } from './find-callbacks.js';
import { endLostInbound, findInbound, purgeInbound } from './inbound-calls.js';
import { takeOverLegs } from './leg-ledger.js';
import { count } from './limit-counters.js';
import type { Operation, Result, Results } from './messages.js';
import { claimNotices, findNotices, settleNotices, writeNotices } from './outbox.js';
import { isPaused, pausedServices, setPaused } from './pauses.js';
import { toAttempt, toCallback, toStep, toTrailEntry } from './rows.js';
import { all, get, marks, run, type Dialect, type SqlRow, type Work } from './statements.js';

/** A story is read by people; a callback that loops must not fill the memory. */
const STORY_STEPS_MAX = 10_000;

/** Everything that belongs to a callback beside its row in `callbacks`. */
export const TABLES_OF_A_CALLBACK = [
  'lookup_keys',
  'attempts',
  'steps',
  'trail',
  'legs',
  'dial_locks',
  'idempotency_keys',
  'outbox',
] as const;

/** Performs one operation. @throws StoreError */
export function* perform(operation: Operation, dialect: Dialect): Work<Result> {
  switch (operation.kind) {
    case 'accept':
      return yield* accept(dialect, operation);
    case 'accepted-before':
      return yield* acceptedBefore(operation.fingerprint, operation.idempotencyKey);
    case 'get':
      return yield* getCallback(operation.id);
    case 'booked':
      return yield* countBooked(operation.query);
    case 'find':
      return yield* findCallbacks(operation.query);
    case 'claim-due':
      return yield* claimDue(dialect, operation);
    case 'bring-forward':
      return yield* bringForward(operation.nowMs);
    case 'due-services':
      return yield* dueServices();
    case 'commit':
      return yield* applyChange(dialect, operation.id, operation.change, operation.nowMs);
    case 'request-cancel':
      return yield* requestCancel(dialect, operation);
    case 'reschedule':
      return yield* reschedule(dialect, operation.id, operation.changes);
    case 'attempts':
      return (yield* all(
        'SELECT * FROM attempts WHERE callback_id = ? ORDER BY attempt',
        operation.id,
      )).map(toAttempt);
    case 'story':
      return (yield* all(
        'SELECT * FROM steps WHERE callback_id = ? ORDER BY seq LIMIT ?',
        operation.id,
        STORY_STEPS_MAX,
      )).map(toStep);
    case 'trail':
      return (yield* all(
        'SELECT entry FROM trail WHERE callback_id = ? ORDER BY seq',
        operation.id,
      )).map(toTrailEntry);
    case 'take-over':
      return yield* takeOver(dialect);
    case 'take-over-legs':
      return yield* takeOverLegs(dialect, operation.nowMs);
    case 'owner-id':
      return String((yield* get('SELECT id FROM owner'))?.['id']);
    case 'purge':
      return yield* purge(dialect, operation.completedBeforeMs, operation.limit);
    case 'stats':
      return yield* stats();
    case 'paused':
      return yield* pausedServices();
    case 'set-paused':
      return yield* setPaused(operation.serviceName, operation.isPaused, operation.nowMs);
    case 'claim-notices':
      return yield* claimNotices(operation.nowMs, operation.limit, operation.leaseMs);
    case 'settle-notices':
      return yield* settleNotices(operation.outcomes);
    case 'find-notices':
      return yield* findNotices(operation.query);
    case 'agent-memos':
      return yield* agentMemos();
    case 'keep-agent':
      return yield* keepAgent(operation.memo);
    case 'forget-agents':
      return yield* forgetAgents(operation.names);
    case 'hold-agent':
      return yield* holdAgent(dialect, operation.name, operation.forMs);
    case 'renew-agents':
      return yield* renewAgents(dialect, operation.names, operation.forMs);
    case 'inbound-calls':
      return yield* findInbound(operation.query);
    case 'end-lost-inbound':
      return yield* endLostInbound(dialect, operation.nowMs);
    case 'probe':
      return yield* probe(dialect);
  }
}

function* getCallback(id: string, lock = ''): Work<CallbackRecord | undefined> {
  const row = yield* get(`SELECT * FROM callbacks WHERE id = ? ${lock}`, id);
  return row === undefined ? undefined : toCallback(row);
}

function* accept(
  dialect: Dialect,
  { callback, limits, idempotencyKey: key }: Extract<Operation, { kind: 'accept' }>,
): Work<AdmitResult> {
  if (key !== undefined) {
    const known = yield* acceptedBefore(callback.fingerprint, key);
    if (known !== undefined) return { ok: true, record: known };
  }
  const refusal = yield* refuseCallback(dialect, callback, limits);
  if (refusal !== undefined) {
    // The limit was waited for: what filled it may be this very request, at another process.
    const known = key && (yield* acceptedBefore(callback.fingerprint, key));
    return known ? { ok: true, record: known } : refusal;
  }
  yield* count(dialect, limits.counters ?? [], callback.createdAtMs);
  return { ok: true, record: yield* insertCallback(callback, key) };
}

function* insertCallback(callback: NewCallback, key?: string): Work<CallbackRecord> {
  const row = yield* get(
    `INSERT INTO callbacks (id, service_name, customer_number, created_at_ms, desired_at_ms,
       expires_at_ms, user_data, lookup_keys, request_options, state, due_at_ms, updated_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
    callback.id,
    callback.serviceName,
    callback.customerNumber,
    callback.createdAtMs,
    callback.desiredAtMs,
    callback.expiresAtMs,
    JSON.stringify(callback.userData),
    JSON.stringify(callback.lookupKeys),
    JSON.stringify(callback.requestOptions),
    yield* stateAtFirst(callback),
    callback.dueAtMs ?? callback.desiredAtMs,
    callback.createdAtMs,
  );
  yield* writeLookupKeys(callback.id, callback.lookupKeys);
  yield* writeNotices(callback.id, callback.serviceName, callback.notices, callback.createdAtMs);
  if (key !== undefined) {
    yield* run(
      'INSERT INTO idempotency_keys VALUES (?, ?, ?)',
      key,
      callback.fingerprint ?? null,
      callback.id,
    );
  }
  return toCallback(row as SqlRow);
}

function* stateAtFirst(callback: NewCallback): Work<CallbackRecord['state']> {
  if ((callback.dueAtMs ?? callback.desiredAtMs) > callback.createdAtMs) return 'SCHEDULED';
  return (yield* isPaused(callback.serviceName)) ? 'PAUSED' : 'QUEUED';
}

function* acceptedBefore(
  fingerprint: string | undefined,
  key: string,
): Work<CallbackRecord | undefined> {
  const row = yield* get('SELECT * FROM idempotency_keys WHERE key = ?', key);
  if (row === undefined) return undefined;
  if (row['fingerprint'] !== (fingerprint ?? null)) {
    throw new StoreError('STORE_KEY_REUSED', 'This idempotency key stands for another request.');
  }
  return yield* getCallback(String(row['callback_id']));
}

function* writeLookupKeys(id: string, keys: Readonly<Record<string, string>>): Work<void> {
  const pairs = Object.entries(keys);
  if (pairs.length === 0) return;
  yield* run(
    `INSERT INTO lookup_keys VALUES ${pairs.map(() => '(?, ?, ?)').join(', ')}`,
    ...pairs.flatMap(([key, value]) => [key, value, id]),
  );
}

/**
 * Whatever was last changed in what is now the future was changed before the clock was set back. QUEUED is
 * asked for twice: the first term is that of the partial index `callbacks_due`, word for word.
 */
function* bringForward(nowMs: number): Work<number> {
  const rows = yield* all(
    `UPDATE callbacks SET due_at_ms = ?, updated_at_ms = ?
     WHERE claimed = 0 AND state IN ('SCHEDULED', 'QUEUED') AND state = 'QUEUED'
       AND due_at_ms > ? AND updated_at_ms > ? RETURNING id`,
    ...[nowMs, nowMs, nowMs, nowMs],
  );
  return rows.length;
}

function* requestCancel(
  dialect: Dialect,
  { id, by, atMs, notices }: Extract<Operation, { kind: 'request-cancel' }>,
): Work<CancelResult> {
  const record = yield* getCallback(id, dialect.forUpdate);
  if (record === undefined) return 'unknown';
  if (record.state === 'PROCESSING' || record.state === 'COMPLETED') return 'too-late';
  if (record.claimed) {
    yield* run(
      'UPDATE callbacks SET cancel_requested = ?, updated_at_ms = ? WHERE id = ?',
      record.cancelRequested ?? by,
      atMs,
      id,
    );
    if (dialect.tellCancel) yield* dialect.tellCancel(id, by);
    return 'asked';
  }
  yield* run(
    `UPDATE callbacks SET state = 'COMPLETED', reason = ?, completed_at_ms = ?, updated_at_ms = ?
     WHERE id = ?`,
    by === 'admin' ? 'CANCELLED_BY_ADMIN' : 'CANCELLED',
    atMs,
    atMs,
    id,
  );
  yield* writeNotices(id, record.serviceName, notices, atMs);
  return 'cancelled';
}

function* reschedule(dialect: Dialect, id: string, changes: Reschedule): Work<RescheduleResult> {
  const record = yield* getCallback(id, dialect.forUpdate);
  if (record === undefined) return { ok: false, why: 'unknown' };
  const movesTheDial =
    changes.desiredAtMs !== undefined ||
    changes.expiresAtMs !== undefined ||
    changes.customerNumber !== undefined ||
    changes.requestOptions !== undefined;
  if (record.state === 'COMPLETED' || (record.claimed && movesTheDial)) {
    return { ok: false, why: 'too-late' };
  }
  const { serviceName } = record;
  // All names at once, in everybody's order.
  const { slot, limits = {} } = changes;
  for (const name of aloneWith(record, { ...limits, slot })) yield* dialect.alone(name);
  if (slot && (yield* isSlotFull(serviceName, slot, id))) return { ok: false, why: 'slot-full' };
  const desiredAtMs = changes.desiredAtMs ?? record.desiredAtMs;
  const movedToMs = changes.dueAtMs ?? desiredAtMs;
  const customerNumber = changes.customerNumber ?? record.customerNumber;
  if (changes.limits) {
    const dueAtMs = movedToMs;
    const asNew = { serviceName, customerNumber, createdAtMs: changes.atMs, desiredAtMs, dueAtMs };
    const refusal = yield* refuseCallback(dialect, asNew, changes.limits);
    if (refusal !== undefined) return refusal;
    yield* count(dialect, changes.limits.counters ?? [], changes.atMs);
  }
  const lookupKeys = mergeText(record.lookupKeys, changes.lookupKeys ?? {});
  const isMoved = changes.desiredAtMs !== undefined;
  const movedState = movedToMs > changes.atMs ? 'SCHEDULED' : 'QUEUED';
  const row = yield* get(
    `UPDATE callbacks SET desired_at_ms = ?, due_at_ms = ?, expires_at_ms = ?, customer_number = ?,
       user_data = ?, lookup_keys = ?, request_options = ?, state = ?, updated_at_ms = ? WHERE id = ? RETURNING *`,
    desiredAtMs,
    isMoved ? movedToMs : (changes.dueAtMs ?? record.dueAtMs),
    changes.expiresAtMs ?? record.expiresAtMs,
    customerNumber,
    JSON.stringify(mergeText(record.userData, changes.userData ?? {})),
    JSON.stringify(lookupKeys),
    JSON.stringify(changes.requestOptions ?? record.requestOptions),
    isMoved && record.state !== 'PAUSED' ? movedState : record.state,
    changes.atMs,
    id,
  );
  yield* run('DELETE FROM lookup_keys WHERE callback_id = ?', id);
  yield* writeLookupKeys(id, lookupKeys);
  yield* writeNotices(id, record.serviceName, changes.notices, changes.atMs);
  return { ok: true, record: toCallback(row as SqlRow) };
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

function* takeOver(dialect: Dialect): Work<Leftover[]> {
  // A lock without a claimed callback can protect nothing any more.
  yield* run(
    `DELETE FROM dial_locks WHERE callback_id NOT IN
       (SELECT id FROM callbacks WHERE claimed = 1 AND state <> 'COMPLETED')`,
  );
  const leftovers: Leftover[] = [];
  for (const record of (yield* dialect.leftovers()).map(toCallback)) {
    const open = yield* get(
      `SELECT * FROM attempts WHERE callback_id = ? AND ended_at_ms IS NULL
       ORDER BY attempt DESC LIMIT 1`,
      record.id,
    );
    leftovers.push(open === undefined ? record : { ...record, openAttempt: toAttempt(open) });
  }
  return leftovers;
}

function* purge(dialect: Dialect, completedBeforeMs: number, limit: number): Work<number> {
  yield* run('DELETE FROM limit_counters WHERE ends_at_ms < ?', completedBeforeMs);
  const rows = yield* all(
    `SELECT id FROM callbacks WHERE completed_at_ms IS NOT NULL AND completed_at_ms < ?
     ORDER BY completed_at_ms LIMIT ? ${dialect.forUpdateOfFree}`,
    completedBeforeMs,
    limit,
  );
  if (rows.length === 0) return yield* purgeInbound(dialect, completedBeforeMs, limit);
  const ids = rows.map((row) => String(row['id']));
  for (const table of TABLES_OF_A_CALLBACK) {
    yield* run(`DELETE FROM ${table} WHERE callback_id IN (${marks(ids)})`, ...ids);
  }
  const count = yield* run(`DELETE FROM callbacks WHERE id IN (${marks(ids)})`, ...ids);
  const left = limit - count;
  return count + (left > 0 ? yield* purgeInbound(dialect, completedBeforeMs, left) : 0);
}

function* stats(): Work<Results['stats']> {
  const open = yield* all(
    `SELECT service_name, state, count(*) AS count FROM callbacks WHERE state <> 'COMPLETED'
     GROUP BY service_name, state ORDER BY service_name, state`,
  );
  const claimed = yield* get('SELECT count(*) AS count FROM callbacks WHERE claimed = 1');
  const locks = yield* get('SELECT count(*) AS count FROM dial_locks');
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

function* probe(dialect: Dialect): Work<undefined> {
  yield* run(dialect.probe);
  yield* run('DELETE FROM probe');
}
