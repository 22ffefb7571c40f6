/**
 * Hours as texts: `Mon-Fri 08:00-12:00,13:00-18:00`, `12-25`, `2026-12-24 09:00-12:00`. The shapes are
 * those of GMS' office hours (`_bh_regularN`, `_bh_addN`, `_holidayN`), with several spans a line.
 */
import {
  DAY_MINUTES,
  type CalendarDay,
  type DatedSpans,
  type MinuteSpan,
  type WeeklySpans,
} from './hours-plan.js';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** @returns undefined when the text is none; the days have the spans, the others are empty */
export function readWeekly(text: string): WeeklySpans | undefined {
  const [, dayText = '', spanText = ''] = /^(\S+)\s+(.+)$/.exec(text.trim()) ?? [];
  const days = readDays(dayText);
  const spans = readSpans(spanText);
  if (days === undefined || spans === undefined) return undefined;
  return WEEKDAYS.map((_name, index) => (days.has(index) ? spans : []));
}

/** Several lines for one week. */
export function addWeeks(weeks: readonly WeeklySpans[]): WeeklySpans {
  return WEEKDAYS.map((_name, index) => weeks.flatMap((week) => week[index] ?? []));
}

/** `2026-12-25`, or `12-25` for every year. */
export function readCalendarDay(text: string): CalendarDay | undefined {
  const parts = /^(?:(\d{4})-)?(\d{2})-(\d{2})$/.exec(text.trim());
  if (parts === null) return undefined;
  const [month, day] = [Number(parts[2]), Number(parts[3])];
  if (day < 1 || day > (DAYS_IN_MONTH[month - 1] ?? 0)) return undefined;
  if (parts[1] === undefined) return { month, day };
  const year = Number(parts[1]);
  const isReal = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
  return isReal ? { year, month, day } : undefined;
}

/** A day and spans: `07-14 12:00-14:30`. */
export function readDatedSpans(text: string): DatedSpans | undefined {
  const [, dayText = '', spanText = ''] = /^(\S+)\s+(.+)$/.exec(text.trim()) ?? [];
  const on = readCalendarDay(dayText);
  const spans = readSpans(spanText);
  return on === undefined || spans === undefined ? undefined : { on, spans };
}

/** `Mon-Fri`, `Mon,Wed,Fri`, `Sat-Mon`, `Mon-Wed,Sun`. @returns indexes, 0 = Monday */
function readDays(text: string): ReadonlySet<number> | undefined {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first, last = first, ...more] = part.split('-').map(weekdayOf);
    if (first === undefined || last === undefined || more.length > 0) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days;
}

function weekdayOf(name: string): number | undefined {
  const word = name.toLowerCase();
  const index = WEEKDAYS.findIndex((short) => word.startsWith(short));
  const isName = word.length === 3 || /^(?:mon|tues|wednes|thurs|fri|satur|sun)day$/.test(word);
  return index >= 0 && isName ? index : undefined;
}

/** `08:00-12:00,13:00-18:00`; an end that is not after its start is on the next day. */
function readSpans(text: string): readonly MinuteSpan[] | undefined {
  const spans: MinuteSpan[] = [];
  for (const part of text.split(/\s*,\s*/)) {
    const [from, to, ...more] = part.split(/\s*-\s*/).map(minuteOf);
    if (from === undefined || to === undefined || more.length > 0) return undefined;
    if (from === DAY_MINUTES) return undefined;
    spans.push({ from, to: to > from ? to : to + DAY_MINUTES });
  }
  return spans;
}

function minuteOf(text: string): number | undefined {
  const parts = /^(\d{1,2}):([0-5]\d)$/.exec(text.trim());
  const minute = parts === null ? Number.NaN : Number(parts[1]) * 60 + Number(parts[2]);
  return minute <= DAY_MINUTES ? minute : undefined;
}
