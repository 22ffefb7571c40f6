import assert from 'node:assert/strict';
import { ApiBed, assertGenesysProblem, HOUR_MS, NOON_MS, type Body } from './api-bed.js';

const YAML = `
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults: { queue: q, _throttle_request_parameters_limit: 1000, _enable_in_queue_checking: false }
services:
  sales: { _customer_lookup_keys: [_customer_number, account, _service_type] }
  support: { _default_country: GB, _customer_lookup_keys: [account] }
`;
const QUERY = '/genesys/1/service/callback';
const QUEUES = '/genesys/1/admin/callback/queues';

describe('finding callbacks on GMS’ paths', () => {
  let bed: ApiBed;
  let one: string;
  let two: string;
  let other: string;

  before(async () => {
    bed = await ApiBed.open(YAML);
    one = await bed.started({ account: '77', city: 'Bath', _service_type: 'gold' });
    two = await bed.started({ account: '78' });
    const number = { _customer_number: '020 7946 0123', account: '77' };
    other = await bed.started(number, 'support');
    await bed.store.requestCancel(two, 'admin', NOON_MS);
  });
  after(() => bed.close());

  const found = async (query: string, url = QUERY): Promise<string[]> => {
    const answer = await bed.get(`${url}?${query}`);
    assert.equal(answer.statusCode, 200, answer.body);
    const names = new Map([
      [one, 'one'],
      [two, 'two'],
      [other, 'other'],
    ]);
    return answer
      .json<Body[]>()
      .map((record) => names.get(String(record['_id'])) ?? '?')
      .sort();
  };

  it('takes any lookup key, `!` for every other value, and all have to fit', async () => {
    assert.deepEqual(await found('account=77'), ['one', 'other']);
    assert.deepEqual(await found('account=77&_service_type=gold'), ['one']);
    assert.deepEqual(await found('account=77&_service_type=!gold'), ['other']);
    assert.deepEqual(await found('_customer_number=5550001234&account=!77'), ['two']);
    assert.deepEqual(await found('account=77&_customer_number=!%2B15550001234'), ['other']);
    assert.deepEqual(await found('account=77&_callback_state=!COMPLETED,!PAUSED'), [
      'one',
      'other',
    ]);
  });

  it('takes one of several keys with operand=OR', async () => {
    assert.deepEqual(await found('account=78&_service_type=gold&operand=OR'), ['one', 'two']);
    const state = '_callback_state=!COMPLETED';
    assert.deepEqual(await found(`account=78&_service_type=gold&operand=OR&${state}`), ['one']);
  });

  it('finds by a number of a service that does not name it as a lookup key', async () => {
    assert.deepEqual(await found('_customer_number=%2B442079460123'), ['other']);
  });

  it('keeps to one service on the path of that service', async () => {
    const sales = `${QUERY}/sales`;
    assert.deepEqual(await found('account=77', sales), ['one']);
    assert.deepEqual(await found('account=!77', sales), ['two']);
    assert.deepEqual(await found('_callback_state=COMPLETED', sales), ['two']);
    assert.deepEqual(await found(`_id=${one}`, sales), ['one']);
    assert.deepEqual(await found(`_id=${other}`, sales), []);
    const answer = await bed.get(`${QUERY}/shop?account=1`);
    assertGenesysProblem(answer, 404, 'CBD_REQUEST_UNKNOWN_SERVICE', {
      ...{ field: 'service', value: 'shop', rule: 'a service of the configuration' },
    });
  });

  it('does not give away everybody for a query without a key', async () => {
    const rule = '_id, or one of _customer_number, account, _service_type';
    const fault = { field: 'query', rule };
    for (const query of [
      '',
      '?account=!77',
      '?_callback_state=QUEUED',
      '?color=red',
      '?__proto__=1',
    ]) {
      const answer = await bed.get(`${QUERY}${query}`);
      assertGenesysProblem(answer, 400, 'CBD_REQUEST_MISSING_KEY', fault);
    }
    const service = await bed.get(`${QUERY}/sales`);
    assertGenesysProblem(service, 400, 'CBD_REQUEST_MISSING_KEY', fault);
  });

  it('says what is wrong with a query', async () => {
    const bad: [string, string, Body][] = [
      ['account=7&account=8', 'account', { value: '["7","8"]', rule: 'once' }],
      ['account=7&operand=XOR', 'operand', { value: 'XOR', rule: 'must be one of AND, OR' }],
      ['account=7&max=0', 'max', { value: '0', rule: 'must be >= 1' }],
      [
        'account=7&_callback_state=HAPPY',
        '_callback_state',
        {
          value: 'HAPPY',
          rule: 'one of SCHEDULED, QUEUED, PAUSED, ROUTING, PROCESSING, COMPLETED',
        },
      ],
    ];
    for (const [query, field, fault] of bad) {
      const answer = await bed.get(`${QUERY}?${query}`);
      assert.equal(answer.statusCode, 400, query);
      const { field: named, value, rule } = answer.json<Body>();
      assert.equal(named, field);
      // What the schema coerced is shown as it then is.
      assert.equal(String(value), fault['value'], query);
      assert.equal(rule, fault['rule']);
    }
  });

  it('returns lookup keys, and user data that is asked for', async () => {
    const [record] = (await bed.get(`${QUERY}?_id=${one}&returned-keys=city,nothing`)).json<
      Body[]
    >();
    assert.equal(record?.['_service_type'], 'gold');
    assert.equal(record?.['city'], 'Bath');
    assert.ok(record && !('nothing' in record));
  });

  describe('by queue', () => {
    const lists = async (query: string): Promise<Record<string, string[]>> => {
      const answer = await bed.get(`${QUEUES}?${query}`);
      assert.equal(answer.statusCode, 200, answer.body);
      return Object.fromEntries(
        Object.entries(answer.json<Record<string, Body[]>>()).map(([name, list]) => [
          name,
          list.map(({ _id }) => String(_id)),
        ]),
      );
    };

    it('filters by lookup keys, states and reasons', async () => {
      assert.deepEqual(await lists('account=77'), { sales: [one], support: [other] });
      assert.deepEqual(await lists('target=sales&account=!77'), { sales: [two] });
      assert.deepEqual(await lists('_callback_state=QUEUED&target=sales'), { sales: [one] });
      assert.deepEqual(await lists('states=COMPLETED&_callback_state=QUEUED&target=sales'), {
        sales: [two, one],
      });
      assert.deepEqual(await lists('_callback_reason=CANCELLED_BY_ADMIN&target=sales'), {
        sales: [two],
      });
      assert.deepEqual(await lists('_service_type=gold'), { sales: [one], support: [] });
    });

    it('goes on in pages', async () => {
      const first = await bed.get(`${QUEUES}?target=sales&max=1`);
      assert.deepEqual(
        first.json<{ sales: Body[] }>().sales.map(({ _id }) => _id),
        [two],
      );
      const [, next] = /^<(.+)>; rel="next"$/.exec(String(first.headers['link'])) ?? [];
      const second = await bed.get(next ?? '');
      assert.deepEqual(
        second.json<{ sales: Body[] }>().sales.map(({ _id }) => _id),
        [one],
      );
      const last = await bed.get(`${QUEUES}?target=sales&max=1&after=${one}`);
      assert.deepEqual(last.json(), { sales: [] });
      assert.equal(last.headers['link'], undefined);
    });

    it('takes a window, whose `+` need not be escaped', async () => {
      const at = (hours: number) => new Date(NOON_MS + hours * HOUR_MS).toISOString().slice(0, 19);
      const window = `start_time=${at(-1)}+00:00&end_time=${at(1)}Z`;
      assert.deepEqual(await lists(`target=sales&${window}`), { sales: [two, one] });
      const none = `start_time=${at(1)}Z`;
      assert.deepEqual(await lists(`target=sales&${none}`), { sales: [] });
      const rule = 'an ISO 8601 time with zone, as 2026-01-15T12:00:00.000Z';
      assertGenesysProblem(await bed.get(`${QUEUES}?end_time=soon`), 400, 'CBD_REQUEST_MALFORMED', {
        ...{ field: 'end_time', value: 'soon', rule },
      });
    });
  });

  describe('after a reload', () => {
    before(() => bed.reconfigure(`${YAML}  shop: { _customer_lookup_keys: [cart] }\n`));
    after(() => bed.reconfigure(YAML));

    it('knows the services and lookup keys of the new configuration', async () => {
      assert.deepEqual(await found('cart=1'), []);
      assert.deepEqual(await found('cart=1', `${QUERY}/shop`), []);
      const counts = await bed.get('/genesys/1/admin/callback/watermarks');
      assert.ok('shop' in counts.json<{ services: Body }>().services);
    });
  });

  describe('as counts', () => {
    it('counts what waits or talks, for the services asked for', async () => {
      const watermarks = '/genesys/1/admin/callback/watermarks';
      await bed.started({ _desired_time: new Date(NOON_MS + HOUR_MS).toISOString() });
      const all = await bed.get(watermarks);
      assert.deepEqual(all.json(), { services: { sales: 1, support: 1 }, total: 2 });
      const two = await bed.get(`${watermarks}?service_name=support&service_name=sales`);
      assert.deepEqual(two.json(), { services: { support: 1, sales: 1 }, total: 2 });
      const one = await bed.get(`${watermarks}?service_name=sales`);
      assert.deepEqual(one.json(), { services: { sales: 1 }, total: 1 });
      for (const asked of ['service_name=shop', 'service_name=sales&service_name=shop']) {
        const unknown = await bed.get(`${watermarks}?${asked}`);
        assertGenesysProblem(unknown, 404, 'CBD_REQUEST_UNKNOWN_SERVICE', {
          ...{ field: 'service', value: 'shop', rule: 'a service of the configuration' },
        });
      }
    });
  });
});
