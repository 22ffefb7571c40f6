/**
 * Hours as somebody writes them down, plain data: which minutes of which local days are open. Nothing
 * here knows of instants or zones' offsets; `open-times.ts` makes instants of it.
 */

/** Minutes since local midnight, the end excluded; more than 1440 runs into the next day. */
export interface MinuteSpan {
  /** 0..1439. */
  readonly from: number;
  /** from + 1 .. from + 1440. */
  readonly to: number;
}

/** A day of the calendar; without a year, of every year. */
export interface CalendarDay {
  readonly year?: number;
  /** 1..12. */
  readonly month: number;
  /** 1..31. */
  readonly day: number;
}

export interface DatedSpans {
  readonly on: CalendarDay;
  readonly spans: readonly MinuteSpan[];
}

/** Monday first, seven days. */
export type WeeklySpans = readonly (readonly MinuteSpan[])[];

/**
 * Open hours of a place. A holiday closes its calendar day: what would begin on it, and the rest of a
 * night shift from the day before. `opened` adds hours, on a holiday too; `closed` takes hours away
 * and has the last word.
 */
export interface HoursPlan {
  /** IANA name. */
  readonly zone: string;
  readonly weekly: WeeklySpans;
  readonly holidays: readonly CalendarDay[];
  readonly opened: readonly DatedSpans[];
  readonly closed: readonly DatedSpans[];
}

export const DAY_MINUTES = 24 * 60;
const DAY_MS = DAY_MINUTES * 60_000;

/** A local date by its number of days since 1970-01-01. */
interface LocalDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** 0 = Monday. */
  readonly weekday: number;
}

/**
 * What is open between two midnights of a place's clocks.
 *
 * @param dayNumber days from 1970-01-01 to the local date
 * @returns ascending, apart from each other, within 0..1440
 */
export function spansOfDay(plan: Omit<HoursPlan, 'zone'>, dayNumber: number): MinuteSpan[] {
  const today = dateOf(dayNumber);
  const yesterday = dateOf(dayNumber - 1);
  const regular = isHoliday(plan, today)
    ? []
    : [
        ...begun(plan.weekly[today.weekday] ?? []),
        ...(isHoliday(plan, yesterday) ? [] : leftOver(plan.weekly[yesterday.weekday] ?? [])),
      ];
  const dated = (list: readonly DatedSpans[]) => [
    ...begun(spansOn(list, today)),
    ...leftOver(spansOn(list, yesterday)),
  ];
  return without(joined([...regular, ...dated(plan.opened)]), dated(plan.closed));
}

/** The local date of a number of days. */
export function dateOf(dayNumber: number): LocalDate {
  const date = new Date(dayNumber * DAY_MS);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: (date.getUTCDay() + 6) % 7,
  };
}

export function isSameDay(day: CalendarDay, date: LocalDate): boolean {
  return (
    day.month === date.month &&
    day.day === date.day &&
    (day.year === undefined || day.year === date.year)
  );
}

function isHoliday({ holidays }: Pick<HoursPlan, 'holidays'>, date: LocalDate): boolean {
  return holidays.some((day) => isSameDay(day, date));
}

function spansOn(list: readonly DatedSpans[], date: LocalDate): readonly MinuteSpan[] {
  return list.filter(({ on }) => isSameDay(on, date)).flatMap(({ spans }) => spans);
}

/** The part before midnight. */
function begun(spans: readonly MinuteSpan[]): MinuteSpan[] {
  return spans.map(({ from, to }) => ({ from, to: Math.min(to, DAY_MINUTES) }));
}

/** The part after midnight, as minutes of the next day. */
function leftOver(spans: readonly MinuteSpan[]): MinuteSpan[] {
  return spans
    .filter(({ to }) => to > DAY_MINUTES)
    .map(({ to }) => ({ from: 0, to: to - DAY_MINUTES }));
}

function joined(spans: readonly MinuteSpan[]): MinuteSpan[] {
  const result: MinuteSpan[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last === undefined || span.from > last.to) result.push(span);
    else result[result.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
  }
  return result;
}

function without(spans: readonly MinuteSpan[], holes: readonly MinuteSpan[]): MinuteSpan[] {
  let left = [...spans];
  for (const hole of holes) {
    left = left.flatMap((span) =>
      [
        { from: span.from, to: Math.min(span.to, hole.from) },
        { from: Math.max(span.from, hole.to), to: span.to },
      ].filter(({ from, to }) => from < to),
    );
  }
  return left;
}
