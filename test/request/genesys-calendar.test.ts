import assert from 'node:assert/strict';
import { ApiBed, assertGenesysProblem, type Body } from './api-bed.js';

// The clock stands at a Thursday noon in UTC, 13:00 in Paris.
const YAML = `
officeHours:
  paris: { timezone: Europe/Paris, weekly: ["Mon-Fri 08:00-12:00,13:00-18:00"], holidays: ["01-16"] }
services: {}
`;
const PATH = '/genesys/1/service/paris';

describe('GMS’ office hours', () => {
  let bed: ApiBed;

  before(async () => {
    bed = await ApiBed.open(YAML);
  });
  after(() => bed.close());

  const periods = async (query = ''): Promise<unknown> => {
    const answer = await bed.get(`${PATH}?${query}`);
    assert.equal(answer.statusCode, 200, answer.body);
    const body = answer.json<Body>();
    assert.equal(body['error'], null);
    return body['periods'];
  };
  const period = (start: string, end: string) => ({
    start: `2026-01-${start}:00.000Z`,
    end: `2026-01-${end}:00.000Z`,
  });

  it('say whether it is open now, and until when', async () => {
    assert.deepEqual(await periods(), [period('15T12:00', '15T17:00')]);
    assert.deepEqual(await periods('start=2026-01-15T11:30:00Z'), []);
    assert.deepEqual(await periods('start=2026-01-16T12:00:00Z'), [], 'a holiday');
  });

  it('list what is open in a stretch of days, cut at its ends', async () => {
    assert.deepEqual(await periods('number-of-days=4'), [
      period('15T12:00', '15T17:00'),
      period('19T07:00', '19T11:00'),
    ]);
    assert.deepEqual(await periods('start=2026-01-15T10:00:00%2B00:00&end=2026-01-15T12:30:00Z'), [
      period('15T10:00', '15T11:00'),
      period('15T12:00', '15T12:30'),
    ]);
  });

  it('refuse names, times and stretches that are none', async () => {
    assertGenesysProblem(
      await bed.get('/genesys/1/service/berlin'),
      404,
      'CBD_REQUEST_NO_OFFICE_HOURS',
      { field: 'hours', value: 'berlin', rule: 'a name under `officeHours`' },
    );
    const bad: [string, string][] = [
      ['start=tomorrow', 'start'],
      ['end=2026-01-01T00:00:00Z', 'end'],
      ['end=2036-01-01T00:00:00Z', 'end'],
      ['number-of-days=-1', 'number-of-days'],
      ['number-of-days=10000', 'number-of-days'],
      ['number-of-days=many', 'number-of-days'],
    ];
    for (const [query, field] of bad) {
      const answer = await bed.get(`${PATH}?${query}`);
      assert.equal(answer.statusCode, 400, query);
      assert.equal(answer.json<Body>()['field'], field, query);
    }
    for (const name of ['constructor', '__proto__']) {
      assert.equal((await bed.get(`/genesys/1/service/${name}`)).statusCode, 404);
    }
  });
});
