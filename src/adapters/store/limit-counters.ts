/**
 * Counters that end: so many requests or attempts until a point in time. One row each, found by its
 * name. Checked and counted in the transaction of what is counted; survives a restart.
 */
import type { CounterLimit, CounterRefusal } from '../../schedule/admission-limits.js';
import { get, run, type Dialect, type Work } from './statements.js';

/** Clocks of processes that count together may differ by so much. */
const CLOCKS_DIFFER_MAX_MS = 60_000;
/** Each count takes so many dead rows away: more than it adds, and little at a time. */
const SWEEP_MAX = 20;

/** Until the transaction ends nobody else counts: everybody in one order, so that all get on. */
export function* holdCounters(dialect: Dialect, limits: readonly CounterLimit[]): Work<void> {
  const names = limits.map(({ key }) => counterName(key));
  for (const name of names.sort()) yield* dialect.alone(name);
}

/** @returns the first counter without room for one more, of those that are held */
export function* fullCounter(
  limits: readonly CounterLimit[],
  nowMs: number,
): Work<CounterRefusal | undefined> {
  for (const limit of limits) {
    const alive = yield* aliveCounter(limit, nowMs);
    if ((alive?.used ?? 0) < limit.max) continue;
    const endsAtMs = alive?.endsAtMs ?? limit.endsAtMs;
    return { ok: false, why: 'counter', key: limit.key, endsAtMs };
  }
  return undefined;
}

export const counterName = (key: string): string => `counter ${key}`;

/** Counts one more in each, room or not. */
export function* count(
  dialect: Dialect,
  limits: readonly CounterLimit[],
  nowMs: number,
): Work<void> {
  if (limits.length === 0) return;
  for (const limit of limits) {
    const { used, endsAtMs } = (yield* aliveCounter(limit, nowMs)) ?? { ...limit, used: 0 };
    yield* run(
      `INSERT INTO limit_counters (key, used, ends_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET used = excluded.used, ends_at_ms = excluded.ends_at_ms`,
      limit.key,
      used + 1,
      endsAtMs,
    );
  }
  // One that somebody else begins anew in this moment is left to them.
  yield* run(
    `DELETE FROM limit_counters WHERE key IN
       (SELECT key FROM limit_counters WHERE ends_at_ms <= ? LIMIT ${SWEEP_MAX}
        ${dialect.forUpdateOfFree})`,
    nowMs,
  );
}

/** One that ends too late began on a clock that was far ahead, or under a longer limit. */
function* aliveCounter(
  { key, endsAtMs: latestMs, mayEndLaterMs = CLOCKS_DIFFER_MAX_MS }: CounterLimit,
  nowMs: number,
): Work<{ readonly used: number; readonly endsAtMs: number } | undefined> {
  const row = yield* get('SELECT used, ends_at_ms FROM limit_counters WHERE key = ?', key);
  const endsAtMs = Number(row?.['ends_at_ms'] ?? 0);
  const isOfNow = endsAtMs > nowMs && endsAtMs <= latestMs + mayEndLaterMs;
  if (row === undefined || !isOfNow) return undefined;
  return { used: Number(row['used']), endsAtMs };
}
