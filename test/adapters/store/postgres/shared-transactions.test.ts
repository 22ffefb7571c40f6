/** When everybody is busy, several callbacks share a transaction: none of them may notice. */
import assert from 'node:assert/strict';
import { openPostgresStore } from '../../../../src/adapters/store/postgres/postgres-store.js';
import type { CallbackStore } from '../../../../src/schedule/callback-store.js';
import { Bench, NOON_MS, someCallback } from '../fixtures.js';
import { emptyTables } from './empty-tables.js';
import { sharedServer, stopSharedServer, type PrivateServer } from './private-server.js';

after(stopSharedServer);

describe('many operations on a PostgreSQL at once', () => {
  const schema = 'shared_transactions';
  let server: PrivateServer;
  let stores: CallbackStore[];

  before(async function () {
    server = await sharedServer(this);
    const open = () => openPostgresStore({ url: server.url, schema, leaseMs: 60_000 });
    stores = await Promise.all([open(), open()]);
  });
  beforeEach(() => emptyTables(server, schema));
  after(() => Promise.all((stores ?? []).map((store) => store.close())));

  const transactions = async (table: string): Promise<number> => {
    const sql = `SELECT count(DISTINCT xmin::text) AS count FROM ${schema}.${table}`;
    const [row] = await server.query(sql);
    return Number(row?.['count']);
  };

  it('share transactions, also when one of them contradicts what is stored', async () => {
    const store = stores[0]!;
    const twice = (await store.accept(someCallback())).id;
    const ids = Array.from({ length: 200 }, (_, n) => (n === 150 ? twice : `many-${n}`));
    const results = await Promise.allSettled(ids.map((id) => store.accept(someCallback({ id }))));
    const refused = results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []));
    assert.deepEqual(refused, [150]);
    const stored = await store.find({ limit: 1000 });
    assert.deepEqual(stored.map(({ id }) => id).sort(), [...ids].sort());
    assert.ok((await transactions('callbacks')) < 60);
  });

  it('answer each commit for itself', async () => {
    const store = stores[0]!;
    const bench = new Bench(store);
    const claimed: string[] = [];
    for (let n = 0; n < 60; n += 1) claimed.push(await bench.claimed());
    const ids = claimed.toSpliced(40, 0, 'unknown');
    const taken = await Promise.all(
      ids.map((id, n) =>
        store.commit(
          id,
          {
            dialLock: 'take',
            attempt: { attempt: 1, callId: `call-${n}`, number: '1', startedAtMs: NOON_MS },
          },
          { durable: true },
        ),
      ),
    );
    const refused = taken.flatMap((result, n) => (result.ok ? [] : [[n, result.why]]));
    assert.deepEqual(refused, [[40, 'unknown']]);
    for (const [n, id] of ids.entries()) {
      const callIds = (await store.attempts(id)).map(({ callId }) => callId);
      assert.deepEqual(callIds, n === 40 ? [] : [`call-${n}`]);
    }
    assert.ok((await transactions('attempts')) < 5);
  });

  it('keep to limits that two processes run into from both ends', async () => {
    const limitsOf = (n: number) => ({
      queuedMax: 7,
      counters: ['a', 'b', 'c'].map((key, k) => ({
        key: `${key}${(n + k) % 3}`,
        max: 1000,
        endsAtMs: NOON_MS + 1000,
      })),
    });
    const ask = (n: number) => {
      const serviceName = `service-${n % 5}`;
      return stores[n % 2]!.admit(someCallback({ serviceName }), limitsOf(n));
    };
    const up = Array.from({ length: 100 }, (_, n) => n);
    const answers = await Promise.all([...up, ...up.toReversed()].map(ask));
    assert.equal(answers.filter(({ ok }) => ok).length, 5 * 7);
    const whys = new Set(answers.map((answer) => (answer.ok ? 'accepted' : answer.why)));
    assert.deepEqual([...whys].sort(), ['accepted', 'queue-full']);
  });

  it('know one request from another that came with its idempotency key', async () => {
    const same = { fingerprint: 'one' };
    const asked = Array.from({ length: 120 }, (_, n) =>
      stores[n % 2]!.accept(someCallback(same), `key-${n % 30}`),
    );
    const ids = new Set((await Promise.all(asked)).map(({ id }) => id));
    assert.equal(ids.size, 30);
    assert.equal((await stores[0]!.find({ limit: 1000 })).length, 30);
  });
});
