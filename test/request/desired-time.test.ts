import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseIsoTime, readDesiredTime } from '../../src/request/desired-time.js';

const NOON_MS = Date.UTC(2026, 0, 15, 12);
const DAY_MS = 86_400_000;
const RULES = { rejectFutureMs: DAY_MS, refusesPast: true };

describe('A desired time', () => {
  const read: [string, number][] = [
    ['2026-01-15T12:00:00.000Z', NOON_MS],
    ['2026-01-15T12:00:00.5Z', NOON_MS + 500],
    ['2026-01-15T12:00Z', NOON_MS],
    ['2026-01-15T13:00:00+01:00', NOON_MS],
    ['2026-01-15T06:30:00.000-0530', NOON_MS],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
  ];
  for (const [text, atMs] of read) {
    it(`reads ${text}`, () => assert.equal(parseIsoTime(text), atMs));
  }

  const refused = [
    'tomorrow',
    '2026-01-15',
    '2026-01-15T12:00:00',
    '2026-02-30T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-01-15T25:00:00Z',
    '2026-01-15T12:61:00Z',
    '2026-01-15T12:00:00+99:99',
    '2026-01-15T12:00:00-14:01',
    '2026-01-15T12:00:00+01:60',
    '0026-01-15T12:00:00Z',
    '1768478400000',
    '2026-01-15T12:00:00Z; drop',
  ];
  for (const text of refused) {
    it(`takes ${JSON.stringify(text)} for no time`, () =>
      assert.equal(parseIsoTime(text), undefined));
  }

  it('reads back every time that JavaScript writes', () => {
    const time = fc.date({
      min: new Date('1970-01-01'),
      max: new Date('9999-12-31'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(time, (date) => assert.equal(parseIsoTime(date.toISOString()), date.getTime())),
    );
  });

  it('means now when it has just passed, and is refused when long past or too far ahead', () => {
    const at = (ms: number): string => new Date(NOON_MS + ms).toISOString();
    assert.equal(readDesiredTime(at(-60_000), NOON_MS, RULES), NOON_MS);
    assert.equal(readDesiredTime(at(DAY_MS), NOON_MS, RULES), NOON_MS + DAY_MS);
    const code = { code: 'CBD_REQUEST_DESIRED_TIME' };
    assert.throws(() => readDesiredTime(at(-3_600_000), NOON_MS, RULES), code);
    assert.throws(() => readDesiredTime(at(DAY_MS + 1), NOON_MS, RULES), code);
    assert.throws(() => readDesiredTime('soon', NOON_MS, RULES), code);
  });
});
