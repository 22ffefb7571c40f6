/** What one transaction on a PostgreSQL has locked, or cannot take, and others must not suffer from. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { openPostgresStore } from '../../../../src/adapters/store/postgres/postgres-store.js';
import type { CallbackStore } from '../../../../src/schedule/callback-store.js';
import { HOUR_MS, NOON_MS, someCallback } from '../fixtures.js';
import { emptyTables } from './empty-tables.js';
import { sharedServer, stopSharedServer, type PrivateServer } from './private-server.js';

after(stopSharedServer);

describe('Transactions on a PostgreSQL', () => {
  const schema = 'locks';
  let server: PrivateServer;
  let store: CallbackStore;
  let stranger: pg.Client;

  before(async function () {
    server = await sharedServer(this);
    store = await openPostgresStore({ url: server.url, schema, leaseMs: 60_000 });
    stranger = new pg.Client({ connectionString: server.url });
    await stranger.connect();
  });
  beforeEach(async () => {
    await emptyTables(server, schema);
    await stranger.query('BEGIN');
  });
  afterEach(() => stranger.query('ROLLBACK'));
  after(async () => {
    await stranger?.end();
    await store?.close();
  });

  it('leave a counter to whoever begins it anew, and do not wait for them', async () => {
    const counters = `${schema}.limit_counters`;
    await server.query(`INSERT INTO ${counters} VALUES ('over', 7, ${NOON_MS - 1})`);
    await stranger.query(`UPDATE ${counters} SET used = 1, ends_at_ms = ${NOON_MS + HOUR_MS}`);
    const limits = { counters: [{ key: 'mine', max: 9, endsAtMs: NOON_MS + HOUR_MS }] };
    assert.equal((await store.admit(someCallback(), limits)).ok, true);
    await stranger.query('COMMIT');
    const rows = await server.query(`SELECT key, used FROM ${counters} ORDER BY key`);
    assert.deepEqual(
      rows.map(({ key, used }) => [key, Number(used)]),
      [
        ['mine', 1],
        ['over', 1],
      ],
    );
  });

  it('take names in one order, a change of the time as well as a request', async () => {
    const slot = { fromMs: NOON_MS + HOUR_MS, toMs: NOON_MS + 2 * HOUR_MS, max: 5 };
    const { id } = await store.accept(someCallback());
    const hold = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';
    await stranger.query(hold, ['dialback admit sales']);
    const desiredAtMs = slot.fromMs;
    const limits = { queuedMax: 5 };
    const moving = store.reschedule(id, { atMs: NOON_MS, desiredAtMs, slot, limits });
    const waiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
    while ((await server.query(waiting)).length === 0);
    // It has none of the names that come behind the one it waits for.
    assert.equal((await store.admit(someCallback({ desiredAtMs }), { slot })).ok, true);
    await stranger.query('COMMIT');
    assert.equal((await moving).ok, true);
  });

  it('refuse what no index takes, and nothing else', async () => {
    const digests = Array.from({ length: 100 }, (_, n) =>
      createHash('sha256').update(String(n)).digest('hex'),
    );
    const failures: string[] = [];
    const stop = store.onFailure(({ code }) => failures.push(code));
    const asked = Array.from({ length: 20 }, (_, n) =>
      store.accept(someCallback(n === 10 ? { lookupKeys: { long: digests.join('') } } : {})),
    );
    const results = await Promise.allSettled(asked);
    stop();
    const refused = results.flatMap((result, n) =>
      result.status === 'rejected' ? [[n, (result.reason as { code?: string }).code]] : [],
    );
    assert.deepEqual(refused, [[10, 'STORE_CONFLICT']]);
    assert.deepEqual([failures, store.isWritable], [[], true]);
  });
});
