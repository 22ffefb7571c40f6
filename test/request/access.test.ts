import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { sha256Of } from '../../src/config/build-http.js';
import { createApi } from '../../src/request/callback-api.js';
import type { CallbackRecord, CallbackStore } from '../../src/schedule/callback-store.js';
import { configOf } from './test-config.js';

const NOON_MS = Date.UTC(2026, 0, 15, 12);
const KEYS = {
  reader: 'reader-key-0123456789',
  salesOnly: 'sales-key-0123456789',
  both: 'both-key-0123456789',
  admin: 'admin-key-0123456789',
  slow: 'slow-key-0123456789',
};
const entry = (name: keyof typeof KEYS, more: string): string =>
  `- { name: ${name}, hash: "sha256:${sha256Of(KEYS[name])}", ${more} }`;

const YAML = `
http:
  rateLimits: { perAddress: 5 }
  corsOrigins: ["https://shop.example"]
  maxBodyBytes: 2048
  apiKeys:
    ${entry('reader', 'scopes: ["callbacks:read"]')}
    ${entry('salesOnly', 'scopes: ["callbacks:read", "callbacks:write"], services: [sales]')}
    ${entry('both', 'scopes: ["callbacks:read"], services: [sales, support]')}
    ${entry('admin', 'scopes: [admin]')}
    ${entry('slow', 'requestsPerMinute: 3')}
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults: { queue: q, _customer_lookup_keys: [_customer_number] }
services: { sales: {}, support: {}, other: {} }
`;

describe('Access to the API', () => {
  let store: CallbackStore;
  let api: FastifyInstance;
  let beforeAccept: () => Promise<void>;

  const open = async (yaml = YAML): Promise<FastifyInstance> => {
    const config = await configOf(yaml);
    const quiet = () => undefined;
    const watched = new Proxy(store, {
      get: (target, name) => {
        if (name === 'admit') {
          return async (...args: Parameters<CallbackStore['admit']>) => {
            await beforeAccept();
            return target.admit(...args);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    return createApi({
      store: watched,
      config,
      clock: virtualClock(NOON_MS),
      random: { uuid: () => randomUUID(), fraction: () => 0 },
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      poke: quiet,
      cancelLive: () => false,
      isReady: () => true,
      version: '1.2.3',
    });
  };

  const ask = async (
    key: keyof typeof KEYS | undefined,
    method: InjectOptions['method'],
    url: string,
    more: InjectOptions = {},
  ) => {
    const headers = { ...more.headers, ...(key && { authorization: `Bearer ${KEYS[key]}` }) };
    return api.inject({ ...more, method, url, headers });
  };
  const start = (service: string) => `/genesys/1/service/callback/${service}`;
  const order = (number = '+15550001234', headers = {}): InjectOptions => ({
    payload: { _customer_number: number },
    headers,
  });

  beforeEach(async () => {
    store = await openSqliteStore({ file: ':memory:' });
    beforeAccept = () => Promise.resolve();
    api = await open();
  });
  afterEach(async () => {
    await api.close();
    await store.close();
  });

  it('lets a key do what its scopes say, and nothing else', async () => {
    const list = '/genesys/1/admin/callback/queues';
    assert.equal((await ask('reader', 'GET', list)).statusCode, 200);
    for (const [method, url, scope] of [
      ['POST', start('sales'), 'callbacks:write'],
      ['DELETE', `${start('sales')}/x`, 'callbacks:write'],
      ['GET', '/v1/counters', 'metrics'],
    ] as const) {
      const refused = await ask('reader', method, url, method === 'POST' ? { payload: {} } : {});
      assert.equal(refused.statusCode, 403, `${method} ${url}`);
      const { message } = refused.json<{ message: string }>();
      assert.match(refused.body, /CBD_REQUEST_SCOPE/);
      assert.match(message, new RegExp(scope));
    }
    assert.equal((await ask('admin', 'POST', start('sales'), order())).statusCode, 200);
    assert.equal((await ask('admin', 'GET', '/v1/counters')).statusCode, 200);
  });

  it('shows a key for one service nothing of the others, on any path', async () => {
    const idOf = async (service: string, number: string): Promise<string> =>
      (await ask('admin', 'POST', start(service), order(number))).json<{ _id: string }>()._id;
    const own = await idOf('sales', '+15550001234');
    const other = await idOf('support', '+15550001234');

    const read = async (url: string): Promise<string> => (await ask('salesOnly', 'GET', url)).body;
    assert.equal((await ask('salesOnly', 'GET', `/v1/callbacks/${own}`)).statusCode, 200);
    assert.equal((await ask('salesOnly', 'GET', `/v1/callbacks/${other}`)).statusCode, 404);
    assert.equal((await ask('salesOnly', 'GET', `/v1/callbacks/${other}/story`)).statusCode, 404);
    for (const url of [
      '/genesys/1/admin/callback/queues',
      '/genesys/1/admin/callback/queues?target=support',
      '/genesys/1/service/callback?_customer_number=%2B15550001234',
      `/genesys/1/service/callback?_id=${other}`,
    ]) {
      assert.doesNotMatch(await read(url), new RegExp(other), url);
    }
    assert.match(await read('/genesys/1/admin/callback/queues'), new RegExp(own));
    const counts = JSON.parse(await read('/genesys/1/admin/callback/watermarks')) as object;
    assert.deepEqual(counts, { services: { sales: 1 }, total: 1 });
    const lists = JSON.parse(await read('/genesys/1/admin/callback/queues')) as object;
    assert.deepEqual(Object.keys(lists), ['sales'], 'not even the names of the others');

    const foreign = await ask('salesOnly', 'DELETE', `${start('support')}/${other}`);
    assert.equal(foreign.statusCode, 403);
    const inBulk = await ask('salesOnly', 'POST', '/genesys/1/admin/callback/cancel', {
      payload: { ids: [other] },
    });
    assert.doesNotMatch(inBulk.body, /"(?:cancelled|asked)"/);
    assert.notEqual((await store.get(other))?.state, 'COMPLETED');
  });

  it('leads a key for several services page by page past all that is wanted at one time', async () => {
    const made = new Set<string>();
    for (const service of ['sales', 'support', 'support', 'other', 'sales', 'support']) {
      const more = { _desired_time: '2026-01-15T15:00:00Z' };
      const payload = { _customer_number: `+1555000120${made.size}`, ...more };
      const started = await ask('admin', 'POST', start(service), { payload });
      const { _id: id } = started.json<{ _id: string }>();
      if (service !== 'other') made.add(id);
    }
    const seen: string[] = [];
    let query = 'limit=2';
    for (;;) {
      const answer = await ask('both', 'GET', `/v1/callbacks?${query}`);
      const page = answer.json<{ callbacks: { id: string }[]; next?: string }>();
      seen.push(...page.callbacks.map(({ id }) => id));
      if (page.next === undefined) break;
      query = `limit=2&cursor=${page.next}`;
    }
    assert.deepEqual(seen.sort(), [...made].sort());
  });

  it('counts requests of each key by itself, and of whoever has none by address', async () => {
    const statuses = async (key: keyof typeof KEYS | undefined, count: number) => {
      const all: number[] = [];
      for (let i = 0; i < count; i += 1)
        all.push((await ask(key, 'GET', '/v1/version')).statusCode);
      return all;
    };
    assert.deepEqual(await statuses('slow', 5), [200, 200, 200, 429, 429]);
    assert.deepEqual(await statuses('reader', 5), [200, 200, 200, 200, 200]);
    assert.deepEqual(await statuses(undefined, 7), [401, 401, 401, 401, 401, 429, 429]);
    const refused = await ask('slow', 'GET', '/v1/version');
    assert.equal(refused.json<{ code: string }>().code, 'CBD_REQUEST_RATE');
    assert(Number(refused.headers['retry-after']) >= 1);
    assert.equal((await ask(undefined, 'GET', '/livez')).statusCode, 200);
  });

  it('refuses the twin of a request that is being worked on, and answers it afterwards', async () => {
    let goOn = () => {};
    const reached = new Promise<void>((isThere) => {
      beforeAccept = () =>
        new Promise((resolve) => {
          goOn = resolve;
          isThere();
        });
    });
    const headers = { 'idempotency-key': 'order-1' };
    const first = ask('admin', 'POST', start('sales'), order('+15550001234', headers));
    await reached;
    const twin = await ask('admin', 'POST', start('sales'), order('+15550001234', headers));
    assert.equal(twin.statusCode, 409);
    assert.match(twin.body, /CBD_REQUEST_IN_FLIGHT/);
    goOn();
    beforeAccept = () => Promise.resolve();
    const { _id: id } = (await first).json<{ _id: string }>();
    const again = await ask('admin', 'POST', start('sales'), order('+15550001234', headers));
    assert.equal(again.json<{ _id: string }>()._id, id);
    const changed = await ask('admin', 'POST', start('sales'), order('+15550009999', headers));
    assert.equal(changed.statusCode, 422);
    const all: CallbackRecord[] = await store.find({});
    assert.equal(all.length, 1);
  });

  it('answers web pages of the listed origins, their question first, and no others', async () => {
    const asking = { 'access-control-request-method': 'POST' };
    const preflight = (origin: string) =>
      ask(undefined, 'OPTIONS', start('sales'), { headers: { origin, ...asking } });
    const listed = await preflight('https://shop.example');
    assert.equal(listed.statusCode, 204);
    assert.equal(listed.headers['access-control-allow-origin'], 'https://shop.example');
    assert.match(String(listed.headers['access-control-allow-headers']), /x-api-key/);
    const other = await preflight('https://evil.example');
    assert.equal(other.statusCode, 404);
    assert.equal(other.headers['access-control-allow-origin'], undefined);

    api = (await api.close(), await open(YAML.replace(/ {2}apiKeys:[^]*?(?=queues)/, '')));
    const from = (origin: string) =>
      ask(undefined, 'POST', start('sales'), { ...order(), headers: { origin } });
    const served = await from('https://shop.example');
    assert.equal(served.statusCode, 200);
    assert.match(String(served.headers['access-control-expose-headers']), /link, retry-after/);
    assert.equal((await from('https://evil.example')).statusCode, 403);
  });

  it('refuses a body past the configured limit', async () => {
    const payload = { _customer_number: '+15550001234', note: 'x'.repeat(2100) };
    const refused = await ask('admin', 'POST', start('sales'), { payload });
    assert.equal(refused.statusCode, 413);
    assert.match(refused.body, /2048/);
  });
});
