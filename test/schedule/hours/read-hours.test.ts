import assert from 'node:assert/strict';
import {
  addWeeks,
  readCalendarDay,
  readDatedSpans,
  readWeekly,
} from '../../../src/schedule/hours/read-hours.js';
import { isZoneName } from '../../../src/schedule/hours/zone.js';

describe('hours as texts', () => {
  it('reads what GMS writes', () => {
    const hours = [{ from: 480, to: 1200 }];
    const week = readWeekly('Mon-Fri 08:00-20:00');
    assert.deepEqual(week, [hours, hours, hours, hours, hours, [], []]);
    assert.deepEqual(readDatedSpans('07-14 12:00-14:30'), {
      on: { month: 7, day: 14 },
      spans: [{ from: 720, to: 870 }],
    });
    assert.deepEqual(readCalendarDay('2020-07-15'), { year: 2020, month: 7, day: 15 });
  });

  it('reads lists of days and spans, weeks that wrap, and ends on the next day', () => {
    const week = readWeekly('Sat-Mon,thursday 8:00-12:00, 22:00-02:00');
    const spans = [
      { from: 480, to: 720 },
      { from: 1320, to: 1560 },
    ];
    assert.deepEqual(week, [spans, [], [], spans, [], spans, spans]);
    assert.deepEqual(readWeekly('Sun 00:00-24:00')?.[6], [{ from: 0, to: 1440 }]);
    assert.deepEqual(readWeekly('Sun 00:00-00:00')?.[6], [{ from: 0, to: 1440 }]);
  });

  it('adds up lines', () => {
    const weeks = ['Mon 08:00-09:00', 'Mon 10:00-11:00'].map((text) => readWeekly(text) ?? []);
    assert.deepEqual(addWeeks(weeks)[0], [
      { from: 480, to: 540 },
      { from: 600, to: 660 },
    ]);
  });

  for (const text of [
    ...['', 'Mon', '08:00-12:00', 'Mo-Fr 08:00-12:00', 'Mon-Tue-Wed 08:00-12:00'],
    ...['Mon 8-12', 'Mon 24:00-12:00', 'Mon 08:60-12:00', 'Mon 08:00-25:00', 'Mon 08:00'],
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(readWeekly(text), undefined));
  }

  for (const text of ['2026-02-29', '02-30', '13-01', '2026-1-1', '25.12.', '00-10']) {
    it(`refuses the day ${text}`, () => assert.equal(readCalendarDay(text), undefined));
  }

  it('takes 29 February of every year and of leap years', () => {
    assert.ok(readCalendarDay('02-29'));
    assert.ok(readCalendarDay('2028-02-29'));
  });

  it('takes zones of the IANA database, and no abbreviation', () => {
    for (const name of ['Europe/Berlin', 'America/Argentina/Ushuaia', 'UTC', 'Etc/GMT+5']) {
      assert.equal(isZoneName(name), true, name);
    }
    for (const name of ['EST', 'PST', 'CET', 'Europe/Nowhere', '', '../etc', 'europe/berlin']) {
      assert.equal(isZoneName(name), false, name);
    }
  });
});
