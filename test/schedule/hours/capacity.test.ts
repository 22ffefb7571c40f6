import assert from 'node:assert/strict';
import {
  capacityAt,
  readDayCapacity,
  readWeeklyCapacity,
  slotOf,
} from '../../../src/schedule/hours/capacity.js';
import { zoneNamed } from '../../../src/schedule/hours/zone.js';

const MINUTE_MS = 60_000;

function planOf(weekly: readonly string[], days: readonly string[] = []) {
  return {
    zone: 'Europe/Berlin',
    weekly: weekly.flatMap((text) => readWeeklyCapacity(text) ?? []),
    days: days.flatMap((text) => readDayCapacity(text) ?? []),
  };
}

describe('capacity', () => {
  it('goes by weekday and time of day of its place', () => {
    const plan = planOf(['Mon-Fri 08:00-20:00 5', 'Fri 16:00-20:00 2', 'Fri 22:00-02:00 1']);
    assert.equal(plan.weekly.length, 3);
    const at = (iso: string) => capacityAt(plan, Date.parse(iso));
    assert.equal(at('2026-01-15T07:59+01:00'), 0);
    assert.equal(at('2026-01-15T08:00+01:00'), 5);
    assert.equal(at('2026-01-16T16:00+01:00'), 2);
    assert.equal(at('2026-01-17T01:59+01:00'), 1);
    assert.equal(at('2026-01-17T02:00+01:00'), 0);
    // Summer time.
    assert.equal(at('2026-07-15T06:00Z'), 5);
  });

  it('has lines for single days, which then hold alone', () => {
    const plan = planOf(
      ['Mon-Sun 00:00-24:00 9'],
      ['12-24 09:00-12:00 2', '2026-12-25 00:00-24:00 0'],
    );
    assert.equal(plan.days.length, 2);
    const at = (iso: string) => capacityAt(plan, Date.parse(iso));
    assert.equal(at('2026-12-24T10:00+01:00'), 2);
    assert.equal(at('2026-12-24T13:00+01:00'), 0);
    assert.equal(at('2026-12-25T10:00+01:00'), 0);
    assert.equal(at('2026-12-26T00:00+01:00'), 9);
  });

  for (const text of ['Mon 08:00-09:00', 'Mon 08:00-09:00 1001', 'Mon 08:00-09:00 -1', '5']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(readWeeklyCapacity(text), undefined);
    });
  }

  it('cuts slots that begin on the hours of the place, all of one length', () => {
    for (const name of ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns']) {
      const zone = zoneNamed(name);
      for (let atMs = Date.UTC(2026, 2, 28); atMs < Date.UTC(2026, 2, 30); atMs += 7 * MINUTE_MS) {
        const { fromMs, toMs } = slotOf(zone, 30 * MINUTE_MS, atMs);
        assert.ok(fromMs <= atMs && atMs < toMs);
        assert.equal(toMs - fromMs, 30 * MINUTE_MS);
        assert.equal((fromMs + zone.offsetMs(fromMs)) % (30 * MINUTE_MS), 0, name);
        assert.deepEqual(slotOf(zone, 30 * MINUTE_MS, fromMs), { fromMs, toMs });
      }
    }
  });
});
