import assert from 'node:assert/strict';
import { ApiBed, type Body } from './api-bed.js';

// The clock stands at a Thursday noon in UTC, 13:00 in Paris.
const YAML = `
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
officeHours:
  paris: { timezone: Europe/Paris, weekly: ["Mon-Fri 08:00-12:00,14:00-16:00"] }
services:
  sales:
    queue: q
    _business_hours_service: paris
    _request_time_bucket: 60
    _max_request_by_time_bucket: 2
    _enable_in_queue_checking: false
  always: { queue: q, _request_time_bucket: 60 }
`;
const path = (version: number, service = 'sales') =>
  `/genesys/${version}/service/callback/${service}/availability`;
const at = (dayAndTime: string) => `2026-01-${dayAndTime}:00.000Z`;

describe('times that are free', () => {
  let bed: ApiBed;

  before(async () => {
    bed = await ApiBed.open(YAML);
    await bed.started({ _desired_time: at('15T13:10') });
    for (const minute of [10, 20]) await bed.started({ _desired_time: at(`15T14:${minute}`) });
  });
  after(() => bed.close());

  const ask = async (version: number, query: string, service?: string): Promise<Body> => {
    const answer = await bed.get(`${path(version, service)}?${query}`);
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json<Body>();
  };

  it('are a map for clients of the first version', async () => {
    const free = await ask(1, 'number-of-days=1');
    assert.deepEqual(free, {
      [at('15T13:00')]: 1,
      [at('16T07:00')]: 2,
      [at('16T08:00')]: 2,
      [at('16T09:00')]: 2,
      [at('16T10:00')]: 2,
    });
    assert.deepEqual(await ask(1, 'number-of-days=1&max-time-slots=1'), { [at('15T13:00')]: 1 });
    assert.deepEqual(await ask(1, `start=${at('17T12:00')}&end=${at('18T12:00')}`), {});
  });

  it('are a list for clients of the second, full ones and local times where asked for', async () => {
    const query = `start-ms=${Date.UTC(2026, 0, 15, 12)}&end=${at('15T23:00')}`;
    assert.deepEqual(await ask(2, `${query}&timezone=Europe/Paris&report-busy=true`), {
      durationMin: 60,
      timezone: 'Europe/Paris',
      slots: [
        {
          utcTime: at('15T13:00'),
          localTime: '2026-01-15T14:00:00.000',
          capacity: 1,
          total: 2,
        },
        {
          utcTime: at('15T14:00'),
          localTime: '2026-01-15T15:00:00.000',
          capacity: 0,
          total: 2,
        },
      ],
    });
    assert.deepEqual(await ask(2, query), {
      durationMin: 60,
      slots: [{ utcTime: at('15T13:00'), capacity: 1, total: 2 }],
    });
  });

  it('are asked for by the clocks of a zone as well', async () => {
    const local = 'start=2026-01-16T11:00:00&end=2026-01-16T12:00:00&timezone=Europe/Paris';
    const { slots } = await ask(2, local);
    assert.deepEqual(
      (slots as Body[]).map(({ utcTime }) => utcTime),
      [at('16T10:00')],
    );
  });

  it('are proposed to whoever asks for one that is full or closed', async () => {
    for (const [_desired_time, error] of [
      [at('15T14:30'), 'CBD_REQUEST_NO_CAPACITY'],
      [at('15T20:00'), 'CBD_REQUEST_CLOSED'],
    ]) {
      const payload = { _customer_number: '+15550001234', _desired_time };
      const answer = await bed.post('/genesys/1/service/callback/sales', payload);
      const body = answer.json<{ availability: Body; exception: string } & Body>();
      assert.deepEqual([answer.statusCode, body['error']], [400, error]);
      assert.match(body.exception, /\.CallbackExceptionAvailability$/);
      assert.equal(Object.keys(body.availability).length, 10);
      assert.equal(body.availability[at('16T07:00')], 2);
    }
    const id = await bed.started({ _desired_time: at('16T08:00') });
    const moved = await bed.api.inject({
      method: 'PUT',
      url: `/genesys/1/service/callback/sales/${id}`,
      payload: { _new_desired_time: at('15T14:30') },
    });
    assert.equal(moved.statusCode, 400);
    assert.equal(moved.json<{ availability: Body }>().availability[at('16T08:00')], 1);
  });

  it('are any in a service without hours', async () => {
    const free = await ask(1, `start=${at('17T00:00')}&end=${at('18T00:00')}`, 'always');
    assert.equal(Object.keys(free).length, 24);
  });

  it('come at once, however many are asked for', async () => {
    const before = performance.now();
    const free = await ask(1, 'number-of-days=62', 'always');
    assert.equal(Object.keys(free).length, 62 * 24);
    assert.ok(performance.now() - before < 2000);
  });

  it('are refused for what is no stretch of time', async () => {
    const bad: [string, string][] = [
      ['start=2026-01-16T11:00:00', 'start'],
      ['number-of-days=63', 'number-of-days'],
      ['max-time-slots=0', 'max-time-slots'],
      ['timezone=Mars/Base', 'timezone'],
      ['timezone=EST', 'timezone'],
      ['start-ms=-1', 'start-ms'],
      ['start-ms=1e300', 'start-ms'],
      ['start-ms=0', 'end'],
      ['report-busy=perhaps', 'report-busy'],
    ];
    for (const [query, field] of bad) {
      const end = query === 'start-ms=0' ? `&end-ms=${Date.UTC(2026, 0, 1)}` : '';
      const answer = await bed.get(`${path(2)}?${query}${end}`);
      assert.equal(answer.statusCode, 400, query);
      assert.equal(answer.json<Body>()['field'], field, query);
    }
    assert.equal((await bed.get(path(1, 'shop'))).statusCode, 404);
  });
});
