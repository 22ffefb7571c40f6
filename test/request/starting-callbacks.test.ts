import assert from 'node:assert/strict';
import type { LightMyRequestResponse } from 'fastify';
import { overrideService } from '../../src/config/override-service.js';
import { StoreError } from '../../src/schedule/callback-store.js';
import { callbackApi, never, START, YAML } from './callback-api-bed.js';
import { type Body, HOUR_MS, NOON_MS } from './api-bed.js';

describe('The HTTP API', () => {
  const bed = callbackApi();
  const { build, post, started, assertProblem } = bed;

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
      assert.equal(bed.pokeCount, 1);
      const record = await bed.store.get(String(body['_id']));
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
        bed.logged.map(({ fields }) => (fields as Body)['ignored']),
        [['_urs_virtual_queue']],
      );
    });

    it('schedules one for later and answers with its id alone', async () => {
      const _desired_time = new Date(NOON_MS + HOUR_MS).toISOString();
      const answer = await post(START, { _customer_number: '+15550001234', _desired_time });
      assert.deepEqual(Object.keys(answer.json<Body>()), ['_id']);
      const record = await bed.store.get(String(answer.json<Body>()['_id']));
      assert.equal(record?.state, 'SCHEDULED');
      assert.equal(record?.desiredAtMs, NOON_MS + HOUR_MS);
      // _request_execution_time_buffer
      assert.equal(record?.dueAtMs, NOON_MS + HOUR_MS - 120_000);
      assert.equal(record?.expiresAtMs, NOON_MS + 25 * HOUR_MS);
    });

    it('takes urlencoded bodies', async () => {
      const answer = await bed.api.inject({
        method: 'POST',
        url: START,
        payload: '_customer_number=%2B15550001234&name=J%C3%B6rg+B',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      const record = await bed.store.get(String(answer.json<Body>()['_id']));
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
      const record = await bed.store.get(id);
      assert.deepEqual(record?.requestOptions, {
        _calling_party_number: '15550009999',
        _max_dial_attempts: '7',
        _treatment_customer_connect: '{"file":"hello.wav"}',
        _ttl: '60',
        amDetected: 'drop',
      });
      assert.deepEqual(record?.userData, {});
      assert.equal(record?.expiresAtMs, NOON_MS + 60_000);
      const overridden = overrideService(bed.deps.config.services['sales'] ?? never(), {
        ...record?.requestOptions,
      });
      assert.ok(overridden.kind === 'ok');
      const { options, callerId } = overridden.service;
      assert.equal(options.customerConnectTreatment?.file, 'hello.wav');
      assert.equal(options.maxDialAttempts, 7);
      assert.equal(callerId, '15550009999');
    });

    it('lets nobody pass the limits of a number by changing callbacks to it', async () => {
      bed.api = await build({}, YAML.replace('limit: 1000', 'limit: 2'));
      const change = (id: string, payload: object) =>
        bed.api.inject({ method: 'PUT', url: `${START}/${id}`, payload });
      const victim = { _customer_number: '+15550005678' };
      await started(victim);
      const ids = [await started(), await started()] as const;
      const changes = ids.map((id) => change(id, victim));
      const codes = (await Promise.all(changes)).map(({ statusCode }) => statusCode).sort();
      assert.deepEqual(codes, [200, 503]);
      const numbers = await Promise.all(
        ids.map(async (id) => (await bed.store.get(id))?.customerNumber),
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
      await bed.clock.advance(HOUR_MS);
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
      await bed.clock.advance(5000);
      const again = await post(START, payload, headers);
      assert.equal(again.json<Body>()['_id'], first.json<Body>()['_id']);
      assert.equal((await bed.store.find({})).length, 1);
      const other = await post(START, { ...payload, more: '1' }, headers);
      assertProblem(other, 422, 'CBD_REQUEST_KEY_REUSED');
    });

    it('answers a repeated request even when a new one would be refused', async () => {
      const payload = { _customer_number: '+15550001234' };
      const first = await post(START, payload, { 'idempotency-key': 'k1' });
      bed.api = await build({}, YAML.replace('limit: 1000', 'limit: 2'));
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
        assert.deepEqual(await bed.store.find({}), []);
      });
    }

    it('says what an option may be that a request sets', async () => {
      const payload = { _customer_number: '+15550001234', _max_dial_attempts: 'many' };
      const { field, value, rule } = (await post(START, payload)).json<Body>();
      assert.deepEqual(
        [field, value, rule],
        ['_max_dial_attempts', 'many', 'a whole number from 1 to 100'],
      );
    });

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
        bed.api.inject({ method: 'POST', url: START, payload, headers: { 'content-type': type } });
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
      assert.equal((await bed.store.get(id))?.customerNumber, '+442079460123');
    });

    it('says when to come back once it is throttled', async () => {
      await bed.api.close();
      bed.api = await build({}, YAML.replace('_limit: 1000', '_limit: 1'));
      await started();
      const answer = await post(START, { _customer_number: '+15550001234' });
      assertProblem(answer, 503, 'CBD_REQUEST_THROTTLED');
      assert.equal(answer.headers['retry-after'], String((12 * HOUR_MS) / 1000));
    });

    it('throttles by the value of a header, unless told to look at the parameter only', async () => {
      await bed.api.close();
      const yaml = YAML.replace(
        '_limit: 1000',
        '_limit: 1, _throttle_request_parameters: [device]',
      );
      const answers = async (more: string) => {
        bed.api = await build({}, yaml.replace('_limit: 1,', `_limit: 1, ${more}`));
        const codes: number[] = [];
        for (const header of ['one', 'one', 'two']) {
          const payload = { _customer_number: '+15550001234', device: `body ${codes.length}` };
          codes.push((await post(START, payload, { device: header })).statusCode);
        }
        await bed.api.close();
        return codes;
      };
      assert.deepEqual(await answers(''), [200, 503, 200]);
      const off = await answers('_enable_throttle_header_parameters: false,');
      assert.deepEqual(off, [200, 200, 200]);
    });

    it('answers 503, not 200, when the store cannot take it', async () => {
      await bed.api.close();
      const full = new Proxy(bed.store, {
        get: (target, name) =>
          name === 'admit'
            ? () => Promise.reject(new StoreError('STORE_FULL', 'disk full'))
            : (Reflect.get(target, name, target) as { bind?: (to: unknown) => unknown }).bind?.(
                target,
              ),
      });
      bed.api = await build({ store: full });
      const answer = await post(START, { _customer_number: '+15550001234' });
      assertProblem(answer, 503, 'CBD_STORE_UNAVAILABLE');
      assert.equal(answer.headers['retry-after'], '5');
      assert.equal(bed.pokeCount, 0);
    });
  });
});
