/** Why a number may, or may not, be dialled at a moment, for people. Asks what the dial itself asks. */
import {
  closedAt,
  customerZones,
  officeTimes,
  windowTimes,
  type CustomerZones,
  type TimedService,
  type TimePlans,
} from './dial-times.js';
import { HORIZON_MS, type OpenTimes } from './hours/open-times.js';
import { localTime, zoneNamed } from './hours/zone.js';

/** One of the two clocks that have to agree. */
export interface HoursReport {
  readonly isOpen: boolean;
  /** ISO 8601; the moment itself when open, null when never. */
  readonly opensAt: string | null;
  /** What the clocks there show: `Fri 2026-01-16 09:30`, by zone. */
  readonly localTimes: Readonly<Record<string, string>>;
}

/** The document of `dialback hours --json`. */
export interface DialReport {
  readonly service: string;
  readonly number: string | null;
  readonly at: string;
  readonly mayDial: boolean;
  /** One sentence. */
  readonly because: string;
  /** When it may be dialled next, ISO 8601; null when never within a year. */
  readonly nextAt: string | null;
  /** null: always open. */
  readonly office: (HoursReport & { readonly name: string }) | null;
  /** null: at any time. `by`: who says where the customer is. */
  readonly window: (HoursReport & { readonly by: CustomerZones['by'] }) | null;
}

/** @param number E.164; without one only the office is looked at */
export function dialReport(
  service: TimedService & { readonly name: string },
  plans: TimePlans,
  number: string | undefined,
  atMs: number,
): DialReport {
  const { officeHours: name } = service.time;
  const office = officeTimes(service, plans);
  const zone = name === undefined ? undefined : plans.officeHours[name]?.zone;
  const window = number === undefined ? undefined : windowTimes(service, number);
  const known = number === undefined ? undefined : customerZones(service, number);
  const asked = window
    ? service
    : { ...service, time: { ...service.time, callingWindow: undefined } };
  const until = { nowMs: atMs, beforeMs: atMs + HORIZON_MS };
  const closed = closedAt(asked, plans, number ?? '', until);
  return {
    service: service.name,
    number: number ?? null,
    at: iso(atMs),
    mayDial: closed === undefined,
    because: closed?.why ?? 'nothing is closed',
    nextAt: closed === undefined ? iso(atMs) : isoOrNull(closed.opensAtMs),
    office:
      office && name !== undefined
        ? { name, ...hoursReport(office, zone === undefined ? [] : [zone], atMs) }
        : null,
    window: window && known ? { by: known.by, ...hoursReport(window, known.zones, atMs) } : null,
  };
}

function hoursReport(times: OpenTimes, zones: readonly string[], atMs: number): HoursReport {
  const local = zones.map((zone) => [zone, localTime(zoneNamed(zone), atMs)] as const);
  return {
    isOpen: times.isOpen(atMs),
    opensAt: isoOrNull(times.nextOpen(atMs)),
    localTimes: Object.fromEntries(local),
  };
}

function isoOrNull(atMs: number | undefined): string | null {
  return atMs === undefined ? null : iso(atMs);
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
