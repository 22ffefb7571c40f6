/**
 * When a callback's number may be dialled: while the office is open, and within the calling window by the
 * customer's clock. Put together from the configuration; the hours themselves are in `hours/`.
 */
import type { DialbackConfig, ServiceConfig } from '../config/config.js';
import { numberKind } from '../request/customer-number.js';
import { slotOf, type Slot, capacityAt } from './hours/capacity.js';
import { zonesOfNumber, type NumberZones } from './hours/number-zones.js';
import { openTimes, openTogether, type OpenTimes } from './hours/open-times.js';
import { zoneNamed } from './hours/zone.js';

/** What the configuration names hours and capacities by. */
export type TimePlans = Pick<DialbackConfig, 'officeHours' | 'capacities'>;

export type TimedService = Pick<ServiceConfig, 'time' | 'country'>;

/** Where a customer can be. */
export interface CustomerZones extends Omit<NumberZones, 'by'> {
  /** Who says so: the request or service, the number's area or country, or nobody: then `_default_country`. */
  readonly by: 'option' | NumberZones['by'];
}

/** Why, and until when, a number may not be dialled. */
export interface Closed {
  /** The next moment it may; undefined when there is none in time. */
  readonly opensAtMs: number | undefined;
  /** For the story: what is closed, with the option's name. */
  readonly why: string;
}

/** The hours of the office; undefined when the service has none. */
export function officeTimes({ time }: TimedService, plans: TimePlans): OpenTimes | undefined {
  const plan = time.officeHours === undefined ? undefined : plans.officeHours[time.officeHours];
  return plan && openTimes(plan);
}

/** @param number E.164 */
export function customerZones({ time, country }: TimedService, number: string): CustomerZones {
  if (time.customerZone !== undefined) return { zones: [time.customerZone], by: 'option' };
  const found = zonesOfNumber(number, numberKind(number));
  if (found.zones.length > 0) return found;
  const ofCountry = zonesOfNumber('', { country, isGeographic: false });
  return { zones: ofCountry.zones.length > 0 ? ofCountry.zones : ['UTC'], by: 'unknown' };
}

/** The calling window in all zones where the customer can be; undefined when the service has none. */
export function windowTimes(service: TimedService, number: string): OpenTimes | undefined {
  const { callingWindow: weekly } = service.time;
  if (weekly === undefined) return undefined;
  const { zones } = customerZones(service, number);
  return openTogether(
    zones.map((zone) => openTimes({ zone, weekly, holidays: [], opened: [], closed: [] })),
  );
}

/** Office hours and window together. */
export function dialTimes(service: TimedService, plans: TimePlans, number: string): OpenTimes {
  const both = [officeTimes(service, plans), windowTimes(service, number)];
  return openTogether(both.filter((times) => times !== undefined));
}

/**
 * @param beforeMs an opening later than this is of no use: the callback's life is over
 * @returns undefined when the number may be dialled
 */
export function closedAt(
  service: TimedService,
  plans: TimePlans,
  number: string,
  at: { readonly nowMs: number; readonly beforeMs?: number },
): Closed | undefined {
  const { officeHours, callingWindow } = service.time;
  if (officeHours === undefined && callingWindow === undefined) return undefined;
  const { nowMs, beforeMs } = at;
  const opensAtMs = dialTimes(service, plans, number).nextOpen(nowMs, beforeMs);
  if (opensAtMs === nowMs) return undefined;
  const isOffice = officeTimes(service, plans)?.isOpen(nowMs) === false;
  const isWindow = windowTimes(service, number)?.isOpen(nowMs) === false;
  const reasons = [
    ...(isOffice ? [`_business_hours_service ${officeHours} is closed`] : []),
    ...(isWindow ? [`callingWindow is closed in ${zonesText(service, number)}`] : []),
  ];
  return { opensAtMs, why: reasons.join(', ') };
}

function zonesText(service: TimedService, number: string): string {
  const { zones } = customerZones(service, number);
  const [first = ''] = zones;
  return zones.length === 1 ? first : `one of ${zones.length} zones`;
}

/** The slot that a desired time is booked in, and how many it takes. */
export interface BookableSlot extends Slot {
  readonly max: number;
}

export function bookableSlot({ time }: TimedService, plans: TimePlans, atMs: number): BookableSlot {
  const capacity = time.capacity === undefined ? undefined : plans.capacities[time.capacity];
  const office = time.officeHours === undefined ? undefined : plans.officeHours[time.officeHours];
  const slot = slotOf(zoneNamed(capacity?.zone ?? office?.zone ?? 'UTC'), time.slotMs, atMs);
  return { ...slot, max: capacity ? capacityAt(capacity, slot.fromMs) : time.slotMax };
}

/** What is offered to somebody who wants to book. */
export interface OfferedSlot extends BookableSlot {
  /** More may be booked; never below 0. */
  readonly free: number;
}

/** Nobody looks at more. */
const OFFERED_MAX = 10_000;

/**
 * The slots that begin while the office is open, ascending. A slot that has begun is not offered.
 *
 * @param booked what `CallbackStore.booked` counts
 */
export function offeredSlots(
  service: TimedService,
  plans: TimePlans,
  { fromMs, toMs, max = OFFERED_MAX }: Slot & { readonly max?: number },
  booked: readonly { readonly fromMs: number; readonly count: number }[],
): OfferedSlot[] {
  const counts = new Map(booked.map(({ fromMs: slotMs, count }) => [slotMs, count]));
  const times = officeTimes(service, plans) ?? openTogether([]);
  const slots: OfferedSlot[] = [];
  for (let atMs = times.nextOpen(fromMs, toMs); atMs !== undefined;) {
    const slot = bookableSlot(service, plans, atMs);
    const free = Math.max(0, slot.max - (counts.get(slot.fromMs) ?? 0));
    if (slot.fromMs >= fromMs && times.isOpen(slot.fromMs)) slots.push({ ...slot, free });
    if (slots.length >= max || slot.toMs >= toMs) break;
    atMs = times.nextOpen(slot.toMs, toMs);
  }
  return slots;
}
