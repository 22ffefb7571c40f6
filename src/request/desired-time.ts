/**
 * Reads `_desired_time`. Genesys writes `2026-01-15T12:00:00.000Z`; any ISO 8601 date-time with a
 * zone is taken. A time without a zone is refused: nobody can know whose morning is meant.
 */

import { RequestProblem, shownValue } from './problem.js';

/** A clock that runs behind ours, or a form that was open a while, still means "now". */
const PAST_TOLERANCE_MS = 5 * 60_000;

const ISO_RULE = 'an ISO 8601 time with zone, as 2026-01-15T12:00:00.000Z';

/** No zone is further from UTC, in minutes. */
const OFFSET_MAX_MINUTES = 14 * 60;

const ISO_8601 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d\d):?(\d\d))$/;

/**
 * @param rules `rejectFutureMs`: later than this from now is refused. `refusesPast`: so is what has gone by;
 *   otherwise that means now
 * @returns milliseconds since the epoch, never before now
 * @throws RequestProblem `CBD_REQUEST_DESIRED_TIME`
 */
export function readDesiredTime(
  text: string,
  nowMs: number,
  {
    rejectFutureMs,
    refusesPast,
  }: { readonly rejectFutureMs: number; readonly refusesPast: boolean },
): number {
  const atMs = parseIsoTime(text.trim());
  if (atMs === undefined) throw problem(text, `is ${ISO_RULE}`);
  if (refusesPast && atMs < nowMs - PAST_TOLERANCE_MS)
    throw problem(text, 'is in the past', 'not in the past');
  if (atMs > nowMs + rejectFutureMs) {
    const latest = new Date(nowMs + rejectFutureMs).toISOString();
    throw problem(text, 'is too far in the future', `not after ${latest}`);
  }
  return Math.max(atMs, nowMs);
}

/**
 * A time in a query, where a `+` that was not escaped has become a blank.
 * @throws RequestProblem `CBD_REQUEST_MALFORMED`
 */
export function readTime(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const atMs = parseIsoTime(text.replace(/ (\d\d:?\d\d)$/, '+$1'));
  if (atMs !== undefined) return atMs;
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `${field} is ${ISO_RULE}.`, {
    fault: { field, value: shownValue(text), rule: ISO_RULE },
  });
}

/** @returns milliseconds since the epoch; `undefined` for anything else than a real point in time */
export function parseIsoTime(text: string): number | undefined {
  const parts = ISO_8601.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute] = parts.slice(1, 6).map(Number) as Five;
  const second = Number(parts[6] ?? 0);
  const millisecond = Math.floor(Number(`0.${parts[7] ?? 0}`) * 1000);
  const minuteOfOffset = Number(parts[11] ?? 0);
  const offsetMinutes = Number(parts[10] ?? 0) * 60 + minuteOfOffset;
  if (minuteOfOffset > 59 || offsetMinutes > OFFSET_MAX_MINUTES) return undefined;
  const offsetMs = (parts[9] === '-' ? -1 : 1) * offsetMinutes * 60_000;
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
  const local = new Date(localMs);
  // Date.UTC rolls over: 30 February would become 2 March, 24:61 the next day, the year 26 1926.
  const isReal =
    local.getUTCFullYear() === year &&
    local.getUTCMonth() === month - 1 &&
    local.getUTCDate() === day &&
    local.getUTCHours() === hour &&
    local.getUTCMinutes() === minute &&
    local.getUTCSeconds() === second;
  return isReal ? localMs - offsetMs : undefined;
}

type Five = [number, number, number, number, number];

function problem(text: string, what: string, rule = ISO_RULE): RequestProblem {
  return new RequestProblem('CBD_REQUEST_DESIRED_TIME', `_desired_time ${what}.`, {
    fault: { field: '_desired_time', value: shownValue(text), rule },
  });
}
