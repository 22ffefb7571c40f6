import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import type { HoursPlan, MinuteSpan } from '../../../src/schedule/hours/hours-plan.js';
import { openTimes, openTogether } from '../../../src/schedule/hours/open-times.js';
import {
  addWeeks,
  readCalendarDay,
  readDatedSpans,
  readWeekly,
} from '../../../src/schedule/hours/read-hours.js';

const HOUR_MS = 3_600_000;

interface Written {
  readonly zone?: string;
  readonly weekly?: readonly string[];
  readonly holidays?: readonly string[];
  readonly opened?: readonly string[];
  readonly closed?: readonly string[];
}

function planOf({ zone = 'Europe/Berlin', weekly, holidays, opened, closed }: Written): HoursPlan {
  return {
    zone,
    weekly: addWeeks((weekly ?? []).map((text) => must(readWeekly(text)))),
    holidays: (holidays ?? []).map((text) => must(readCalendarDay(text))),
    opened: (opened ?? []).map((text) => must(readDatedSpans(text))),
    closed: (closed ?? []).map((text) => must(readDatedSpans(text))),
  };
}

function must<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}

const at = (iso: string) => DateTime.fromISO(iso, { setZone: true }).toMillis();

/** The intervals of local days, as the clocks of the place show them. */
function localIntervals(plan: HoursPlan, fromIso: string, toIso: string): string[] {
  const local = (ms: number) =>
    DateTime.fromMillis(ms, { zone: plan.zone }).toFormat('MM-dd HH:mm ZZ');
  return openTimes(plan)
    .intervals(at(fromIso), at(toIso))
    .map(({ fromMs, toMs }) => `${local(fromMs)} to ${local(toMs)}`);
}

describe('open times', () => {
  it('has several intervals a day', () => {
    const plan = planOf({ weekly: ['Mon-Fri 08:00-12:00,13:00-18:00'] });
    assert.deepEqual(localIntervals(plan, '2026-01-16T00:00Z', '2026-01-19T10:00Z'), [
      '01-16 08:00 +01:00 to 01-16 12:00 +01:00',
      '01-16 13:00 +01:00 to 01-16 18:00 +01:00',
      '01-19 08:00 +01:00 to 01-19 11:00 +01:00',
    ]);
  });

  it('runs past midnight without a seam', () => {
    const plan = planOf({ weekly: ['Fri 22:00-02:00'] });
    assert.deepEqual(localIntervals(plan, '2026-01-12T00:00Z', '2026-01-19T00:00Z'), [
      '01-16 22:00 +01:00 to 01-17 02:00 +01:00',
    ]);
    assert.equal(openTimes(plan).isOpen(at('2026-01-17T01:59+01:00')), true);
    assert.equal(openTimes(plan).isOpen(at('2026-01-17T02:00+01:00')), false);
  });

  it('closes a holiday, and the night before it at midnight', () => {
    const plan = planOf({ weekly: ['Mon-Sun 20:00-04:00'], holidays: ['12-25'] });
    assert.deepEqual(localIntervals(plan, '2026-12-24T12:00Z', '2026-12-26T22:00Z'), [
      '12-24 20:00 +01:00 to 12-25 00:00 +01:00',
      '12-26 20:00 +01:00 to 12-26 23:00 +01:00',
    ]);
  });

  it('opens extra hours on a holiday too, and closing has the last word', () => {
    const plan = planOf({
      weekly: ['Mon-Fri 08:00-18:00'],
      holidays: ['2026-12-24'],
      opened: ['12-24 09:00-12:00'],
      closed: ['2026-12-24 10:00-11:00', '12-23 13:00-24:00'],
    });
    assert.deepEqual(localIntervals(plan, '2026-12-23T00:00Z', '2026-12-25T00:00Z'), [
      '12-23 08:00 +01:00 to 12-23 13:00 +01:00',
      '12-24 09:00 +01:00 to 12-24 10:00 +01:00',
      '12-24 11:00 +01:00 to 12-24 12:00 +01:00',
    ]);
  });

  it('is not open in the hour that is skipped in spring', () => {
    const plan = planOf({ weekly: ['Sun 01:30-03:30'] });
    // 2026-03-29: 02:00 becomes 03:00.
    assert.deepEqual(openTimes(plan).intervals(at('2026-03-28T12:00Z'), at('2026-03-30T00:00Z')), [
      { fromMs: at('2026-03-29T01:30+01:00'), toMs: at('2026-03-29T03:30+02:00') },
    ]);
    const inside = openTimes(planOf({ weekly: ['Sun 02:10-02:50'] }));
    assert.equal(inside.nextOpen(at('2026-03-29T00:00Z')), at('2026-04-05T02:10+02:00'));
  });

  it('is open twice in the hour that comes twice in autumn', () => {
    const plan = planOf({ weekly: ['Sun 02:10-02:50'] });
    // 2026-10-25: 03:00 becomes 02:00.
    assert.deepEqual(openTimes(plan).intervals(at('2026-10-24T12:00Z'), at('2026-10-26T00:00Z')), [
      { fromMs: at('2026-10-25T02:10+02:00'), toMs: at('2026-10-25T02:50+02:00') },
      { fromMs: at('2026-10-25T02:10+01:00'), toMs: at('2026-10-25T02:50+01:00') },
    ]);
  });

  it('knows a place that left out a whole day', () => {
    const plan = planOf({ zone: 'Pacific/Apia', weekly: ['Fri 08:00-12:00'] });
    // There was no Friday 2011-12-30 in Samoa.
    const next = openTimes(plan).nextOpen(at('2011-12-29T12:00-10:00'));
    assert.equal(next, at('2012-01-06T08:00+14:00'));
  });

  it('says when nothing is ever open', () => {
    const never = openTimes(planOf({ weekly: ['Mon-Fri 08:00-18:00'], closed: [] }));
    const night = openTimes(planOf({ weekly: ['Mon-Sun 22:00-23:00'] }));
    assert.equal(openTimes(planOf({})).nextOpen(at('2026-01-01T00:00Z')), undefined);
    assert.equal(openTogether([never, night]).nextOpen(at('2026-01-01T00:00Z')), undefined);
  });

  it('finds what is open everywhere', () => {
    const window = { weekly: ['Mon-Sat 08:00-21:00'] };
    const zones = ['America/New_York', 'America/Los_Angeles', 'Pacific/Honolulu'];
    const all = openTogether(zones.map((zone) => openTimes(planOf({ zone, ...window }))));
    assert.deepEqual(all.intervals(at('2026-01-16T00:00-05:00'), at('2026-01-17T00:00-05:00')), [
      { fromMs: at('2026-01-16T08:00-10:00'), toMs: at('2026-01-16T21:00-05:00') },
    ]);
    assert.equal(openTogether([]).isOpen(at('2026-01-16T03:00Z')), true);
  });

  it('asks for an opening before an instant only', () => {
    const plan = openTimes(planOf({ weekly: ['Mon 08:00-09:00'] }));
    const monday = at('2026-01-19T08:00+01:00');
    assert.equal(plan.nextOpen(at('2026-01-16T00:00Z'), monday), undefined);
    assert.equal(plan.nextOpen(at('2026-01-16T00:00Z'), monday + 1), monday);
  });

  describe('in any zone', () => {
    const zones = [
      ...['Europe/Berlin', 'America/New_York', 'America/St_Johns', 'Australia/Lord_Howe'],
      ...['Asia/Kathmandu', 'Africa/Casablanca', 'Pacific/Apia', 'Pacific/Chatham', 'UTC'],
      ...['America/Sao_Paulo', 'Asia/Tehran', 'Europe/Dublin', 'Africa/Cairo', 'Asia/Gaza'],
      ...['Antarctica/Troll', 'America/Nuuk', 'Asia/Kolkata', 'Pacific/Kiritimati'],
    ];
    const span = fc
      .record({ from: fc.integer({ min: 0, max: 95 }), length: fc.integer({ min: 1, max: 96 }) })
      .map(({ from, length }): MinuteSpan => ({ from: from * 15, to: (from + length) * 15 }));
    const weekly = fc.array(fc.array(span, { maxLength: 2 }), { minLength: 7, maxLength: 7 });
    // Half of the instants are near a change of the clocks of somebody.
    const instant = fc.oneof(
      fc.integer({ min: at('2024-01-01T00:00Z'), max: at('2030-01-01T00:00Z') }),
      fc
        .record({
          day: fc.constantFrom('2026-03-08', '2026-03-29', '2026-10-25', '2026-11-01'),
          hour: fc.integer({ min: -30, max: 54 }),
          minute: fc.integer({ min: 0, max: 3599 }),
        })
        .map(({ day, hour, minute }) => at(`${day}T00:00Z`) + hour * HOUR_MS + minute * 1000),
    );

    it('agrees with the clock on the wall', () => {
      fc.assert(
        fc.property(fc.constantFrom(...zones), weekly, instant, (zone, spans, atMs) => {
          const plan = { ...planOf({ zone }), weekly: spans };
          assert.equal(openTimes(plan).isOpen(atMs), isOpenOnTheWall(zone, spans, atMs));
        }),
        { numRuns: 600 },
      );
    });

    it('opens at the instant it names, and not before', () => {
      fc.assert(
        fc.property(fc.constantFrom(...zones), weekly, instant, (zone, spans, atMs) => {
          const times = openTimes({ ...planOf({ zone }), weekly: spans });
          const next = times.nextOpen(atMs);
          if (next === undefined) return spans.every((day) => day.length === 0);
          assert.ok(times.isOpen(next));
          assert.ok(isOpenOnTheWall(zone, spans, next));
          for (let steps = 0; steps < 20; steps += 1) {
            const before: number = atMs + Math.floor(((next - atMs) * steps) / 20);
            if (before < next) assert.equal(times.isOpen(before), false);
          }
          return true;
        }),
        { numRuns: 300 },
      );
    });

    it('lists intervals that are apart, and between which it is closed', () => {
      fc.assert(
        fc.property(fc.constantFrom(...zones), weekly, instant, (zone, spans, atMs) => {
          const times = openTimes({ ...planOf({ zone }), weekly: spans });
          const toMs = atMs + 9 * 24 * HOUR_MS;
          let lastMs = atMs - 1;
          for (const { fromMs, toMs: endMs } of times.intervals(atMs, toMs)) {
            assert.ok(fromMs > lastMs && endMs > fromMs && endMs <= toMs);
            if (fromMs > atMs) assert.equal(times.isOpen(fromMs - 1), false);
            assert.ok(times.isOpen(fromMs) && times.isOpen(endMs - 1));
            if (endMs < toMs) assert.equal(times.isOpen(endMs), false);
            lastMs = endMs;
          }
        }),
        { numRuns: 200 },
      );
    });
  });
});

/** The rule in one sentence, by luxon: does the local time lie in a span of today or yesterday? */
function isOpenOnTheWall(
  zone: string,
  weekly: readonly (readonly MinuteSpan[])[],
  atMs: number,
): boolean {
  const local = DateTime.fromMillis(atMs, { zone });
  const minute = local.hour * 60 + local.minute;
  const today = weekly[local.weekday - 1] ?? [];
  const yesterday = weekly[(local.weekday + 5) % 7] ?? [];
  return (
    today.some(({ from, to }) => minute >= from && minute < to) ||
    yesterday.some(({ to }) => minute + 1440 < to)
  );
}
