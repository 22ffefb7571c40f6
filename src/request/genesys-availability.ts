/**
 * Which times a customer may be offered, in both shapes that GMS' mobile clients read: the first
 * version answers with a map from the beginning of a slot to what is free in it, the second with a list.
 */

import type { FastifyInstance } from 'fastify';
import type { ServiceConfig } from '../config/config.js';
import { bookableSlot, offeredSlots, type OfferedSlot } from '../schedule/dial-times.js';
import { isZoneName, zoneNamed, type Zone } from '../schedule/hours/zone.js';
import type { ApiDeps } from './callback-api.js';
import { parseIsoTime, readTime } from './desired-time.js';
import { toIso } from './genesys-calendar.js';
import {
  AVAILABILITY_1,
  AVAILABILITY_2,
  AVAILABILITY_QUERY_1,
  AVAILABILITY_QUERY_2,
  SLOTS_MAX,
} from './genesys-offer-schemas.js';
import { ERRORS, SERVICE_PATH, TAGS } from './genesys-schemas.js';
import { serviceNamed } from './named-service.js';
import { RequestProblem, shownValue } from './problem.js';

const DAY_MS = 24 * 60 * 60_000;
/** Nobody is offered what lies further ahead in one answer. */
const DAYS_MAX = 62;

interface Query1 {
  readonly start?: string;
  readonly end?: string;
  readonly 'number-of-days'?: number;
  readonly 'max-time-slots'?: number;
}

interface Query2 extends Query1 {
  readonly 'start-ms'?: number;
  readonly 'end-ms'?: number;
  readonly timezone?: string;
  readonly 'report-busy'?: boolean;
}

interface Path {
  readonly service: string;
}

type Deps = Pick<ApiDeps, 'store' | 'config' | 'clock'>;

export function registerGenesysAvailability(api: FastifyInstance, deps: Deps): void {
  const schema = { tags: TAGS, params: SERVICE_PATH };

  api.get<{ Params: Path; Querystring: Query1 }>(
    '/genesys/1/service/callback/:service/availability',
    {
      schema: {
        ...{ ...schema, summary: 'Times that are free', querystring: AVAILABILITY_QUERY_1 },
        response: { 200: AVAILABILITY_1, ...ERRORS },
      },
    },
    async ({ params, query }) => {
      const service = serviceNamed(deps, params.service);
      return mapOf(await freeSlots(deps, service, readWindow(query, undefined, deps), query));
    },
  );

  api.get<{ Params: Path; Querystring: Query2 }>(
    '/genesys/2/service/callback/:service/availability',
    {
      schema: {
        ...{ ...schema, summary: 'Times that are free, with what each takes' },
        ...{ querystring: AVAILABILITY_QUERY_2, response: { 200: AVAILABILITY_2, ...ERRORS } },
      },
    },
    async ({ params, query }) => {
      const service = serviceNamed(deps, params.service);
      const zone = readZone(query.timezone);
      const slots = await freeSlots(deps, service, readWindow(query, zone, deps), query);
      return {
        durationMin: service.time.slotMs / 60_000,
        ...(zone && { timezone: zone.name }),
        slots: slots.map(({ fromMs, free, max }) => ({
          utcTime: toIso(fromMs),
          ...(zone && { localTime: toIso(fromMs + zone.offsetMs(fromMs)).slice(0, -1) }),
          capacity: free,
          total: max,
        })),
      };
    },
  );
}

async function freeSlots(
  { store, config }: Deps,
  service: ServiceConfig,
  { fromMs, toMs }: Window,
  query: Pick<Query2, 'max-time-slots' | 'report-busy'>,
): Promise<OfferedSlot[]> {
  const first = bookableSlot(service, config, fromMs);
  const booked = await store.booked({
    serviceName: service.name,
    fromMs: first.fromMs,
    toMs: Math.max(toMs, first.toMs),
    slotMs: service.time.slotMs,
  });
  const max = query['max-time-slots'] ?? SLOTS_MAX;
  const offered = offeredSlots(service, config, { fromMs, toMs, max: SLOTS_MAX }, booked);
  const wanted = query['report-busy'] ? offered : offered.filter(({ free }) => free > 0);
  return wanted.slice(0, max);
}

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Without an end: the slot that the start falls into. */
function readWindow(query: Query2, zone: Zone | undefined, { clock }: Deps): Window {
  const fromMs = query['start-ms'] ?? readZonedTime('start', query.start, zone) ?? clock.nowMs();
  const endMs = query['end-ms'] ?? readZonedTime('end', query.end, zone);
  const toMs = endMs ?? fromMs + (query['number-of-days'] ?? 0) * DAY_MS;
  if (toMs >= fromMs && toMs - fromMs <= DAYS_MAX * DAY_MS) {
    return { fromMs, toMs: Math.max(toMs, fromMs + 1) };
  }
  const rule = `not before start, and at most ${DAYS_MAX} days after it`;
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `end has to be ${rule}.`, {
    fault: { field: 'end', value: shownValue(query.end ?? query['end-ms']), rule },
  });
}

/** A time without a zone is one of the clocks in `timezone`. */
function readZonedTime(
  field: string,
  text: string | undefined,
  zone: Zone | undefined,
): number | undefined {
  const localMs = zone && text !== undefined ? parseIsoTime(`${text}Z`) : undefined;
  if (zone === undefined || localMs === undefined) return readTime(field, text);
  // The offset just before a change of the clocks may be another one than the first guess.
  const guessMs = localMs - zone.offsetMs(localMs);
  return localMs - zone.offsetMs(guessMs);
}

function readZone(name: string | undefined): Zone | undefined {
  if (name === undefined) return undefined;
  if (isZoneName(name)) return zoneNamed(name);
  const rule = 'a time zone of the IANA database, as Europe/Berlin';
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `timezone has to be ${rule}.`, {
    fault: { field: 'timezone', value: shownValue(name), rule },
  });
}

function mapOf(slots: readonly OfferedSlot[]): Record<string, number> {
  return Object.fromEntries(slots.map(({ fromMs, free }) => [toIso(fromMs), free]));
}
