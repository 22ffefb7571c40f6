/** Slots, office hours and the customer's zone through the HTTP API and a real store. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { createApi } from '../../src/request/callback-api.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { silentLog } from '../fakes/fake-telephony.js';
import { configOf } from './test-config.js';

/** A Friday noon in Berlin. */
const NOW_MS = Date.parse('2026-01-16T11:00Z');
const START = '/genesys/1/service/callback/sales';
const YAML = `
officeHours: { berlin: { timezone: Europe/Berlin, weekly: [Mon-Fri 08:00-18:00] } }
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
services:
  sales:
    queue: q
    _default_country: DE
    _business_hours_service: berlin
    callingWindow: [Mon-Sun 09:00-20:00]
    _request_time_bucket: 30
    _max_request_by_time_bucket: 2
`;

interface Answer {
  readonly _id?: string;
  /** Our stable code, beside GMS' own. */
  readonly error?: string;
  readonly message?: string;
  readonly availability?: Readonly<Record<string, number>>;
}

describe('booking over HTTP', () => {
  let store: CallbackStore;
  let api: FastifyInstance;
  beforeEach(async () => {
    store = await openSqliteStore({ file: ':memory:' });
    api = createApi({
      store,
      config: await configOf(YAML),
      clock: virtualClock(NOW_MS),
      random: { uuid: () => randomUUID(), fraction: () => 0 },
      log: silentLog,
      poke: () => undefined,
      cancelLive: () => false,
      isReady: () => true,
    });
  });
  afterEach(async () => {
    await api.close();
    await store.close();
  });

  let count = 0;
  const number = () => `+49301234${String((count += 1)).padStart(3, '0')}`;
  async function send(method: 'POST' | 'PUT', url: string, payload: Record<string, string>) {
    const answer = await api.inject({ method, url, payload });
    return { status: answer.statusCode, ...answer.json<Answer>() };
  }
  const book = (_desired_time: string, more = {}) =>
    send('POST', START, { _customer_number: number(), _desired_time, ...more });

  it('never overfills a slot, and offers the next free times instead', async () => {
    const slot = '2026-01-16T13:10:00Z';
    const answers = await Promise.all(Array.from({ length: 8 }, () => book(slot)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 2);
    const refused = answers.find(({ status }) => status !== 200);
    assert.equal(refused?.status, 400);
    assert.equal(refused.error, 'CBD_REQUEST_NO_CAPACITY');
    const [first, ...others] = Object.entries(refused.availability ?? {});
    assert.deepEqual(first, ['2026-01-16T13:30:00.000Z', 2]);
    assert.ok(others.length > 3);
  });

  it('offers the next opening to whoever asks for a time at which the office is closed', async () => {
    const refused = await book('2026-01-16T17:30:00Z');
    assert.equal(refused.error, 'CBD_REQUEST_CLOSED');
    assert.equal(
      refused.message,
      'The office is closed then. It opens next at 2026-01-19T07:00:00.000Z.',
    );
    assert.equal(Object.keys(refused.availability ?? {})[0], '2026-01-19T07:00:00.000Z');
  });

  it('holds a reschedule to the same rules', async () => {
    const slot = '2026-01-16T13:10:00Z';
    await book(slot);
    await book(slot);
    const { _id = '' } = await book('2026-01-16T14:10:00Z');
    const move = (_desired_time: string) => send('PUT', `${START}/${_id}`, { _desired_time });
    assert.equal((await move(slot)).error, 'CBD_REQUEST_NO_CAPACITY');
    assert.equal((await move('2026-01-16T17:30:00Z')).error, 'CBD_REQUEST_CLOSED');
    assert.equal((await move('2026-01-16T14:20:00Z')).status, 200);
    assert.equal((await store.get(_id))?.dueAtMs, Date.parse('2026-01-16T14:18:00Z'));
  });

  it('takes the zone of the customer from the request, and keeps it for the dial', async () => {
    const { _id = '' } = await book('2026-01-16T12:00:00Z', {
      _customer_timezone: 'America/New_York',
    });
    const record = await store.get(_id);
    // Nine o'clock in New York.
    assert.equal(record?.dueAtMs, Date.parse('2026-01-16T14:00:00Z'));
    assert.deepEqual(record?.requestOptions, { customerTimezone: 'America/New_York' });
    const refused = await book('2026-01-16T12:00:00Z', { _customer_timezone: 'EST' });
    assert.equal(refused.error, 'CBD_REQUEST_OPTION');
  });

  it('looks anew when a customer may be called once number or zone have changed', async () => {
    const { _id = '' } = await book('2026-01-16T12:00:00Z');
    const dueAfter = async (change: Record<string, string>) => {
      const { status } = await send('PUT', `${START}/${_id}`, change);
      assert.equal(status, 200);
      const record = await store.get(_id);
      return new Date(record?.dueAtMs ?? 0).toISOString().slice(11, 16);
    };
    assert.equal(await dueAfter({ _customer_number: '+12125550123' }), '14:00');
    assert.equal(await dueAfter({ _customer_timezone: 'America/Chicago' }), '15:00');
    assert.equal(await dueAfter({ note: 'x' }), '15:00');
    assert.equal(await dueAfter({ _customer_timezone: 'Europe/Berlin' }), '11:58');
    assert.equal((await send('PUT', `${START}/${_id}`, { _customer_timezone: 'EST' })).status, 400);
  });
});
