/**
 * When somebody is there: GMS' office hours. Times are instants in UTC; whose clock the hours go by is the
 * matter of the configuration. Of GMS' answer `error` and a list of periods are known, not how a period
 * is written; `start` and `end` are ours.
 * Source: GMS "Calendar Service API".
 */

import type { FastifyInstance } from 'fastify';
import { openTimes } from '../schedule/hours/open-times.js';
import type { ApiDeps } from './callback-api.js';
import { readTime } from './desired-time.js';
import { HOURS_PATH, OFFICE_HOURS, WINDOW_QUERY } from './genesys-offer-schemas.js';
import { ERRORS, TAGS } from './genesys-schemas.js';
import { RequestProblem, shownValue } from './problem.js';

const DAY_MS = 24 * 60 * 60_000;
/** Nobody plans further ahead. */
export const DAYS_MAX = 366;

/** Part of a query that names a stretch of time. */
export interface WindowQuery {
  readonly start?: string;
  readonly end?: string;
  readonly 'number-of-days'?: number;
}

export function registerGenesysCalendar(
  api: FastifyInstance,
  deps: Pick<ApiDeps, 'config' | 'clock'>,
): void {
  api.get<{ Params: { readonly hours: string }; Querystring: WindowQuery }>(
    '/genesys/1/service/:hours',
    {
      schema: {
        ...{ tags: TAGS, summary: 'Office hours', params: HOURS_PATH, querystring: WINDOW_QUERY },
        description:
          'Without a stretch of time: the period that is open now, none when it is closed.',
        response: { 200: OFFICE_HOURS, ...ERRORS },
      },
    },
    ({ params: { hours }, query }) => {
      const { officeHours } = deps.config;
      const plan = Object.hasOwn(officeHours, hours) ? officeHours[hours] : undefined;
      if (plan === undefined) throw noHours(hours);
      const times = openTimes(plan);
      const { fromMs, toMs } = readWindow(query, deps.clock.nowMs());
      const isMoment = toMs <= fromMs;
      const periods = isMoment
        ? times.intervals(fromMs, fromMs + 8 * DAY_MS, 1).filter((one) => one.fromMs === fromMs)
        : times.intervals(fromMs, toMs);
      return {
        error: null,
        periods: periods.map((one) => ({ start: toIso(one.fromMs), end: toIso(one.toMs) })),
      };
    },
  );
}

/**
 * @returns both ends equal when the query names a moment, or nothing, which is now
 * @throws RequestProblem for a stretch longer than `DAYS_MAX` days, or one that ends before it begins
 */
export function readWindow(
  { start, end, 'number-of-days': days }: WindowQuery,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = readTime('start', start) ?? nowMs;
  const endMs = readTime('end', end);
  const toMs = endMs ?? fromMs + (days ?? 0) * DAY_MS;
  if (toMs >= fromMs && toMs - fromMs <= DAYS_MAX * DAY_MS) return { fromMs, toMs };
  const rule = `not before start, and at most ${DAYS_MAX} days after it`;
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `end has to be ${rule}.`, {
    fault: { field: 'end', value: shownValue(end ?? ''), rule },
  });
}

export function toIso(atMs: number): string {
  return new Date(atMs).toISOString();
}

function noHours(name: string): RequestProblem {
  return new RequestProblem('CBD_REQUEST_NO_OFFICE_HOURS', 'There are no such office hours.', {
    fault: { field: 'hours', value: shownValue(name), rule: 'a name under `officeHours`' },
  });
}
