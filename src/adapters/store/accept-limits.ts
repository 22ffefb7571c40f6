/**
 * Whether there is room for one more callback. Every look is at one index and stops at the limit: what
 * a request costs does not grow with what the store holds.
 */
import type {
  AcceptLimits,
  AdmitResult,
  Booked,
  BookedQuery,
  SlotLimit,
} from '../../schedule/admission-limits.js';
import type { NewCallback } from '../../schedule/callback-store.js';
import { counterName, fullCounter } from './limit-counters.js';
import { all, get, type Dialect, type SqlValue, type Work } from './statements.js';

const BOOKED_SLOTS_MAX = 10_000;

/** The last term is that of the partial indexes, word for word. */
const IN_QUEUE = `state IN ('QUEUED', 'ROUTING', 'PAUSED') AND state <> 'COMPLETED'`;

/** @returns why it may not be accepted, or `undefined` */
export function* refuseCallback(
  dialect: Dialect,
  callback: Pick<
    NewCallback,
    'serviceName' | 'customerNumber' | 'createdAtMs' | 'desiredAtMs' | 'dueAtMs'
  >,
  limits: AcceptLimits,
): Work<Exclude<AdmitResult, { ok: true }> | undefined> {
  const { serviceName, customerNumber, createdAtMs } = callback;
  const { queuedMax, sameNumberQueuedMax, sameNumberOpenMax, slot, counters = [] } = limits;
  for (const name of aloneWith(callback, limits)) yield* dialect.alone(name);
  const sameNumber = 'customer_number = ? AND service_name = ?';
  // What is wanted later stands in no queue yet.
  if ((callback.dueAtMs ?? callback.desiredAtMs) <= createdAtMs) {
    if (yield* isFull(queuedMax, `service_name = ? AND ${IN_QUEUE}`, serviceName)) {
      return { ok: false, why: 'queue-full' };
    }
    const where = `${sameNumber} AND ${IN_QUEUE}`;
    if (yield* isFull(sameNumberQueuedMax, where, customerNumber, serviceName)) {
      return { ok: false, why: 'number-in-queue' };
    }
  }
  const open = `${sameNumber} AND state <> 'COMPLETED'`;
  if (yield* isFull(sameNumberOpenMax, open, customerNumber, serviceName)) {
    return { ok: false, why: 'number-open' };
  }
  if (slot && (yield* isSlotFull(serviceName, slot))) {
    return { ok: false, why: 'slot-full' };
  }
  return yield* fullCounter(counters, createdAtMs);
}

/**
 * The names to lock (`Dialect.alone`) before the limits are looked at, in the one order in which everybody
 * takes them; none when nothing is limited.
 */
export function aloneWith(
  { serviceName }: Pick<NewCallback, 'serviceName'>,
  limits: AcceptLimits,
): readonly string[] {
  const { queuedMax, sameNumberQueuedMax, sameNumberOpenMax, slot, counters = [] } = limits;
  const looks = [queuedMax, sameNumberQueuedMax, sameNumberOpenMax];
  const names = counters.map(({ key }) => counterName(key));
  if (looks.some((max) => max !== undefined)) names.push(`admit ${serviceName}`);
  if (slot !== undefined) names.push(slotName(serviceName, slot));
  return names.sort();
}

export const slotName = (serviceName: string, { fromMs }: SlotLimit): string =>
  `slot ${serviceName} ${fromMs}`;

/** The first term is that of the partial index, word for word. */
const BOOKED = `desired_at_ms > created_at_ms AND service_name = ?
  AND desired_at_ms >= ? AND desired_at_ms < ?
  AND (state <> 'COMPLETED' OR reason NOT IN ('CANCELLED', 'CANCELLED_BY_ADMIN'))`;

/**
 * To be asked under `slotName`.
 * @param exceptId a callback that is moved within its slot takes no second place
 */
export function* isSlotFull(
  serviceName: string,
  { fromMs, toMs, max }: SlotLimit,
  exceptId = '',
): Work<boolean> {
  return yield* isFull(max, `${BOOKED} AND id <> ?`, serviceName, fromMs, toMs, exceptId);
}

/** How many are booked for each slot of a stretch that has any. */
export function* countBooked({ serviceName, fromMs, toMs, slotMs }: BookedQuery): Work<Booked[]> {
  const rows = yield* all(
    `SELECT CAST((desired_at_ms - ?) / ? AS INTEGER) AS slot, count(*) AS booked
     FROM callbacks WHERE ${BOOKED} GROUP BY 1 ORDER BY 1 LIMIT ?`,
    ...[fromMs, slotMs, serviceName, fromMs, toMs, BOOKED_SLOTS_MAX],
  );
  return rows.map((row) => ({
    fromMs: fromMs + Number(row['slot']) * slotMs,
    count: Number(row['booked']),
  }));
}

function* isFull(
  max: number | undefined,
  where: string,
  ...values: readonly SqlValue[]
): Work<boolean> {
  if (max === undefined) return false;
  if (max <= 0) return true;
  const sql = `SELECT 1 FROM callbacks WHERE ${where} LIMIT 1 OFFSET ?`;
  return (yield* get(sql, ...values, max - 1)) !== undefined;
}
