import assert from 'node:assert/strict';
import { bookTime, NEVER_MS } from '../../src/request/booked-time.js';
import { configOf } from './test-config.js';

const HOUR_MS = 3_600_000;
/** A Friday, half past five in the afternoon in Berlin, in winter. */
const NOW_MS = Date.parse('2026-01-16T16:30Z');
const NUMBER = '+4930123456';

async function booking(options: string) {
  const config = await configOf(`
officeHours:
  berlin: { timezone: Europe/Berlin, weekly: [Mon-Fri 08:00-18:00] }
capacities:
  few: { timezone: Europe/Berlin, weekly: [Mon-Fri 08:00-12:00 2] }
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
services:
  sales:
    queue: q
    _default_country: DE
${options.replace(/^/gm, '    ')}
`);
  const { sales } = config.services;
  assert.ok(sales);
  return (desired?: string, number = NUMBER, nowMs = NOW_MS) =>
    bookTime(sales, config, desired, number, nowMs);
}

const iso = (ms: number) => new Date(ms).toISOString();

describe('the time of a request', () => {
  it('is now without a desired time, and needs no slot', async () => {
    const book = await booking('_max_request_by_time_bucket: 0');
    assert.deepEqual(book(), {
      desiredAtMs: NOW_MS,
      dueAtMs: NOW_MS,
      expiresAtMs: NOW_MS + 24 * HOUR_MS,
    });
    assert.deepEqual(book(''), book());
    assert.equal((await booking('_ttl: 0'))().expiresAtMs, NEVER_MS);
  });

  it('is taken up before the desired time, by the shorter of buffer and threshold', async () => {
    const lead = async (options: string, desired = '2026-01-16T17:00Z') =>
      Date.parse(desired) - (await booking(options))(desired).dueAtMs;
    assert.equal(await lead(''), 120_000);
    assert.equal(await lead('_desired_connect_time_threshold: 60'), 60_000);
    assert.equal(await lead('_request_execution_time_buffer: 0'), 0);
    // Not before now.
    assert.equal(await lead('', '2026-01-16T16:31Z'), 60_000);
  });

  it('is booked in its slot', async () => {
    const book = await booking('_request_time_bucket: 30\n_max_request_by_time_bucket: 7');
    assert.deepEqual(book('2026-01-16T17:44:59Z').slot, {
      fromMs: Date.parse('2026-01-16T17:30Z'),
      toMs: Date.parse('2026-01-16T18:00Z'),
      max: 7,
    });
    const few = await booking('_capacity_service: few');
    assert.equal(few('2026-01-19T10:59+01:00').slot?.max, 2);
    assert.equal(few('2026-01-19T12:00+01:00').slot?.max, 0);
  });

  it('outside the office hours is refused, with the next opening', async () => {
    const book = await booking('_business_hours_service: berlin');
    assert.equal(iso(book('2026-01-16T17:59+01:00').desiredAtMs), '2026-01-16T16:59:00.000Z');
    const refusal = {
      code: 'CBD_REQUEST_CLOSED',
      message: /opens next at 2026-01-19T07:00:00\.000Z/,
    };
    assert.throws(() => book('2026-01-16T18:00+01:00'), refusal);
    assert.throws(() => book(undefined, NUMBER, NOW_MS + HOUR_MS), refusal);
  });

  it('or moved to the next opening, where the service says so', async () => {
    const book = await booking('_business_hours_service: berlin\nwhenClosed: schedule');
    const moved = book(undefined, NUMBER, NOW_MS + HOUR_MS);
    assert.equal(iso(moved.desiredAtMs), '2026-01-19T07:00:00.000Z');
    // Not before the office opens, whatever the lead is.
    assert.equal(moved.dueAtMs, moved.desiredAtMs);
    // Nobody chose it: the slot of the opening is not used up by a whole night.
    assert.equal(moved.slot, undefined);
    assert.equal(moved.expiresAtMs, moved.desiredAtMs + 24 * HOUR_MS);
  });

  it('waits for the window by the clock of the customer', async () => {
    const window = 'callingWindow: [Mon-Sun 09:00-20:00]';
    const due = async (options: string, number: string, desired = '2026-01-16T21:00Z') =>
      iso((await booking(`${window}\n${options}`))(desired, number).dueAtMs);
    assert.equal(await due('', NUMBER), '2026-01-17T08:00:00.000Z');
    assert.equal(await due('', '+12125550123'), '2026-01-16T20:58:00.000Z');
    assert.equal(await due('customerTimezone: Asia/Tokyo', NUMBER), '2026-01-17T00:00:00.000Z');
    // A mobile of a country with several zones: nine in Perth, until eight in Sydney.
    assert.equal(await due('', '+61412345678'), '2026-01-17T01:00:00.000Z');
    // Nowhere: by the clock of _default_country.
    assert.equal(await due('', '+881612345678'), '2026-01-17T08:00:00.000Z');
  });

  it('waits until both the office and the window are open', async () => {
    const book = await booking(
      '_business_hours_service: berlin\nwhenClosed: schedule\ncallingWindow: [Mon-Fri 09:00-20:00]',
    );
    // New York: nine o'clock there is three in the afternoon in Berlin.
    assert.equal(
      iso(book('2026-01-19T09:00+01:00', '+12125550123').dueAtMs),
      '2026-01-19T14:00:00.000Z',
    );
    // Los Angeles: they do not meet in its life; it stays due and waits for its end.
    const never = book('2026-01-19T09:00+01:00', '+12135550123');
    assert.equal(never.dueAtMs, never.desiredAtMs - 120_000);
  });

  it('may lie in the past only where the service takes that for now', async () => {
    const past = '2026-01-16T12:00Z';
    await assert.rejects(async () => (await booking(''))(past), {
      code: 'CBD_REQUEST_DESIRED_TIME',
    });
    assert.equal((await booking('_reject_past_desired_time: false'))(past).desiredAtMs, NOW_MS);
  });
});
