/** The API of callbacks in front of two services, anew for each test, on a store in memory and a virtual clock. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { virtualClock, type VirtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import type { Log } from '../../src/ports.js';
import { type ApiDeps, createApi } from '../../src/request/callback-api.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { configOf } from './test-config.js';
import { type Body, NOON_MS } from './api-bed.js';

export const START = '/genesys/1/service/callback/sales';

export const YAML = `
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

export function never(): never {
  throw new Error('The configuration of this test has the service.');
}

/** For the body of a `describe`. */
export function callbackApi() {
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

  return {
    get store() {
      return store;
    },
    get clock() {
      return clock;
    },
    get api() {
      return api;
    },
    /** Another one, which is closed after the test. */
    set api(other: FastifyInstance) {
      api = other;
    },
    get deps() {
      return deps;
    },
    get pokeCount() {
      return pokeCount;
    },
    get cancelled() {
      return cancelled;
    },
    get logged() {
      return logged;
    },
    build,
    post,
    get,
    started,
    assertProblem,
  };
}
