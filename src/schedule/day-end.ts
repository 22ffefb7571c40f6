/** The midnight that ends the day of a daily limit, in somebody's zone, changes of the clock included. */
import { DateTime } from 'luxon';

/** No day is longer, where clocks are changed. */
export const DAY_MAX_MS = 25 * 3600 * 1000;

const known = new Map<string, { readonly fromMs: number; readonly endMs: number }>();

/** @param zone IANA name; @returns milliseconds since the epoch */
export function dayEndMs(nowMs: number, zone: string): number {
  const day = known.get(zone);
  if (day && nowMs >= day.fromMs && nowMs < day.endMs) return day.endMs;
  const start = DateTime.fromMillis(nowMs, { zone }).startOf('day');
  const endMs = start.plus({ days: 1 }).startOf('day').toMillis();
  known.set(zone, { fromMs: start.toMillis(), endMs });
  return endMs;
}
