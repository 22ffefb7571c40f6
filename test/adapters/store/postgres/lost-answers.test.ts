/** Connections that break or fall silent where it hurts: nothing may be forgotten, no call ended for it. */
import assert from 'node:assert/strict';
import { openPostgresStore } from '../../../../src/adapters/store/postgres/postgres-store.js';
import type { CallbackStore } from '../../../../src/schedule/callback-store.js';
import { Bench, NOON_MS } from '../fixtures.js';
import { BadLine } from './bad-line.js';
import { emptyTables } from './empty-tables.js';
import { sharedServer, stopSharedServer, type PrivateServer } from './private-server.js';

after(stopSharedServer);

describe('A PostgreSQL behind a bad line', function () {
  this.timeout(60_000);
  const schema = 'bad_line';
  let server: PrivateServer;
  let line: BadLine;
  let store: CallbackStore;

  before(async function () {
    server = await sharedServer(this);
    line = await BadLine.open(server.url);
    store = await openPostgresStore({ url: line.url, schema });
  });
  beforeEach(() => emptyTables(server, schema));
  after(async () => {
    await store?.close();
    await line?.close();
  });

  const takenOver = async (): Promise<string[]> => {
    await store.takeOverLegs(NOON_MS);
    return (await store.takeOverLeftovers()).map(({ id }) => id);
  };

  it('gives out again what was claimed when the answer was lost, and nothing else', async () => {
    const bench = new Bench(store);
    const known = await bench.claimed();
    const id = await bench.accepted();
    let isTold = false;
    store.shared?.onOthersGone(() => (isTold = true));
    line.loseAnswerTo('SET claimed = 1');
    await assert.rejects(store.claimDue(NOON_MS, 10));
    assert.deepEqual([line.lostCount, isTold], [1, true]);
    assert.deepEqual(
      await store.claimDue(NOON_MS, 10),
      [],
      'as far as the server knows it is ours',
    );
    assert.deepEqual(await takenOver(), [id]);
    assert.deepEqual(await takenOver(), []);
    assert.deepEqual(await bench.take(id), { ok: true });
    assert.deepEqual(await bench.take(known), { ok: true });
  });

  it('hands over again what was taken over when the answer was lost', async () => {
    const other = await openPostgresStore({ url: server.url, schema, leaseMs: 60_000 });
    const id = await new Bench(other).claimed();
    await other.close();
    await store.takeOverLegs(NOON_MS);
    line.lostCount = 0;
    line.loseAnswerTo('UPDATE callbacks SET is_left');
    await assert.rejects(store.takeOverLeftovers());
    assert.equal(line.lostCount, 1);
    assert.deepEqual(await takenOver(), [id]);
    assert.deepEqual(await takenOver(), []);
  });

  it('costs no lease when it falls silent and a new connection works', async () => {
    const owner = await store.ownerId();
    const leaseUntil = `SELECT lease_until::text FROM ${schema}.nodes WHERE owner_id = '${owner}'`;
    const before = await server.query(leaseUntil);
    assert.equal(before.length, 1);
    const lost: string[] = [];
    const stop = store.shared?.onLeaseLost(async (why) => void lost.push(why));
    line.fallSilent();
    const [{ lease_until: silentAt } = {}] = await server.query(leaseUntil);
    for (;;) {
      const [now] = await server.query(leaseUntil);
      if (lost.length > 0 || now?.['lease_until'] !== silentAt) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual(lost, []);
    stop?.();
  });
});
