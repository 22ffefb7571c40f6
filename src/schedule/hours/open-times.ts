/**
 * When something is open, in instants. The rule is what a person at the place would say who looks at the
 * clock on the wall: open is every instant whose local time lies in the hours. So an hour that is skipped
 * in spring is not open, and one that comes twice in autumn is open twice.
 */
import { spansOfDay, type HoursPlan } from './hours-plan.js';
import { zoneNamed, type Zone } from './zone.js';

/** Milliseconds since the epoch, the end excluded. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** How far ahead an opening is looked for: a year and a bit, for what is open on one day a year. */
export const HORIZON_MS = 400 * DAY_MS;
const INTERVALS_MAX = 10_000;

/** Ascending, none overlaps another, the first cut at `fromMs`, the last at `toMs`. Neighbours may touch. */
type Parts = (fromMs: number, toMs: number) => Iterable<Interval>;

export class OpenTimes {
  constructor(
    /** Pieces of what is open, found as they are asked for. */
    readonly parts: Parts,
  ) {}

  isOpen(atMs: number): boolean {
    return this.nextOpen(atMs, atMs + 1) !== undefined;
  }

  /**
   * The first open instant that is not before this one.
   * @returns undefined when there is none before `beforeMs`
   */
  nextOpen(atMs: number, beforeMs = atMs + HORIZON_MS): number | undefined {
    return firstOf(this.parts(atMs, beforeMs))?.fromMs;
  }

  /** What is open between two instants, ascending and apart, cut at both; the first `max` of them. */
  intervals(fromMs: number, toMs: number, max = INTERVALS_MAX): Interval[] {
    const found: Interval[] = [];
    for (const part of this.parts(fromMs, toMs)) {
      const last = found.at(-1);
      if (last?.toMs === part.fromMs) found[found.length - 1] = { ...last, toMs: part.toMs };
      else if (found.length < max) found.push(part);
      else break;
    }
    return found;
  }
}

/** @throws RangeError for a zone that `isZoneName` refuses */
export function openTimes(plan: HoursPlan): OpenTimes {
  const zone = zoneNamed(plan.zone);
  return new OpenTimes((fromMs, toMs) => partsOfPlan(plan, zone, fromMs, toMs));
}

/** Open when all of them are; always open when there are none. */
export function openTogether(all: readonly OpenTimes[]): OpenTimes {
  return new OpenTimes((fromMs, toMs) => commonParts(all, fromMs, toMs));
}

function firstOf(parts: Iterable<Interval>): Interval | undefined {
  for (const part of parts) return part;
  return undefined;
}

function* commonParts(
  all: readonly OpenTimes[],
  fromMs: number,
  toMs: number,
): Generator<Interval> {
  let atMs = fromMs;
  while (atMs < toMs) {
    let startMs = atMs;
    let endMs = toMs;
    for (const one of all) {
      const part = firstOf(one.parts(startMs, toMs));
      if (part === undefined) return;
      // Once one opens later, the ends found so far say nothing.
      endMs = part.fromMs > startMs ? part.toMs : Math.min(endMs, part.toMs);
      startMs = part.fromMs;
    }
    if (startMs === atMs) {
      yield { fromMs: atMs, toMs: endMs };
      atMs = endMs;
    } else atMs = startMs;
  }
}

function* partsOfPlan(
  plan: HoursPlan,
  zone: Zone,
  fromMs: number,
  toMs: number,
): Generator<Interval> {
  for (const { offsetMs, ...part } of partsOfOneOffset(zone, fromMs, toMs)) {
    const firstDay = Math.floor((part.fromMs + offsetMs) / DAY_MS);
    const lastDay = Math.floor((part.toMs - 1 + offsetMs) / DAY_MS);
    for (let day = firstDay; day <= lastDay; day += 1) {
      const midnightMs = day * DAY_MS - offsetMs;
      for (const span of spansOfDay(plan, day)) {
        const open = {
          fromMs: Math.max(midnightMs + span.from * MINUTE_MS, part.fromMs),
          toMs: Math.min(midnightMs + span.to * MINUTE_MS, part.toMs),
        };
        if (open.fromMs < open.toMs) yield open;
      }
    }
  }
}

/** Cuts a stretch of time where the place's clocks are changed, and every day. */
function* partsOfOneOffset(
  zone: Zone,
  fromMs: number,
  toMs: number,
): Generator<Interval & { readonly offsetMs: number }> {
  let atMs = fromMs;
  while (atMs < toMs) {
    const offsetMs = zone.offsetMs(atMs);
    const dayEndMs = Math.min(atMs + DAY_MS, toMs);
    // The last instant of the stretch: a change at its end belongs to the next one.
    const isSame = zone.offsetMs(dayEndMs - 1) === offsetMs;
    const endMs = isSame ? dayEndMs : changeIn(zone, atMs, dayEndMs - 1);
    yield { fromMs: atMs, toMs: endMs, offsetMs };
    atMs = endMs;
  }
}

/** The first instant of another offset than the one at `fromMs`; clocks are changed once a day at most. */
function changeIn(zone: Zone, fromMs: number, toMs: number): number {
  const before = zone.offsetMs(fromMs);
  let [low, high] = [fromMs, toMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offsetMs(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
