/** Strangers who ask two processes on one PostgreSQL for the same thing at the same moment. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { virtualClock, type VirtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { openPostgresStore } from '../../src/adapters/store/postgres/postgres-store.js';
import { createApi } from '../../src/request/callback-api.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { emptyTables } from '../adapters/store/postgres/empty-tables.js';
import {
  sharedServer,
  stopSharedServer,
  type PrivateServer,
} from '../adapters/store/postgres/private-server.js';
import { Bench } from '../adapters/store/fixtures.js';
import { silentLog } from '../fakes/fake-telephony.js';
import { NOON_MS, type Body } from '../request/api-bed.js';
import { configOf } from '../request/test-config.js';

after(stopSharedServer);

const YAML = `
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults: { queue: q, _enable_in_queue_checking: false }
services:
  sales: { _throttle_request_parameters_limit: 100 }
  narrow: { _throttle_callbacks_per_service_1: 5, _throttle_ttl_1: 300 }
  once: { _enable_in_queue_checking: true }
  slots: { _max_request_by_time_bucket: 3, _request_execution_time_buffer: 0 }
`;

describe('Two processes on one PostgreSQL, asked by strangers', () => {
  const schema = 'two_nodes_asked';
  let server: PrivateServer;
  const nodes: { store: CallbackStore; clock: VirtualClock; api: FastifyInstance }[] = [];

  before(async function () {
    server = await sharedServer(this);
    for (let count = 0; count < 2; count += 1) {
      const store = await openPostgresStore({ url: server.url, schema, leaseMs: 60_000 });
      const clock = virtualClock(NOON_MS);
      const api = createApi({
        ...{ store, clock, log: silentLog, config: await configOf(YAML) },
        random: { uuid: () => randomUUID(), fraction: () => 0 },
        poke: () => undefined,
        cancelLive: () => true,
        isReady: () => true,
      });
      nodes.push({ store, clock, api });
    }
  });
  beforeEach(() => emptyTables(server, schema));
  after(async () => {
    for (const { api, store } of nodes.splice(0)) {
      await api.close();
      await store.close();
    }
  });

  const node = (index: number) => nodes[index % nodes.length]!;
  const ask = (index: number, service: string, payload: object, headers: object = {}) =>
    node(index).api.inject({
      ...{ method: 'POST', url: `/genesys/1/service/callback/${service}`, payload },
      headers: { ...headers },
    });
  const statuses = (answers: readonly { statusCode: number }[]) =>
    answers.map(({ statusCode }) => statusCode).sort();

  it('make one callback of one idempotency key, and tell both of it', async () => {
    for (let round = 0; round < 20; round += 1) {
      const key = { 'idempotency-key': `key-${round}` };
      const payload = { _customer_number: '+16504661100', round };
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, index) => ask(index, 'sales', payload, key)),
      );
      const made = answers.filter(({ statusCode }) => statusCode === 200);
      assert.ok(made.length > 0);
      assert.equal(new Set(made.map((answer) => answer.json<Body>()['_id'])).size, 1);
      const others = answers.filter(({ statusCode }) => statusCode !== 200);
      assert.ok(others.every(({ body }) => body.includes('CBD_REQUEST_IN_FLIGHT')));
    }
    assert.equal((await node(0).store.find({ limit: 1000 })).length, 20);
  });

  it('refuse one idempotency key for two requests, whichever comes second', async () => {
    const key = { 'idempotency-key': 'one' };
    const answers = await Promise.all(
      [0, 1].map((index) => ask(index, 'sales', { _customer_number: `+1650466110${index}` }, key)),
    );
    assert.equal(statuses(answers)[0], 200);
    const [, refused] = statuses(answers);
    assert.ok(refused === 409 || refused === 422, String(refused));
  });

  it('keep to one window and to one queue of a number together', async () => {
    const asked = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        ask(index, 'narrow', { _customer_number: `+165046611${10 + index}` }),
      ),
    );
    assert.equal(asked.filter(({ statusCode }) => statusCode === 200).length, 5);
    assert.ok(asked.every(({ statusCode }) => statusCode === 200 || statusCode === 503));
    const same = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        ask(index, 'once', { _customer_number: '+16504661100' }),
      ),
    );
    assert.equal(same.filter(({ statusCode }) => statusCode === 200).length, 2);
  });

  it('keep to a window though their clocks differ by seconds', async () => {
    await node(1).clock.advance(5000);
    const asked = [];
    for (let index = 1; index < 17; index += 1) {
      asked.push(await ask(index, 'narrow', { _customer_number: `+165046611${10 + index}` }));
    }
    assert.equal(asked.filter(({ statusCode }) => statusCode === 200).length, 5);
  });

  it('find nothing under what no text of a database can be, and write on', async () => {
    const odd = ['%00', 'a%00b', '%ED%A0%80', '%25', '%27%20OR%201=1--', '%5C', '_%25_'];
    const paths = odd.flatMap((text) => [
      `/genesys/1/service/callback?_id=${text}`,
      `/genesys/1/service/callback?_customer_number=${text}`,
      `/genesys/1/service/callback?_alternate_number_1=${text}&_callback_state=!COMPLETED`,
      `/genesys/1/service/callback/sales?_customer_number=!${text}`,
      `/genesys/1/service/callback/${text}?_callback_state=QUEUED`,
      `/genesys/1/service/${text}/check-queue-position`,
      `/genesys/1/admin/callback/queues?target=${text}&after=${text}&_callback_reason=${text}`,
      `/genesys/1/admin/callback/watermarks?service_name=${text}`,
      ...[`/v1/callbacks/${text}`, `/v1/callbacks/${text}/story`, `/v1/callbacks?service=${text}`],
      ...[`/v1/callbacks?cursor=${text}`, `/v1/callbacks?number=${text}`],
      ...[`/v1/notifications?callback=${text}`, `/v1/notifications?cursor=${text}`],
      `/v1/records?service=${text}`,
    ]);
    const failed: string[] = [];
    for (const [index, url] of paths.entries()) {
      const { statusCode } = await node(index).api.inject({ method: 'GET', url });
      if (statusCode >= 500) failed.push(`${statusCode} ${url}`);
    }
    const post = (url: string, payload: object) =>
      node(0).api.inject({ method: 'POST', url, payload });
    for (const answer of [
      await post('/genesys/1/admin/callback/cancel', { ids: ['a\0b', '\ud800'] }),
      await post('/v1/notifications/replay', { ids: ['a\0b'] }),
      await post('/v1/numbers/%00/cancel', {}),
      await post('/v1/services/%00/pause', {}),
    ]) {
      if (answer.statusCode >= 500) failed.push(answer.body);
    }
    assert.deepEqual(failed, []);
    assert.equal((await ask(0, 'sales', { _customer_number: '+16504661100' })).statusCode, 200);
  });

  it('book no slot twice', async () => {
    const _desired_time = new Date(NOON_MS + 3_600_000).toISOString();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        ask(index, 'slots', { _customer_number: `+165046611${10 + index}`, _desired_time }),
      ),
    );
    assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 3);
    assert.ok(answers.every(({ statusCode }) => statusCode === 200 || statusCode === 400));
  });

  it('let a cancel and a claim of the other one meet in either order, and lose neither', async () => {
    for (let round = 0; round < 15; round += 1) {
      const id = await new Bench(node(0).store).accepted();
      const [answer, claimed] = await Promise.all([
        node(1).api.inject({
          method: 'DELETE',
          url: `/genesys/1/service/callback/sales/${id}`,
        }),
        node(0).store.claimDue(NOON_MS, 10),
      ]);
      assert.equal(answer.statusCode, 200);
      const record = await node(0).store.get(id);
      if (claimed.length === 0) assert.equal(record?.reason, 'CANCELLED');
      else {
        assert.equal(record?.cancelRequested, 'customer');
        const taken = await new Bench(node(0).store).take(id);
        assert.ok(!taken.ok && taken.why === 'cancel-requested');
      }
    }
  });

  it('let a change and a dial of the other one meet, and never dial the old number after it', async () => {
    for (let round = 0; round < 15; round += 1) {
      const id = await new Bench(node(0).store).accepted();
      const changed = node(1).api.inject({
        method: 'PUT',
        url: `/genesys/1/service/callback/sales/${id}`,
        payload: { _customer_number: '+16504661199' },
      });
      const [answer, [claimed]] = await Promise.all([changed, node(0).store.claimDue(NOON_MS, 10)]);
      if (answer.statusCode === 409) assert.notEqual(claimed?.customerNumber, '+16504661199');
      else {
        assert.equal(answer.statusCode, 200, answer.body);
        const later = claimed ?? (await node(0).store.claimDue(NOON_MS, 10))[0];
        assert.equal(later?.customerNumber, '+16504661199');
      }
      await node(0).store.requestCancel(id, 'admin', NOON_MS);
      await node(0).store.commit(
        id,
        { record: { state: 'COMPLETED', reason: 'CANCELLED' } },
        { durable: true },
      );
    }
  });
});
