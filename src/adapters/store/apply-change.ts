/**
 * Applies one `Change` of a session: the fences first, then every part of it. Runs inside the batch's
 * transaction, so that attempt, dial lock, record and journal of one step stand or fall together.
 */

import {
  StoreError,
  type AttemptChange,
  type CancelledBy,
  type CommitResult,
} from '../../schedule/callback-store.js';
import { ALL_SERVICES } from '../../schedule/pauses.js';
import { TRAIL_ENTRIES_MAX } from '../../report/trail.js';
import { writeInbound } from './inbound-calls.js';
import { legAt, writeLeg } from './leg-ledger.js';
import { takePlaces } from './call-limits.js';
import { count, fullCounter, holdCounters } from './limit-counters.js';
import { writeNotices } from './outbox.js';
import { ATTEMPT_COLUMNS, present } from './rows.js';
import { get, marks, run, type Dialect, type SqlRow, type Work } from './statements.js';
import type { WrittenChange, WrittenStep } from './written-change.js';

const RECORD_COLUMNS = {
  state: 'state',
  reason: 'reason',
  dueAtMs: 'due_at_ms',
  attemptCount: 'attempt_count',
  callState: 'call_state',
  claimed: 'claimed',
  expiresAtMs: 'expires_at_ms',
  flowState: 'flow_state',
  userData: 'user_data',
  completedAtMs: 'completed_at_ms',
  updatedAtMs: 'updated_at_ms',
} as const;

/** In the place of the process that claimed a callback last. */
const NOBODY = 0;

/**
 * @param nowMs stands in for the change's own time when it brings none
 * @throws StoreError `STORE_CONFLICT` when an attempt's Call-ID would change or its birth is missing
 */
export function* applyChange(
  dialect: Dialect,
  id: string,
  change: WrittenChange,
  nowMs: number,
): Work<CommitResult> {
  if (isAside(change)) return yield* writeAside(dialect, id, change, change.atMs ?? nowMs);
  const row = yield* rowFor(dialect, id, change);
  if (row === undefined) return { ok: false, why: 'unknown' };
  const record = factsOf(row);
  const atMs = change.atMs ?? change.step?.atMs ?? nowMs;
  const refusal = yield* refuse(dialect, row, record, change);
  if (refusal !== undefined) return refusal;
  if (change.dialLock === 'take') {
    const busy = yield* lockNumber(row, record, change, atMs);
    if (busy !== undefined) return busy;
    yield* holdCounters(dialect, change.counters ?? []);
    const { counters = [], callLimits = [] } = change;
    const full =
      (yield* fullCounter(counters, atMs)) ?? (yield* takePlaces(dialect, id, callLimits));
    if (full !== undefined) {
      yield* run('DELETE FROM dial_locks WHERE callback_id = ?', id);
      return full;
    }
    yield* count(dialect, change.counters ?? [], atMs);
  } else {
    const full = yield* takePlaces(dialect, id, change.callLimits ?? []);
    if (full !== undefined) return full;
  }
  if (change.attempt?.trunk !== undefined) {
    yield* run('UPDATE dial_locks SET trunk = ? WHERE callback_id = ?', change.attempt.trunk, id);
  }

  if (change.attempt !== undefined) yield* writeAttempt(id, change.attempt);
  if (change.step !== undefined) yield* writeStep(id, change.step);
  if (change.leg !== undefined) yield* writeLeg(dialect, id, change.leg, atMs);
  if (change.trail !== undefined) yield* writeTrail(id, change.trail);
  yield* writeRecord(record, change, atMs);
  yield* writeNotices(id, record.serviceName, change.notices, atMs);
  if (change.dialLock === 'release' || change.record?.state === 'COMPLETED') {
    yield* run('DELETE FROM dial_locks WHERE callback_id = ?', id);
  }
  return { ok: true };
}

/** Of the callback, as far as a change depends on it. Its flow state is long, and read by nobody here. */
interface RecordFacts {
  readonly id: string;
  readonly state: string;
  readonly isClaimed: boolean;
  readonly node: number;
  readonly cancelRequested: CancelledBy | undefined;
  readonly customerNumber: string;
  readonly serviceName: string;
  /** JSON. */
  readonly userData: string;
}

const FACTS = [
  'id',
  'state',
  'claimed',
  'node',
  'cancel_requested',
  'customer_number',
  'service_name',
  'user_data',
];

function factsOf(row: SqlRow): RecordFacts {
  return {
    id: String(row['id']),
    state: String(row['state']),
    isClaimed: Number(row['claimed']) === 1,
    node: Number(row['node']),
    cancelRequested: (row['cancel_requested'] ?? undefined) as CancelledBy | undefined,
    customerNumber: String(row['customer_number']),
    serviceName: String(row['service_name']),
    userData: String(row['user_data']),
  };
}

/** With what a dial asks for besides: is its service paused, and which number does it hold already? */
function rowFor(dialect: Dialect, id: string, change: WrittenChange): Work<SqlRow | undefined> {
  const its = `FROM callbacks WHERE id = ? ${dialect.forUpdate}`;
  const facts = FACTS.map((name) => `callbacks.${name}`).join(', ');
  if (!isInvite(change)) return get(`SELECT ${facts} ${its}`, id);
  return get(
    `SELECT ${facts},
       (SELECT count(*) FROM pauses
        WHERE pauses.service_name = callbacks.service_name OR pauses.service_name = ?) AS pauses,
       (SELECT number FROM dial_locks WHERE callback_id = callbacks.id) AS own_lock ${its}`,
    ALL_SERVICES,
    id,
  );
}

/** Whether the customer is called by it: an attempt begins, or goes on with another INVITE. */
function isInvite({ dialLock, attempt, leg }: WrittenChange): boolean {
  return dialLock === 'take' || (attempt?.tries !== undefined && leg?.kind === 'begun');
}

/** What is beside the record, and comes often: nothing of the record has to be read or written for it. */
function isAside(change: WrittenChange): boolean {
  const { attempt, step, record, flowState, dialLock, userData, callLimits, notices } = change;
  if (attempt?.callId !== undefined || attempt?.trunk !== undefined) return false;
  const ofRecord = [step, record, flowState, dialLock, userData, callLimits, notices];
  return ofRecord.every((part) => part === undefined);
}

function* writeAside(
  dialect: Dialect,
  id: string,
  change: WrittenChange,
  atMs: number,
): Work<CommitResult> {
  const refusal = change.inbound && (yield* writeInbound(dialect, id, change.inbound));
  if (refusal !== undefined) return refusal;
  // A leg stands for itself: of a call from outside there is no callback.
  if (change.leg !== undefined) yield* writeLeg(dialect, id, change.leg, atMs);
  const { attempt, trail } = change;
  if (attempt === undefined && trail === undefined) return { ok: true };
  const known = yield* get(
    `SELECT 1 FROM callbacks WHERE id = ? UNION ALL SELECT 1 FROM inbound_calls WHERE id = ?`,
    ...[id, id],
  );
  if (known === undefined) return { ok: false, why: 'unknown' };
  if (attempt !== undefined) yield* writeAttempt(id, attempt);
  if (trail !== undefined) yield* writeTrail(id, trail);
  return { ok: true };
}

/** Why this change may not be made, or `undefined`. */
function* refuse(
  dialect: Dialect,
  row: SqlRow,
  record: RecordFacts,
  change: WrittenChange,
): Work<CommitResult | undefined> {
  const touchesTheRecord =
    change.record !== undefined || change.userData !== undefined || isInvite(change);
  if (record.state === 'COMPLETED' && touchesTheRecord) return { ok: false, why: 'completed' };
  // Another process has taken it over meanwhile, and may have given it back: what ours still knows is
  // about the past.
  const isOthers = ![NOBODY, dialect.node].includes(record.node);
  if (isOthers && touchesTheRecord) return { ok: false, why: 'not-claimed' };
  if (!isInvite(change)) return undefined;
  if (!record.isClaimed) return { ok: false, why: 'not-claimed' };
  if (record.cancelRequested !== undefined) {
    return { ok: false, why: 'cancel-requested', by: record.cancelRequested };
  }
  if (Number(row['pauses']) > 0) return { ok: false, why: 'paused' };
  const holdsLease = dialect.holdsLease === undefined || (yield* dialect.holdsLease());
  return holdsLease ? undefined : { ok: false, why: 'not-claimed' };
}

/**
 * The lock comes first and the legs there are looked at while it is held: whoever else wants this
 * number waits here for the end of our transaction.
 */
function* lockNumber(
  row: SqlRow,
  record: RecordFacts,
  change: WrittenChange,
  atMs: number,
): Work<CommitResult | undefined> {
  const number = change.lockNumber ?? record.customerNumber;
  const own = row['own_lock'] ?? number;
  if (own !== number) yield* leaveNumber(record.id, String(own));
  const isNew =
    (yield* run(
      `INSERT INTO dial_locks (number, callback_id, service_name, trunk) VALUES (?, ?, ?, ?)
       ON CONFLICT (number) DO NOTHING`,
      ...[number, record.id, record.serviceName, change.attempt?.trunk ?? null],
    )) === 1;
  const lock = isNew
    ? undefined
    : yield* get('SELECT callback_id FROM dial_locks WHERE number = ?', number);
  const owner = String(lock?.['callback_id'] ?? record.id);
  if (owner !== record.id) return { ok: false, why: 'number-busy', heldBy: owner };
  const heldBy = yield* legAt(number, atMs, change.attempt?.callId ?? '');
  if (heldBy === undefined) return undefined;
  if (isNew) yield* run('DELETE FROM dial_locks WHERE number = ?', number);
  return { ok: false, why: 'number-busy', heldBy };
}

/** What a step that could not be written left locked, though the leg there is over. */
function* leaveNumber(id: string, number: string): Work<void> {
  const leg = yield* get('SELECT 1 FROM legs WHERE callback_id = ? AND number = ?', id, number);
  if (leg !== undefined) {
    throw new StoreError('STORE_CONFLICT', `Callback ${id} still has a leg to another number.`);
  }
  yield* run('DELETE FROM dial_locks WHERE callback_id = ?', id);
}

function* writeRecord(record: RecordFacts, change: WrittenChange, atMs: number): Work<void> {
  const wanted = change.record ?? {};
  // COMPLETED is final for the session, too: nobody owns the callback afterwards.
  const isCompleting = wanted.state === 'COMPLETED';
  const claimed = isCompleting ? false : wanted.claimed;
  const { columns, values } = present(RECORD_COLUMNS, {
    state: wanted.state,
    reason: wanted.reason,
    dueAtMs: wanted.dueAtMs,
    attemptCount: wanted.attemptCount,
    callState: wanted.callState,
    expiresAtMs: wanted.expiresAtMs,
    claimed: claimed === undefined ? undefined : Number(claimed),
    flowState: change.flowState,
    userData: change.userData && withChanges(record.userData, change.userData),
    completedAtMs: isCompleting ? atMs : undefined,
    updatedAtMs: atMs,
  });
  const assignments = columns.map((column) => `${column} = ?`).join(', ');
  yield* run(`UPDATE callbacks SET ${assignments} WHERE id = ?`, ...values, record.id);
}

function withChanges(oldJson: string, changes: Readonly<Record<string, string | null>>): string {
  const old = JSON.parse(oldJson) as Record<string, string>;
  const left = Object.entries({ ...old, ...changes }).filter(([, value]) => value !== null);
  return JSON.stringify(Object.fromEntries(left));
}

/** Born with its first change; whatever comes later is about the same call. */
function* writeAttempt(id: string, attempt: AttemptChange): Work<void> {
  const { tries, ...facts } = attempt;
  const { columns, values } = present<keyof typeof ATTEMPT_COLUMNS>(ATTEMPT_COLUMNS, {
    ...facts,
    tries: tries === undefined ? undefined : JSON.stringify(tries),
  });
  const { callId, number, startedAtMs } = attempt;
  const mayBeBorn = callId !== undefined && number !== undefined && startedAtMs !== undefined;
  const changed = mayBeBorn
    ? yield* run(
        `INSERT INTO attempts (${[...BIRTH_COLUMNS, ...columns].join(', ')})
         VALUES (${marks([...BIRTH_COLUMNS, ...columns])})
         ON CONFLICT (callback_id, attempt) DO UPDATE
         SET ${['call_id', ...columns].map((name) => `${name} = excluded.${name}`).join(', ')}
         WHERE attempts.call_id = excluded.call_id`,
        ...[id, attempt.attempt, callId, number, startedAtMs, ...values],
      )
    : yield* run(
        `UPDATE attempts SET ${['attempt', ...columns].map((name) => `${name} = ?`).join(', ')}
         WHERE callback_id = ? AND attempt = ? AND call_id = coalesce(?, call_id)`,
        ...[attempt.attempt, ...values, id, attempt.attempt, callId ?? null],
      );
  if (changed === 1) return;
  throw new StoreError(
    'STORE_CONFLICT',
    mayBeBorn
      ? `Attempt ${attempt.attempt} of callback ${id} was made with another Call-ID.`
      : `Attempt ${attempt.attempt} of callback ${id} has no Call-ID, number and start yet.`,
  );
}

const BIRTH_COLUMNS = ['callback_id', 'attempt', 'call_id', 'number', 'started_at_ms'] as const;

function* writeStep(id: string, step: WrittenStep): Work<void> {
  yield* run(
    `INSERT INTO steps (callback_id, seq, at_ms, row, because, state_name, event, commands)
     VALUES (?, (SELECT coalesce(max(seq), 0) + 1 FROM steps WHERE callback_id = ?),
       ?, ?, ?, ?, ?, ?)`,
    id,
    id,
    step.atMs,
    step.row,
    step.because,
    step.stateName,
    step.event,
    step.commands,
  );
}

function* writeTrail(id: string, entries: readonly string[]): Work<void> {
  if (entries.length === 0) return;
  const last = yield* get('SELECT max(seq) AS seq FROM trail WHERE callback_id = ?', id);
  let seq = Number(last?.['seq'] ?? 0);
  for (const entry of entries) {
    if (seq >= TRAIL_ENTRIES_MAX) return;
    seq += 1;
    yield* run('INSERT INTO trail VALUES (?, ?, ?)', id, seq, entry);
  }
}
