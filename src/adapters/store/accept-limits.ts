/**
 * Whether there is room for one more callback. Every look is at one index and stops at the limit: what
 * a request costs does not grow with what the store holds.
 */
import type { AcceptLimits, AdmitResult } from '../../schedule/admission-limits.js';
import type { NewCallback } from '../../schedule/callback-store.js';
import { fullCounter } from './limit-counters.js';
import { get, type Dialect, type SqlValue, type Work } from './statements.js';

/** The last term is that of the partial indexes, word for word. */
const IN_QUEUE = `state IN ('QUEUED', 'ROUTING', 'PAUSED') AND state <> 'COMPLETED'`;

/** @returns why it may not be accepted, or `undefined` */
export function* refuseCallback(
  dialect: Dialect,
  { serviceName, customerNumber, createdAtMs, desiredAtMs }: NewCallback,
  limits: AcceptLimits,
): Work<Exclude<AdmitResult, { ok: true }> | undefined> {
  const { queuedMax, sameNumberQueuedMax, sameNumberOpenMax, counters = [] } = limits;
  const looks = [queuedMax, sameNumberQueuedMax, sameNumberOpenMax];
  if (looks.some((max) => max !== undefined)) yield* dialect.alone(`admit ${serviceName}`);
  const sameNumber = 'customer_number = ? AND service_name = ?';
  // What is wanted later stands in no queue yet.
  if (desiredAtMs <= createdAtMs) {
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
  return yield* fullCounter(dialect, counters, createdAtMs);
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
