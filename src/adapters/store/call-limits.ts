/**
 * Calls at a time and a second of all processes together. Calls are counted where they are anyway, in
 * the locks of the numbers that are dialled or talked to; of what began within the last second the times
 * are kept, one row for each limit.
 */
import type { CallLimit, CallLimitRefusal } from '../../schedule/call-limits.js';
import { get, run, type Dialect, type SqlValue, type Work } from './statements.js';

const SECOND_MS = 1000;

/**
 * Takes a place in each, or in none; nobody else counts until the transaction ends.
 * @param id whose call it is; it has its lock already
 */
export function* takePlaces(
  dialect: Dialect,
  id: string,
  limits: readonly CallLimit[],
): Work<CallLimitRefusal | undefined> {
  const named = limits.map((limit) => ({ ...limit, key: `calls of ${limit.of} ${limit.name}` }));
  named.sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { key } of named) yield* dialect.alone(key);
  const begun: { readonly key: string; readonly timesMs: readonly number[] }[] = [];
  for (const { key, of, name, maxCalls, maxPerSecond } of named) {
    if (maxCalls !== undefined && (yield* countCalls(id, of, name)) >= maxCalls) {
      return { ok: false, why: 'call-limit', of, name };
    }
    if (maxPerSecond === undefined) continue;
    const { nowMs, timesMs } = yield* begunInSecond(dialect, key);
    const first = timesMs[timesMs.length - maxPerSecond];
    if (first !== undefined) {
      const waitMs = Math.max(1, first + SECOND_MS - nowMs);
      return { ok: false, why: 'call-limit', of, name, waitMs };
    }
    begun.push({ key, timesMs: [...timesMs, nowMs] });
  }
  for (const { key, timesMs } of begun) {
    yield* run(
      `INSERT INTO dial_rates (key, times_ms) VALUES (?, ?)
       ON CONFLICT (key) DO UPDATE SET times_ms = excluded.times_ms`,
      key,
      JSON.stringify(timesMs),
    );
  }
  return undefined;
}

const WHOSE: Readonly<Record<CallLimit['of'], string>> = {
  all: '',
  service: 'AND service_name = ?',
  trunk: 'AND trunk = ?',
};

function* countCalls(id: string, of: CallLimit['of'], name: string): Work<number> {
  const values: SqlValue[] = of === 'all' ? [] : [name];
  const row = yield* get(
    `SELECT count(*) AS count FROM dial_locks WHERE callback_id <> ? ${WHOSE[of]}`,
    id,
    ...values,
  );
  return Number(row?.['count'] ?? 0);
}

/** A clock that was set back begins anew. */
function* begunInSecond(
  dialect: Dialect,
  key: string,
): Work<{ readonly nowMs: number; readonly timesMs: readonly number[] }> {
  const row = yield* get(
    `SELECT ${dialect.nowMs} AS now_ms,
       (SELECT times_ms FROM dial_rates WHERE key = ?) AS times_ms`,
    key,
  );
  const nowMs = Number(row?.['now_ms'] ?? 0);
  const known = JSON.parse(String(row?.['times_ms'] ?? '[]')) as number[];
  return { nowMs, timesMs: known.filter((atMs) => atMs > nowMs - SECOND_MS && atMs <= nowMs) };
}
