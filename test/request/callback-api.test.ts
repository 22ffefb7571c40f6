import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { virtualClock, type VirtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { overrideService } from '../../src/config/override-service.js';
import type { Log } from '../../src/ports.js';
import { createApi, type ApiDeps } from '../../src/request/callback-api.js';
import { CallMetrics } from '../../src/report/call-metrics.js';
import { StoreError, type CallbackStore } from '../../src/schedule/callback-store.js';
import { configOf } from './test-config.js';

const NOON_MS = Date.UTC(2026, 0, 15, 12);
const HOUR_MS = 3_600_000;
const START = '/genesys/1/service/callback/sales';

const YAML = `
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults: { queue: q, _throttle_request_parameters_limit: 1000, _enable_in_queue_checking: false }
services:
  sales:
    _customer_lookup_keys: [_customer_number, account]
    _overwritable_options: [_calling_party_number, _max_dial_attempts, _ttl, amDetected, _treatment_customer_connect]
  support:
    _default_country: GB
    _mandatory_customer_lookup_keys: [_customer_number, account]
    _customer_lookup_keys: [_customer_number, account]
`;

type Body = Record<string, unknown>;

describe('The HTTP API', () => {
  let store: CallbackStore;
  let clock: VirtualClock;
  let api: FastifyInstance;
  let deps: ApiDeps;
  let pokeCount: number;
  let cancelled: string[];
  let logged: { message: string; fields: object }[];

  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields, message) => logged.push({ message, fields }),
    error: (fields, message) => logged.push({ message, fields }),
  };

  async function build(changes: Partial<ApiDeps> = {}, yaml = YAML): Promise<FastifyInstance> {
    deps = {
      store,
      config: await configOf(yaml),
      clock,
      random: { uuid: () => randomUUID(), fraction: () => 0 },
      log,
      poke: () => (pokeCount += 1),
      cancelLive: (id, by) => cancelled.push(`${id} ${by}`) > 0,
      isReady: () => true,
      ...changes,
    };
    return createApi(deps);
  }

  before(async () => {
    store = await openSqliteStore({ file: ':memory:' });
  });
  after(() => store.close());
  beforeEach(async () => {
    clock = virtualClock(NOON_MS);
    pokeCount = 0;
    cancelled = [];
    logged = [];
    api = await build();
  });
  afterEach(async () => {
    await api.close();
    for (const { id, claimed } of await store.find({ notStates: ['COMPLETED'], limit: 1000 })) {
      if (claimed)
        await store.commit(id, { record: { claimed: false, state: 'QUEUED' } }, { durable: true });
      await store.requestCancel(id, 'admin', 0);
    }
    await store.purge(Number.MAX_SAFE_INTEGER);
  });

  const post = (url: string, payload: object, headers = {}): Promise<LightMyRequestResponse> =>
    api.inject({ method: 'POST', url, payload, headers });
  const get = (url: string): Promise<LightMyRequestResponse> => api.inject({ method: 'GET', url });
  const started = async (payload: object = {}, url = START): Promise<string> => {
    const answer = await post(url, { _customer_number: '+15550001234', ...payload });
    assert.equal(answer.statusCode, 200, answer.body);
    return String(answer.json<Body>()['_id']);
  };
  const assertProblem = (answer: LightMyRequestResponse, status: number, code: string): void => {
    assert.equal(answer.statusCode, status, answer.body);
    const {
      exception,
      message,
      field: _field,
      value: _value,
      rule: _rule,
      ...rest
    } = answer.json<Body>();
    assert.match(String(exception), /^com\.genesyslab\.gsg\.\S+Exception\w*$/);
    assert.ok(typeof message === 'string' && message !== '');
    const own = { code };
    const genesys = { code: status, error: code, phrase: STATUS_CODES[status] };
    assert.deepEqual(rest, 'phrase' in rest ? genesys : own);
  };

  describe('starting a callback', () => {
    it('stores an immediate one, pokes the scheduler and answers as GMS does', async () => {
      const answer = await post(START, {
        _customer_number: '(555) 000-1234',
        product: 'kettle',
        count: 3,
        address: { city: 'Bath' },
        nothing: null,
        account: '77',
        _calling_party_number: '+15550009999',
        _urs_virtual_queue: 'VQ',
      });
      assert.equal(answer.statusCode, 200);
      const body = answer.json<Body>();
      assert.equal(body['_action'], 'ConfirmationDialog');
      assert.equal(pokeCount, 1);
      const record = await store.get(String(body['_id']));
      assert.equal(record?.customerNumber, '+15550001234');
      assert.equal(record?.state, 'QUEUED');
      assert.deepEqual(record?.userData, {
        product: 'kettle',
        count: '3',
        address: '{"city":"Bath"}',
        account: '77',
      });
      assert.deepEqual(record?.lookupKeys, { _customer_number: '+15550001234', account: '77' });
      assert.deepEqual(record?.requestOptions, { _calling_party_number: '+15550009999' });
      assert.equal(record?.expiresAtMs, NOON_MS + 24 * HOUR_MS);
      assert.deepEqual(
        logged.map(({ fields }) => (fields as Body)['ignored']),
        [['_urs_virtual_queue']],
      );
    });

    it('schedules one for later and answers with its id alone', async () => {
      const _desired_time = new Date(NOON_MS + HOUR_MS).toISOString();
      const answer = await post(START, { _customer_number: '+15550001234', _desired_time });
      assert.deepEqual(Object.keys(answer.json<Body>()), ['_id']);
      const record = await store.get(String(answer.json<Body>()['_id']));
      assert.equal(record?.state, 'SCHEDULED');
      assert.equal(record?.desiredAtMs, NOON_MS + HOUR_MS);
      // _request_execution_time_buffer
      assert.equal(record?.dueAtMs, NOON_MS + HOUR_MS - 120_000);
      assert.equal(record?.expiresAtMs, NOON_MS + 25 * HOUR_MS);
    });

    it('takes urlencoded bodies', async () => {
      const answer = await api.inject({
        method: 'POST',
        url: START,
        payload: '_customer_number=%2B15550001234&name=J%C3%B6rg+B',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      const record = await store.get(String(answer.json<Body>()['_id']));
      assert.deepEqual(record?.userData, { name: 'Jörg B' });
    });

    it('takes the options that the service lets a request set, checked like the file', async () => {
      const id = await started({
        _max_dial_attempts: '7',
        amDetected: 'drop',
        _ttl: 60,
        _calling_party_number: 15550009999,
        _treatment_customer_connect: { file: 'hello.wav' },
      });
      const record = await store.get(id);
      assert.deepEqual(record?.requestOptions, {
        _calling_party_number: '15550009999',
        _max_dial_attempts: '7',
        _treatment_customer_connect: '{"file":"hello.wav"}',
        _ttl: '60',
        amDetected: 'drop',
      });
      assert.deepEqual(record?.userData, {});
      assert.equal(record?.expiresAtMs, NOON_MS + 60_000);
      const overridden = overrideService(deps.config.services['sales'] ?? never(), {
        ...record?.requestOptions,
      });
      assert.ok(overridden.kind === 'ok');
      const { options, callerId } = overridden.service;
      assert.equal(options.customerConnectTreatment?.file, 'hello.wav');
      assert.equal(options.maxDialAttempts, 7);
      assert.equal(callerId, '15550009999');
    });

    it('lets nobody pass the limits of a number by changing callbacks to it', async () => {
      api = await build({}, YAML.replace('limit: 1000', 'limit: 2'));
      const change = (id: string, payload: object) =>
        api.inject({ method: 'PUT', url: `${START}/${id}`, payload });
      const victim = { _customer_number: '+15550005678' };
      await started(victim);
      const ids = [await started(), await started()] as const;
      const changes = ids.map((id) => change(id, victim));
      const codes = (await Promise.all(changes)).map(({ statusCode }) => statusCode).sort();
      assert.deepEqual(codes, [200, 503]);
      const numbers = await Promise.all(
        ids.map(async (id) => (await store.get(id))?.customerNumber),
      );
      assert.deepEqual(numbers.sort(), ['+15550001234', '+15550005678']);
      assert.equal((await change(ids[0], { note: 'x' })).statusCode, 200);
    });

    it('answers a repeated request as the first time, though its desired time has gone by', async () => {
      const payload = {
        _customer_number: '+15550001234',
        _desired_time: new Date(NOON_MS + 60_000).toISOString(),
      };
      const headers = { 'idempotency-key': 'late-1' };
      const first = await post(START, payload, headers);
      assert.equal(first.statusCode, 200, first.body);
      await clock.advance(HOUR_MS);
      const again = await post(START, payload, headers);
      assert.deepEqual(again.json(), first.json());
      assert.equal(again.statusCode, 200);
      const other = await post(START, { ...payload, note: 'x' }, headers);
      assert.equal(other.statusCode, 422, other.body);
    });

    it('makes one callback of a request that is repeated with its idempotency key', async () => {
      const headers = { 'idempotency-key': 'k1' };
      const payload = { _customer_number: '+15550001234' };
      const first = await post(START, payload, headers);
      await clock.advance(5000);
      const again = await post(START, payload, headers);
      assert.equal(again.json<Body>()['_id'], first.json<Body>()['_id']);
      assert.equal((await store.find({})).length, 1);
      const other = await post(START, { ...payload, more: '1' }, headers);
      assertProblem(other, 422, 'CBD_REQUEST_KEY_REUSED');
    });

    it('answers a repeated request even when a new one would be refused', async () => {
      const payload = { _customer_number: '+15550001234' };
      const first = await post(START, payload, { 'idempotency-key': 'k1' });
      api = await build({}, YAML.replace('limit: 1000', 'limit: 2'));
      assert.equal((await post(START, payload, { 'idempotency-key': 'k2' })).statusCode, 200);
      const refused = await post(START, payload, { 'idempotency-key': 'k3' });
      assert.equal(refused.statusCode, 503, 'two a day');
      const again = await post(START, payload, { 'idempotency-key': 'k1' });
      assert.equal(again.statusCode, 200);
      assert.equal(again.json<Body>()['_id'], first.json<Body>()['_id']);
    });

    const refused: [string, object, number, string][] = [
      ['no number', { _customer_number: '' }, 400, 'CBD_REQUEST_MISSING_KEY'],
      ['a SIP URI', { _customer_number: 'sip:a@b' }, 400, 'CBD_REQUEST_NUMBER_UNPARSABLE'],
      ['an impossible number', { _customer_number: '+1555' }, 400, 'CBD_REQUEST_NUMBER_REFUSED'],
      ['a bad time', { _desired_time: 'soon' }, 400, 'CBD_REQUEST_DESIRED_TIME'],
      ['a time past', { _desired_time: '2020-01-01T00:00Z' }, 400, 'CBD_REQUEST_DESIRED_TIME'],
      ['a far time', { _desired_time: '2027-01-01T00:00Z' }, 400, 'CBD_REQUEST_DESIRED_TIME'],
      ['a bad option', { _max_dial_attempts: 'many' }, 400, 'CBD_REQUEST_OPTION'],
      ['a long value', { x: 'x'.repeat(4001) }, 400, 'CBD_REQUEST_MALFORMED'],
      ['a long lookup key', { account: 'ö'.repeat(1001) }, 400, 'CBD_REQUEST_MALFORMED'],
      ['a long name', { ['x'.repeat(101)]: '' }, 400, 'CBD_REQUEST_MALFORMED'],
      ['a line break in a name', { 'a\nb': '' }, 400, 'CBD_REQUEST_MALFORMED'],
      ['a NUL in a value', { a: 'a\0b' }, 400, 'CBD_REQUEST_MALFORMED'],
      ['a large body', { x: 'x'.repeat(70_000) }, 413, 'CBD_REQUEST_TOO_LARGE'],
      [
        'many parameters',
        Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`p${index}`, ''])),
        400,
        'CBD_REQUEST_MALFORMED',
      ],
    ];
    for (const [what, payload, status, code] of refused) {
      it(`refuses ${what} with ${status} ${code}, and stores nothing`, async () => {
        assertProblem(
          await post(START, { _customer_number: '+15550001234', ...payload }),
          status,
          code,
        );
        assert.deepEqual(await store.find({}), []);
      });
    }

    it('refuses numbers in GMS’ words, without the middle of them', async () => {
      const said = async (_customer_number: string) => {
        const answer = await post(START, { _customer_number });
        const { exception, message, value } = answer.json<Body>();
        return [String(exception).split('.').at(-1), message, value];
      };
      const short = 'Customer Number [+15*****12] is disallowed, because it is invalid.';
      assert.deepEqual(await said('+155500012'), [
        'CallbackExceptionNumber',
        `${short} Check option _disallow_impossible_phone_numbers`,
        '+15*****12',
      ]);
      const premium = "[+190******34] is disallowed, because it's a premium number.";
      assert.deepEqual(await said('+19005551234'), [
        'CallbackExceptionNumber',
        `Customer Number ${premium} Check option _disallow_premium_phone_numbers`,
        '+190******34',
      ]);
      assert.deepEqual(await said('bad'), [
        'GSGException',
        'Invalid Phone Number bad for Country US (parsing impossible)',
        'bad',
      ]);
    });

    it('refuses what is no object, broken JSON, and types it does not read', async () => {
      const raw = (payload: string, type: string): Promise<LightMyRequestResponse> =>
        api.inject({ method: 'POST', url: START, payload, headers: { 'content-type': type } });
      assertProblem(await raw('[1]', 'application/json'), 400, 'CBD_REQUEST_MALFORMED');
      assertProblem(await raw('{"a":', 'application/json'), 400, 'CBD_REQUEST_MALFORMED');
      assertProblem(
        await raw('{"__proto__":{}}', 'application/json'),
        400,
        'CBD_REQUEST_MALFORMED',
      );
      assertProblem(await raw('<a/>', 'text/xml'), 400, 'CBD_REQUEST_MALFORMED');
    });

    it('refuses an unknown service, one named like an inherited property too', async () => {
      for (const name of ['nobody', 'constructor', '__proto__']) {
        const payload = { _customer_number: '+15550001234' };
        const answer = await post(`/genesys/1/service/callback/${name}`, payload);
        assertProblem(answer, 404, 'CBD_REQUEST_UNKNOWN_SERVICE');
      }
    });

    it('asks for the lookup keys that the service wants', async () => {
      const url = '/genesys/1/service/callback/support';
      const answer = await post(url, { _customer_number: '020 7946 0123' });
      assertProblem(answer, 400, 'CBD_REQUEST_MISSING_KEY');
      const id = await started({ _customer_number: '020 7946 0123', account: '7' }, url);
      assert.equal((await store.get(id))?.customerNumber, '+442079460123');
    });

    it('says when to come back once it is throttled', async () => {
      await api.close();
      api = await build({}, YAML.replace('_limit: 1000', '_limit: 1'));
      await started();
      const answer = await post(START, { _customer_number: '+15550001234' });
      assertProblem(answer, 503, 'CBD_REQUEST_THROTTLED');
      assert.equal(answer.headers['retry-after'], String((12 * HOUR_MS) / 1000));
    });

    it('throttles by the value of a header, unless told to look at the parameter only', async () => {
      await api.close();
      const yaml = YAML.replace(
        '_limit: 1000',
        '_limit: 1, _throttle_request_parameters: [device]',
      );
      const answers = async (more: string) => {
        api = await build({}, yaml.replace('_limit: 1,', `_limit: 1, ${more}`));
        const codes: number[] = [];
        for (const header of ['one', 'one', 'two']) {
          const payload = { _customer_number: '+15550001234', device: `body ${codes.length}` };
          codes.push((await post(START, payload, { device: header })).statusCode);
        }
        await api.close();
        return codes;
      };
      assert.deepEqual(await answers(''), [200, 503, 200]);
      const off = await answers('_enable_throttle_header_parameters: false,');
      assert.deepEqual(off, [200, 200, 200]);
    });

    it('answers 503, not 200, when the store cannot take it', async () => {
      await api.close();
      const full = new Proxy(store, {
        get: (target, name) =>
          name === 'admit'
            ? () => Promise.reject(new StoreError('STORE_FULL', 'disk full'))
            : (Reflect.get(target, name, target) as { bind?: (to: unknown) => unknown }).bind?.(
                target,
              ),
      });
      api = await build({ store: full });
      const answer = await post(START, { _customer_number: '+15550001234' });
      assertProblem(answer, 503, 'CBD_STORE_UNAVAILABLE');
      assert.equal(answer.headers['retry-after'], '5');
      assert.equal(pokeCount, 0);
    });
  });

  describe('changing a callback', () => {
    it('moves it and merges its data; an empty string deletes a key', async () => {
      const id = await started({ a: '1', b: '2' });
      const answer = await api.inject({
        method: 'PUT',
        url: `${START}/${id}`,
        payload: {
          _desired_time: new Date(NOON_MS + HOUR_MS).toISOString(),
          _customer_number: '+442079460123',
          a: '',
          c: '3',
        },
      });
      assert.equal(answer.statusCode, 200, answer.body);
      const record = await store.get(id);
      assert.equal(record?.state, 'SCHEDULED');
      assert.equal(record?.customerNumber, '+442079460123');
      assert.equal(record?.lookupKeys['_customer_number'], '+442079460123');
      assert.deepEqual(record?.userData, { b: '2', c: '3' });
    });

    it('comes too late once a session owns it, and finds nothing under another service', async () => {
      const id = await started();
      await store.claimDue(NOON_MS, 1);
      const payload = { _desired_time: new Date(NOON_MS + HOUR_MS).toISOString() };
      const put = (url: string): Promise<LightMyRequestResponse> =>
        api.inject({ method: 'PUT', url, payload });
      assertProblem(await put(`${START}/${id}`), 409, 'CBD_REQUEST_TOO_LATE');
      const other = `/genesys/1/service/callback/support/${id}`;
      assertProblem(await put(other), 404, 'CBD_REQUEST_UNKNOWN_CALLBACK');
    });
  });

  describe('cancelling a callback', () => {
    const cancel = (id: string): Promise<LightMyRequestResponse> =>
      api.inject({ method: 'DELETE', url: `${START}/${id}` });

    it('completes it at once while nobody dials', async () => {
      const id = await started();
      assert.equal((await cancel(id)).statusCode, 200);
      assert.equal((await store.get(id))?.reason, 'CANCELLED');
      assert.deepEqual(cancelled, []);
      assertProblem(await cancel(id), 409, 'CBD_REQUEST_TOO_LATE');
    });

    it('tells the session that owns it', async () => {
      const id = await started();
      await store.claimDue(NOON_MS, 1);
      assert.equal((await cancel(id)).statusCode, 200);
      assert.deepEqual(cancelled, [`${id} customer`]);
      assert.equal((await store.get(id))?.cancelRequested, 'customer');
    });

    it('is refused while customer and agent talk, and for nobody', async () => {
      const id = await started();
      await store.claimDue(NOON_MS, 1);
      await store.commit(id, { record: { state: 'PROCESSING' } }, { durable: true });
      assertProblem(await cancel(id), 409, 'CBD_REQUEST_TOO_LATE');
      assertProblem(await cancel('nobody'), 404, 'CBD_REQUEST_UNKNOWN_CALLBACK');
    });

    it('is done in bulk by the administrator', async () => {
      const id = await started();
      const url = '/genesys/1/admin/callback/cancel';
      const answer = await post(url, { ids: [id, 'nobody'] });
      assert.deepEqual(answer.json(), { results: { [id]: 'cancelled', nobody: 'unknown' } });
      assert.equal((await store.get(id))?.reason, 'CANCELLED_BY_ADMIN');
      assertProblem(await post(url, { ids: [{}] }), 400, 'CBD_REQUEST_MALFORMED');
    });
  });

  describe('looking at callbacks', () => {
    const query = async (text: string): Promise<Body[]> => {
      const answer = await get(`/genesys/1/service/callback?${text}`);
      assert.equal(answer.statusCode, 200, answer.body);
      return answer.json<Body[]>();
    };

    it('finds one by its id, in the words of GMS', async () => {
      const id = await started({ account: '77', product: 'kettle' });
      assert.deepEqual(await query(`_id=${id}&returned-keys=product,__proto__,toString`), [
        {
          _id: id,
          _service_name: 'sales',
          _customer_number: '+15550001234',
          account: '77',
          product: 'kettle',
          _callback_state: 'QUEUED',
          _desired_time: '2026-01-15T12:00:00.000Z',
          _expiration_time: '2026-01-16T12:00:00.000Z',
          _url: `${START}/${id}`,
        },
      ]);
      assert.deepEqual(await query('_id=nobody'), []);
    });

    it('finds by number, however it is written, and by lookup keys and states', async () => {
      const one = await started({ account: '77' });
      const two = await started({ account: '78' });
      await store.requestCancel(two, 'customer', NOON_MS);
      const ids = async (text: string): Promise<unknown[]> =>
        (await query(text)).map((record) => record['_id']).sort();
      const both = [one, two].sort();
      assert.deepEqual(await ids('_customer_number=%2B15550001234'), both);
      assert.deepEqual(await ids('_customer_number=+15550001234'), both);
      assert.deepEqual(await ids('_customer_number=5550001234'), both);
      assert.deepEqual(await ids('account=78'), [two]);
      assert.deepEqual(await ids('_customer_number=5550001234&account=77'), [one]);
      assert.deepEqual(await ids('account=77&_callback_state=COMPLETED'), []);
      assert.deepEqual(await ids('_customer_number=5550001234&_callback_state=!COMPLETED'), [one]);
      assert.deepEqual(await ids('_customer_number=5550001234&_callback_state=completed'), [two]);
      const [record] = await query(`_id=${two}`);
      assert.equal(record?.['_callback_reason'], 'CANCELLED');
    });

    it('refuses a query for everybody, and a state that does not exist', async () => {
      const all = await get('/genesys/1/service/callback');
      assertProblem(all, 400, 'CBD_REQUEST_MISSING_KEY');
      const odd = await get('/genesys/1/service/callback?account=7&_callback_state=HAPPY');
      assertProblem(odd, 400, 'CBD_REQUEST_MALFORMED');
    });

    it('lists by queue within a window, and counts what is not merely scheduled', async () => {
      const now = await started();
      const at = (ms: number): object => ({ _desired_time: new Date(NOON_MS + ms).toISOString() });
      const soon = await started(at(2 * HOUR_MS));
      await started(at(30 * HOUR_MS));
      const list = async (text: string): Promise<Record<string, unknown[]>> => {
        const answer = await get(`/genesys/1/admin/callback/queues?${text}`);
        assert.equal(answer.statusCode, 200, answer.body);
        const lists = Object.entries(answer.json<Record<string, Body[]>>());
        return Object.fromEntries(lists.map(([name, of]) => [name, of.map(({ _id }) => _id)]));
      };
      assert.deepEqual(await list(''), { sales: [soon, now], support: [] });
      assert.deepEqual(await list('target=sales&states=SCHEDULED'), { sales: [soon] });
      const window = 'start_time=2026-01-15T11:00:00Z&end_time=2026-01-15T12:30:00Z';
      assert.deepEqual(await list(`target=sales&${window}`), { sales: [now] });
      assertProblem(
        await get('/genesys/1/admin/callback/queues?start_time=noon'),
        400,
        'CBD_REQUEST_MALFORMED',
      );
      const marks = await get('/genesys/1/admin/callback/watermarks?service_name=sales');
      assert.deepEqual(marks.json(), { services: { sales: 1 }, total: 1 });
    });

    it('serves metrics for Prometheus', async () => {
      const metrics = new CallMetrics();
      metrics.attemptEnded('primary', 'Busy');
      await api.close();
      api = await build({ metrics });
      const answer = await get('/metrics');
      assert.equal(answer.statusCode, 200);
      assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/);
      assert.match(answer.body, /^dialback_attempts_total\{trunk="primary",result="Busy"\} 1$/m);
    });

    it('shows one callback with its attempts, and its story', async () => {
      const id = await started();
      await store.claimDue(NOON_MS, 1);
      const step = {
        atMs: NOON_MS,
        event: { type: 'due', atMs: NOON_MS },
        row: 'due',
        because: 'now',
        commands: [],
        stateName: 'dialing',
      } as const;
      const attempt = {
        attempt: 1,
        callId: `${id}@x`,
        number: '+15550001234',
        startedAtMs: NOON_MS,
      };
      await store.commit(id, { step, attempt, dialLock: 'take' }, { durable: true });

      const record = await get(`/v1/callbacks/${id}`);
      const { callback, attempts } = record.json<{ callback: Body; attempts: Body[] }>();
      assert.equal(callback['id'], id);
      assert.equal(callback['claimed'], true);
      assert.deepEqual(attempts, [{ callbackId: id, ...attempt }]);

      const story = await get(`/v1/callbacks/${id}/story`);
      assert.deepEqual(story.json(), {
        id,
        steps: [step],
        attempts,
        ladder: [
          {
            atMs: NOON_MS,
            attempt: 1,
            callId: `${id}@x`,
            direction: '->',
            leg: 'customer',
            message: 'INVITE +15550001234',
          },
        ],
        media: [],
      });
      assertProblem(await get('/v1/callbacks/nobody/story'), 404, 'CBD_REQUEST_UNKNOWN_CALLBACK');
    });
  });

  describe('access', () => {
    const secret = 'a-long-enough-key-0123456789';

    it('asks for a key when there are keys, except for the health checks', async () => {
      await api.close();
      api = await build({}, `http: { apiKeys: [ { name: web, key: ${secret} } ] }\n${YAML}`);
      const list = '/genesys/1/admin/callback/queues';
      const refused = await get(list);
      assertProblem(refused, 401, 'CBD_REQUEST_UNAUTHORISED');
      assert.equal(refused.headers['www-authenticate'], 'Bearer');
      const withHeader = (headers: Record<string, string>): Promise<LightMyRequestResponse> =>
        api.inject({ method: 'GET', url: list, headers });
      const wrong = await withHeader({ authorization: 'Bearer wrong' });
      assertProblem(wrong, 401, 'CBD_REQUEST_UNAUTHORISED');
      assert.equal((await withHeader({ authorization: `Bearer ${secret}` })).statusCode, 200);
      assert.equal((await withHeader({ 'x-api-key': secret })).statusCode, 200);
      assert.equal((await get('/livez')).statusCode, 200);
      assert.equal((await get('/readyz')).statusCode, 200);
    });

    it('refuses a key from the moment the configuration no longer has it', async () => {
      const keyed = (key: string) =>
        configOf(`http: { apiKeys: [ { name: web, key: ${key} } ] }\n${YAML}`);
      await api.close();
      api = await build({ config: await keyed(secret) });
      const status = async (key: string) => {
        const headers = { 'x-api-key': key };
        return (await api.inject({ url: '/genesys/1/admin/callback/queues', headers })).statusCode;
      };
      assert.equal(await status(secret), 200);
      Object.assign(deps, { config: await keyed('another-long-key-0123456789') });
      assert.equal(await status(secret), 401);
      assert.equal(await status('another-long-key-0123456789'), 200);
    });

    it('is refused to web pages of other sites when there are no keys', async () => {
      const from = (headers: object): Promise<LightMyRequestResponse> =>
        post(START, { _customer_number: '+15550001234' }, headers);
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site' },
        { host: 'rebound.evil.example' },
      ]) {
        assertProblem(await from(headers), 403, 'CBD_REQUEST_FORBIDDEN');
      }
      assert.deepEqual(await store.find({}), []);
      assert.equal((await from({ host: '127.0.0.1:8080' })).statusCode, 200);
    });
  });

  it('says whether it lives and whether it is ready', async () => {
    assert.equal((await get('/livez')).statusCode, 200);
    assert.equal((await get('/readyz')).statusCode, 200);
    await api.close();
    api = await build({ isReady: () => false, version: '1.2.3' });
    assert.equal((await get('/livez')).statusCode, 200);
    assert.equal((await get('/readyz')).statusCode, 503);
    assert.deepEqual((await get('/v1/version')).json(), { name: 'dialback', version: '1.2.3' });
  });

  it('answers unknown paths and inner failures in the same shape, and tells no secrets', async () => {
    assertProblem(await get('/nowhere'), 404, 'CBD_REQUEST_UNKNOWN_PATH');
    await api.close();
    api = await build({
      isReady: () => {
        throw new Error('the password is swordfish');
      },
    });
    const answer = await get('/readyz');
    assertProblem(answer, 500, 'CBD_INTERNAL');
    assert.ok(!answer.body.includes('swordfish'));
    assert.equal(logged.length, 1);
  });

  it('waits no longer for a body than for a head', async () => {
    await api.ready();
    const { headersTimeout, requestTimeout } = api.server;
    assert.deepEqual([headersTimeout, requestTimeout], [10_000, 10_000]);
  });

  it('logs where it failed by the pattern of the path, without what stands in it', async () => {
    await api.close();
    const isBroken = (): Promise<never> => Promise.reject(new Error('disk gone'));
    api = await build({
      store: new Proxy(store, {
        get: (target, name): unknown =>
          name === 'find' ? isBroken : Reflect.get(target, name, target),
      }),
    });
    const path = '/genesys/1/service/callback';
    assert.equal((await get(`${path}?_customer_number=%2B15550001234`)).statusCode, 500);
    assert.deepEqual(
      logged.map(({ fields }) => (fields as Body)['path']),
      [path],
    );
  });
});

function never(): never {
  throw new Error('The configuration of this test has the service.');
}
