/** Calls from outside, as SQL: begun, added to, over; and those whose process died. */
import type {
  EndedInboundCallRecord,
  InboundCallRecord,
  InboundChange,
  InboundOutcome,
  InboundQuery,
} from '../../schedule/inbound-calls.js';
import type { CommitResult } from '../../schedule/callback-store.js';
import { compact, integer, optionalInteger, optionalText, present, text } from './rows.js';
import {
  all,
  get,
  marks,
  run,
  type Dialect,
  type SqlRow,
  type SqlValue,
  type Work,
} from './statements.js';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;
/** As for attempts. */
const NODE_LOST = 'NODE_LOST';

const COLUMNS = {
  callId: 'call_id',
  serviceName: 'service_name',
  number: 'number',
  sourceAddress: 'source_address',
  startedAtMs: 'started_at_ms',
  answeredAtMs: 'answered_at_ms',
  connectedAtMs: 'connected_at_ms',
  connectedTo: 'connected_to',
  endedAtMs: 'ended_at_ms',
  outcome: 'outcome',
  why: 'why',
} as const satisfies Record<keyof InboundChange, string>;

/** @returns why it may not be made, or `undefined` */
export function* writeInbound(
  dialect: Dialect,
  id: string,
  change: InboundChange,
): Work<CommitResult | undefined> {
  const { columns, values } = present<keyof InboundChange>(COLUMNS, change);
  if (change.startedAtMs !== undefined) {
    if (dialect.holdsLease && !(yield* dialect.holdsLease()))
      return { ok: false, why: 'not-claimed' };
    const names = ['id', 'node', ...columns];
    yield* run(
      `INSERT INTO inbound_calls (${names.join(', ')}) VALUES (${marks(names)})
       ON CONFLICT (id) DO NOTHING`,
      ...[id, dialect.node, ...values],
    );
    return undefined;
  }
  const assignments = columns.map((column) => `${column} = ?`).join(', ');
  const changed = yield* run(
    `UPDATE inbound_calls SET ${assignments} WHERE id = ? AND ended_at_ms IS NULL`,
    ...[...values, id],
  );
  if (changed === 1) return undefined;
  const isOver = (yield* get('SELECT 1 FROM inbound_calls WHERE id = ?', id)) !== undefined;
  return { ok: false, why: isOver ? 'completed' : 'unknown' };
}

export function* findInbound(query: InboundQuery): Work<InboundCallRecord[]> {
  const { serviceNames } = query;
  if (serviceNames?.length === 0) return [];
  const terms: string[] = [];
  const values: SqlValue[] = [];
  const add = (term: string, ...bound: (SqlValue | undefined)[]): void => {
    const known = bound.filter((value) => value !== undefined);
    if (known.length === 0) return;
    terms.push(term);
    values.push(...known);
  };
  add('id = ?', query.id);
  add('call_id = ?', query.callId);
  add('number = ?', query.number);
  add('service_name = ?', query.serviceName);
  add('started_at_ms >= ?', query.startedFromMs);
  add('started_at_ms <= ?', query.startedToMs);
  add('seq < (SELECT seq FROM inbound_calls WHERE id = ?)', query.before);
  if (serviceNames) add(`service_name IN (${marks(serviceNames)})`, ...serviceNames);
  const where = terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`;
  const limit = Math.min(Math.max(query.limit ?? LIMIT_DEFAULT, 1), LIMIT_MAX);
  const rows = yield* all(
    `SELECT * FROM inbound_calls ${where} ORDER BY seq DESC LIMIT ?`,
    ...values,
    limit,
  );
  return rows.map(toInboundCall);
}

export function* endLostInbound(dialect: Dialect, nowMs: number): Work<EndedInboundCallRecord[]> {
  const rows = yield* all(
    `UPDATE inbound_calls SET ended_at_ms = ${dialect.greatest}(?, started_at_ms), outcome = 'lost',
       why = ? WHERE ended_at_ms IS NULL AND ${dialect.isOfTheGone} RETURNING *`,
    nowMs,
    NODE_LOST,
  );
  return rows.map((row) => ({
    ...toInboundCall(row),
    endedAtMs: integer(row, 'ended_at_ms'),
    outcome: 'lost',
    why: NODE_LOST,
  }));
}

/** @returns how many */
export function* purgeInbound(
  dialect: Dialect,
  endedBeforeMs: number,
  limit: number,
): Work<number> {
  const rows = yield* all(
    `SELECT id FROM inbound_calls WHERE ended_at_ms IS NOT NULL AND ended_at_ms < ?
     ORDER BY ended_at_ms LIMIT ? ${dialect.forUpdateOfFree}`,
    endedBeforeMs,
    limit,
  );
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => text(row, 'id'));
  yield* run(`DELETE FROM trail WHERE callback_id IN (${marks(ids)})`, ...ids);
  return yield* run(`DELETE FROM inbound_calls WHERE id IN (${marks(ids)})`, ...ids);
}

function toInboundCall(row: SqlRow): InboundCallRecord {
  return compact<InboundCallRecord>({
    id: text(row, 'id'),
    callId: text(row, 'call_id'),
    serviceName: text(row, 'service_name'),
    number: optionalText(row, 'number'),
    sourceAddress: text(row, 'source_address'),
    startedAtMs: integer(row, 'started_at_ms'),
    answeredAtMs: optionalInteger(row, 'answered_at_ms'),
    connectedAtMs: optionalInteger(row, 'connected_at_ms'),
    connectedTo: optionalText(row, 'connected_to'),
    endedAtMs: optionalInteger(row, 'ended_at_ms'),
    outcome: optionalText(row, 'outcome') as InboundOutcome | undefined,
    why: optionalText(row, 'why'),
  });
}
