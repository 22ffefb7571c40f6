import assert from 'node:assert/strict';
import type { LightMyRequestResponse } from 'fastify';
import { configOf } from './test-config.js';
import { callbackApi, START, YAML } from './callback-api-bed.js';
import { type Body, HOUR_MS, NOON_MS } from './api-bed.js';

describe('The HTTP API', () => {
  const bed = callbackApi();
  const { build, post, get, started, assertProblem } = bed;

  describe('changing a callback', () => {
    it('moves it and merges its data; an empty string deletes a key', async () => {
      const id = await started({ a: '1', b: '2' });
      const answer = await bed.api.inject({
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
      const record = await bed.store.get(id);
      assert.equal(record?.state, 'SCHEDULED');
      assert.equal(record?.customerNumber, '+442079460123');
      assert.equal(record?.lookupKeys['_customer_number'], '+442079460123');
      assert.deepEqual(record?.userData, { b: '2', c: '3' });
    });

    it('comes too late once a session owns it, and finds nothing under another service', async () => {
      const id = await started();
      await bed.store.claimDue(NOON_MS, 1);
      const payload = { _desired_time: new Date(NOON_MS + HOUR_MS).toISOString() };
      const put = (url: string): Promise<LightMyRequestResponse> =>
        bed.api.inject({ method: 'PUT', url, payload });
      assertProblem(await put(`${START}/${id}`), 409, 'CBD_REQUEST_TOO_LATE');
      const other = `/genesys/1/service/callback/support/${id}`;
      assertProblem(await put(other), 404, 'CBD_REQUEST_UNKNOWN_CALLBACK');
    });
  });

  describe('cancelling a callback', () => {
    const cancel = (id: string): Promise<LightMyRequestResponse> =>
      bed.api.inject({ method: 'DELETE', url: `${START}/${id}` });

    it('completes it at once while nobody dials', async () => {
      const id = await started();
      assert.equal((await cancel(id)).statusCode, 200);
      assert.equal((await bed.store.get(id))?.reason, 'CANCELLED');
      assert.deepEqual(bed.cancelled, []);
      assertProblem(await cancel(id), 409, 'CBD_REQUEST_TOO_LATE');
    });

    it('tells the session that owns it', async () => {
      const id = await started();
      await bed.store.claimDue(NOON_MS, 1);
      assert.equal((await cancel(id)).statusCode, 200);
      assert.deepEqual(bed.cancelled, [`${id} customer`]);
      assert.equal((await bed.store.get(id))?.cancelRequested, 'customer');
    });

    it('is refused while customer and agent talk, and for nobody', async () => {
      const id = await started();
      await bed.store.claimDue(NOON_MS, 1);
      await bed.store.commit(id, { record: { state: 'PROCESSING' } }, { durable: true });
      assertProblem(await cancel(id), 409, 'CBD_REQUEST_TOO_LATE');
      assertProblem(await cancel('nobody'), 404, 'CBD_REQUEST_UNKNOWN_CALLBACK');
    });

    it('is done in bulk by the administrator', async () => {
      const id = await started();
      const url = '/genesys/1/admin/callback/cancel';
      const answer = await post(url, { ids: [id, 'nobody'] });
      assert.deepEqual(answer.json(), { results: { [id]: 'cancelled', nobody: 'unknown' } });
      assert.equal((await bed.store.get(id))?.reason, 'CANCELLED_BY_ADMIN');
      assertProblem(await post(url, { ids: [{}] }), 400, 'CBD_REQUEST_MALFORMED');
    });
  });

  describe('access', () => {
    const secret = 'a-long-enough-key-0123456789';

    it('asks for a key when there are keys, except for the health checks', async () => {
      await bed.api.close();
      bed.api = await build({}, `http: { apiKeys: [ { name: web, key: ${secret} } ] }\n${YAML}`);
      const list = '/genesys/1/admin/callback/queues';
      const refused = await get(list);
      assertProblem(refused, 401, 'CBD_REQUEST_UNAUTHORISED');
      assert.equal(refused.headers['www-authenticate'], 'Bearer');
      const withHeader = (headers: Record<string, string>): Promise<LightMyRequestResponse> =>
        bed.api.inject({ method: 'GET', url: list, headers });
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
      await bed.api.close();
      bed.api = await build({ config: await keyed(secret) });
      const status = async (key: string) => {
        const headers = { 'x-api-key': key };
        return (await bed.api.inject({ url: '/genesys/1/admin/callback/queues', headers }))
          .statusCode;
      };
      assert.equal(await status(secret), 200);
      Object.assign(bed.deps, { config: await keyed('another-long-key-0123456789') });
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
      assert.deepEqual(await bed.store.find({}), []);
      assert.equal((await from({ host: '127.0.0.1:8080' })).statusCode, 200);
    });
  });

  it('says whether it lives and whether it is ready', async () => {
    assert.equal((await get('/livez')).statusCode, 200);
    assert.equal((await get('/readyz')).statusCode, 200);
    await bed.api.close();
    bed.api = await build({ isReady: () => false, owedEnds: () => 3, version: '1.2.3' });
    assert.equal((await get('/livez')).statusCode, 200);
    assert.equal((await get('/readyz')).statusCode, 503);
    assert.deepEqual((await get('/readyz')).json(), { ok: false, owedEnds: 3 });
    assert.deepEqual((await get('/v1/version')).json(), { name: 'dialback', version: '1.2.3' });
  });

  it('answers unknown paths and inner failures in the same shape, and tells no secrets', async () => {
    assertProblem(await get('/nowhere'), 404, 'CBD_REQUEST_UNKNOWN_PATH');
    await bed.api.close();
    bed.api = await build({
      isReady: () => {
        throw new Error('the password is swordfish');
      },
    });
    const answer = await get('/readyz');
    assertProblem(answer, 500, 'CBD_INTERNAL');
    assert.ok(!answer.body.includes('swordfish'));
    assert.equal(bed.logged.length, 1);
  });

  it('waits no longer for a body than for a head', async () => {
    await bed.api.ready();
    const { headersTimeout, requestTimeout } = bed.api.server;
    assert.deepEqual([headersTimeout, requestTimeout], [10_000, 10_000]);
  });

  it('logs where it failed by the pattern of the path, without what stands in it', async () => {
    await bed.api.close();
    const isBroken = (): Promise<never> => Promise.reject(new Error('disk gone'));
    bed.api = await build({
      store: new Proxy(bed.store, {
        get: (target, name): unknown =>
          name === 'find' ? isBroken : Reflect.get(target, name, target),
      }),
    });
    const path = '/genesys/1/service/callback';
    assert.equal((await get(`${path}?_customer_number=%2B15550001234`)).statusCode, 500);
    assert.deepEqual(
      bed.logged.map(({ fields }) => (fields as Body)['path']),
      [path],
    );
  });
});
