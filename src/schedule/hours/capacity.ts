/**
 * How many callbacks may be booked for a slot of time, by the clock of the place that does the work.
 * GMS gives a number for each weekday and time of day, with exceptions for single days.
 */
import {
  dateOf,
  DAY_MINUTES,
  isSameDay,
  type DatedSpans,
  type MinuteSpan,
  type WeeklySpans,
} from './hours-plan.js';
import { readDatedSpans, readWeekly } from './read-hours.js';
import { zoneNamed, type Zone } from './zone.js';

export interface WeeklyCapacity {
  readonly spans: WeeklySpans;
  readonly count: number;
}

export interface DayCapacity extends DatedSpans {
  readonly count: number;
}

/** What no line names has no capacity. Where several lines fit, the last one holds. */
export interface CapacityPlan {
  /** IANA name. */
  readonly zone: string;
  readonly weekly: readonly WeeklyCapacity[];
  /** On such a day these lines alone hold. */
  readonly days: readonly DayCapacity[];
}

/** GMS refuses capacities above `_max_capacity`, 1000. */
export const CAPACITY_MAX = 1000;
const MINUTE_MS = 60_000;
const DAY_MS = DAY_MINUTES * MINUTE_MS;

/** @returns callbacks that one slot may take which begins at this instant */
export function capacityAt(plan: CapacityPlan, atMs: number): number {
  const localMs = atMs + zoneNamed(plan.zone).offsetMs(atMs);
  const dayNumber = Math.floor(localMs / DAY_MS);
  const minute = Math.floor((localMs - dayNumber * DAY_MS) / MINUTE_MS);
  return (
    countOn(plan, dayNumber, minute) ?? countOn(plan, dayNumber - 1, minute + DAY_MINUTES) ?? 0
  );
}

/** What the lines of a day say of a minute, counted from its midnight and beyond the next. */
function countOn(plan: CapacityPlan, dayNumber: number, minute: number): number | undefined {
  const date = dateOf(dayNumber);
  const own = plan.days.filter(({ on }) => isSameDay(on, date));
  const lines: readonly { readonly spans: readonly MinuteSpan[]; readonly count: number }[] =
    own.length > 0
      ? own
      : plan.weekly.map(({ spans, count }) => ({ spans: spans[date.weekday] ?? [], count }));
  return lines.findLast(({ spans }) => spans.some(({ from, to }) => minute >= from && minute < to))
    ?.count;
}

/** A stretch of time that callbacks are booked for, the end excluded. */
export interface Slot {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The slot that an instant falls into. Slots are cut by UTC, so that none is longer or shorter when clocks
 * are changed, and moved where a place is not whole hours away from it, so that they begin on its hours.
 */
export function slotOf(zone: Zone, lengthMs: number, atMs: number): Slot {
  const shiftMs = zone.offsetMs(atMs) % (60 * MINUTE_MS);
  const fromMs = Math.floor((atMs + shiftMs) / lengthMs) * lengthMs - shiftMs;
  return { fromMs, toMs: fromMs + lengthMs };
}

/** `Mon-Fri 08:00-20:00 5`. */
export function readWeeklyCapacity(text: string): WeeklyCapacity | undefined {
  const { hours, count } = splitCount(text);
  const spans = readWeekly(hours);
  return spans && count !== undefined ? { spans, count } : undefined;
}

/** `2026-12-24 09:00-12:00 2`. */
export function readDayCapacity(text: string): DayCapacity | undefined {
  const { hours, count } = splitCount(text);
  const dated = readDatedSpans(hours);
  return dated && count !== undefined ? { ...dated, count } : undefined;
}

function splitCount(text: string): { readonly hours: string; readonly count?: number } {
  const parts = /^(.*\S)\s+(\d{1,4})$/.exec(text.trim());
  const count = Number(parts?.[2] ?? Number.NaN);
  return count <= CAPACITY_MAX ? { hours: parts?.[1] ?? '', count } : { hours: '' };
}
