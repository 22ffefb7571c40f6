/** Leases and fences of processes that share a PostgreSQL, as several stores in one process. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openPostgresStore } from '../../../../src/adapters/store/postgres/postgres-store.js';
import type { CallbackStore } from '../../../../src/schedule/callback-store.js';
import { Bench, birth, HOUR_MS, NOON_MS, someCallback, someStep } from '../fixtures.js';
import { dial } from '../conformance-call-limits.js';
import { someInbound } from '../conformance-inbound.js';
import { emptyTables } from './empty-tables.js';
import { sharedServer, stopSharedServer, type PrivateServer } from './private-server.js';

after(stopSharedServer);

async function until(isTrue: () => boolean): Promise<void> {
  for (let left = 300; !isTrue(); left -= 1) {
    assert.ok(left > 0, 'it does not happen');
    await sleep(20);
  }
}

describe('processes that share a PostgreSQL', () => {
  const schema = 'nodes_test';
  let server: PrivateServer;
  const stores: CallbackStore[] = [];
  /** A lease that a test has run out stays so: none is renewed for twelve seconds. */
  const open = async (tickMs = 60_000): Promise<CallbackStore> => {
    const store = await openPostgresStore({ url: server.url, schema, leaseMs: 60_000, tickMs });
    stores.push(store);
    return store;
  };
  /** As far as the others can tell, nothing was heard of it for longer than its lease. */
  const runOut = async (store: CallbackStore): Promise<void> => {
    const owner = await store.ownerId();
    await server.query(
      `UPDATE ${schema}.nodes SET lease_until = now() - interval '1 s' WHERE owner_id = '${owner}'`,
    );
  };

  before(async function () {
    server = await sharedServer(this);
  });
  beforeEach(async () => {
    if (stores.length === 0) await open();
    await emptyTables(server, schema);
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });

  it('make their tables once, however many start at a time', async () => {
    await stores.pop()?.close();
    await server.query(`DROP SCHEMA ${schema} CASCADE`);
    const three = await Promise.all([open(), open(), open()]);
    const ids = await Promise.all(three.map((store) => store.ownerId()));
    assert.equal(new Set(ids).size, 3);
  });

  it('claim each callback once', async () => {
    const [first, second] = [stores[0]!, await open()];
    const bench = new Bench(first);
    const ids = await Promise.all(Array.from({ length: 60 }, () => bench.accepted()));
    const rounds = await Promise.all(
      Array.from({ length: 12 }, (_, n) => (n % 2 ? first : second).claimDue(NOON_MS, 10)),
    );
    const claimed = rounds.flat().map(({ id }) => id);
    assert.equal(new Set(claimed).size, claimed.length);
    const rest = await first.claimDue(NOON_MS, 100);
    assert.equal(claimed.length + rest.length, ids.length);
  });

  it('never hold one number at the same time', async () => {
    const [first, second] = [stores[0]!, await open()];
    const customerNumber = '+15550001234';
    const one = await new Bench(first).claimed({ customerNumber });
    const other = await new Bench(second).claimed({ customerNumber });
    const taken = await Promise.all([new Bench(first).take(one), new Bench(second).take(other)]);
    assert.equal(taken.filter(({ ok }) => ok).length, 1);
    assert.deepEqual(
      taken.filter(({ ok }) => !ok).map((refusal) => !refusal.ok && refusal.why),
      ['number-busy'],
    );
  });

  it('keep to limits on calls together, however many want to dial at the same moment', async () => {
    const [first, second] = [stores[0]!, await open()];
    const ids = await Promise.all(Array.from({ length: 24 }, () => new Bench(first).accepted()));
    const claims = [await first.claimDue(NOON_MS, 12), await second.claimDue(NOON_MS, 12)];
    assert.equal(claims.flat().length, ids.length);
    const limits = [
      { of: 'service', name: 'sales', maxCalls: 7 },
      { of: 'trunk', name: 'primary', maxPerSecond: 5 },
    ] as const;
    const waiting = claims.map((records) => new Set(records.map(({ id }) => id)));
    /** @returns how many were dialled */
    const dialAll = async (): Promise<number> => {
      const dials = waiting.flatMap((ids, node) =>
        [...ids].map(async (id) => {
          const { ok } = await dial(node === 0 ? first : second, id, limits);
          return ok && ids.delete(id);
        }),
      );
      return (await Promise.all(dials)).filter((isDialled) => isDialled).length;
    };
    const beganAtMs = performance.now();
    const dialled = await dialAll();
    const seconds = Math.ceil((performance.now() - beganAtMs) / 1000);
    assert.ok(dialled >= 5 && dialled <= Math.min(7, 5 * seconds), `${dialled} in ${seconds} s`);
    await sleep(1000);
    assert.equal(dialled + (await dialAll()), 7, 'at a time');
  });

  it('let nobody dial whose lease has run out, even when nobody has taken over yet', async () => {
    const store = stores[0]!;
    const bench = new Bench(store);
    const id = await bench.claimed();
    await runOut(store);
    assert.deepEqual(await bench.take(id), { ok: false, why: 'not-claimed' });
    assert.deepEqual(await store.attempts(id), []);
    await bench.accepted();
    assert.deepEqual(await store.claimDue(NOON_MS, 10), [], 'it would be nobody’s');
  });

  it('take over what is left, legs first, and refuse what its old owner still wants', async () => {
    const [old, heir] = [stores[0]!, await open()];
    const bench = new Bench(old);
    const id = await bench.claimed();
    const leg = {
      kind: 'begun',
      callId: 'theirs',
      number: '+15550009876',
      ringsUntilMs: Date.now() + 60_000,
    } as const;
    await old.commit(id, { dialLock: 'take', attempt: birth, leg }, { durable: true });
    assert.deepEqual(await heir.takeOverLegs(Date.now()), [], 'its lease has not run out');
    assert.deepEqual(await heir.takeOverLeftovers(), []);
    const adopted: string[] = [];
    heir.shared?.onAdopted((ownerIds) => adopted.push(...ownerIds));

    await runOut(old);
    const legs = await heir.takeOverLegs(Date.now());
    assert.deepEqual(
      legs.map(({ callId }) => callId),
      ['theirs'],
    );
    assert.deepEqual(adopted, [await old.ownerId()]);
    const [leftover] = await heir.takeOverLeftovers();
    assert.equal(leftover?.openAttempt?.callId, birth.callId);
    assert.deepEqual(await heir.takeOverLeftovers(), [], 'once');

    const late = {
      step: someStep(),
      record: { state: 'COMPLETED', reason: 'FAIL_ERROR' },
    } as const;
    const refused = { ok: false, why: 'not-claimed' };
    assert.deepEqual(await old.commit(id, late, { durable: true }), refused);
    assert.deepEqual(await heir.commit(id, late, { durable: true }), { ok: true });
  });

  it('end calls from outside of one that is gone, which can tell no other end of them', async () => {
    const [old, heir] = [stores[0]!, await open()];
    const inbound = someInbound();
    const durable = { durable: true } as const;
    assert.deepEqual(await old.commit('inbound-1', { inbound }, durable), { ok: true });
    await heir.takeOverLegs(Date.now());
    assert.deepEqual(await heir.endLostInboundCalls(NOON_MS + 1), [], 'its lease has not run out');
    await runOut(old);
    const refused = { ok: false, why: 'not-claimed' };
    assert.deepEqual(await old.commit('inbound-2', { inbound }, durable), refused);
    await heir.takeOverLegs(Date.now());
    const lost = { endedAtMs: NOON_MS + 1, outcome: 'lost', why: 'NODE_LOST' };
    const calls = await heir.endLostInboundCalls(NOON_MS + 1);
    assert.deepEqual(calls, [{ id: 'inbound-1', ...inbound, ...lost }]);
    const end = { endedAtMs: NOON_MS, outcome: 'served', why: 'the agent hung up' } as const;
    const late = await old.commit('inbound-1', { inbound: end }, durable);
    assert.deepEqual(late, { ok: false, why: 'completed' });
    assert.deepEqual(await old.inboundCalls({}), calls);
  });

  it('refuse what an old owner still wants of a callback that its heir has given back', async () => {
    const [old, heir] = [stores[0]!, await open()];
    const id = await new Bench(old).claimed();
    await runOut(old);
    await heir.takeOverLegs(Date.now());
    await heir.takeOverLeftovers();
    const later = { state: 'QUEUED', claimed: false, dueAtMs: NOON_MS + HOUR_MS } as const;
    assert.deepEqual(await heir.commit(id, { record: later }, { durable: true }), { ok: true });

    const late = { state: 'COMPLETED', reason: 'FAIL_ERROR' } as const;
    const refused = { ok: false, why: 'not-claimed' };
    assert.deepEqual(await old.commit(id, { record: late }, { durable: true }), refused);
    const { state, dueAtMs } = (await heir.get(id)) ?? {};
    assert.deepEqual({ state, dueAtMs }, { state: 'QUEUED', dueAtMs: NOON_MS + HOUR_MS });
  });

  it('leave alone what a process has begun under a new lease when they take over its old one', async () => {
    const [again, heir] = [stores[0]!, await open()];
    const owner = await again.ownerId();
    await server.query(
      `INSERT INTO ${schema}.nodes (name, owner_id, lease_until) VALUES
         ('its lease before', '${owner}', now() - interval '1 s'),
         ('of a dead one', 'dead', now() - interval '1 s')`,
    );
    const adopted: string[] = [];
    heir.shared?.onAdopted((ownerIds) => adopted.push(...ownerIds));
    await heir.takeOverLegs(Date.now());
    assert.deepEqual([adopted.includes('dead'), adopted.includes(owner)], [true, false]);
  });

  it('give a repeated request the callback of the first, also when that one has filled its limit', async () => {
    const [first, second] = [stores[0]!, await open()];
    const limits = { sameNumberOpenMax: 1 };
    const ask = (store: CallbackStore) =>
      store.admit(
        someCallback({ customerNumber: '+15550004321', fingerprint: 'f' }),
        limits,
        'key',
      );
    const hold = new pg.Client({ connectionString: server.url });
    await hold.connect();
    await hold.query('BEGIN');
    await hold.query(`SELECT pg_advisory_xact_lock(hashtextextended('dialback admit sales', 0))`);
    // Both have looked for the key before either has the limit to itself.
    const asked = [ask(first), ask(second)];
    const waiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
    while ((await server.query(waiting)).length < 2);
    await hold.query('COMMIT');
    await hold.end();
    const answers = await Promise.all(asked);
    const ids = answers.map((answer) => (answer.ok ? answer.record.id : answer.why));
    assert.equal(new Set(ids).size, 1, ids.join(', '));
  });

  it('tell a process that its work was taken, end its calls, and go on under a new lease', async () => {
    const [old, heir] = [await open(50), stores[0]!];
    const order: string[] = [];
    old.shared?.onLeaseLost(async () => {
      order.push(`ends its calls, may dial: ${old.shared?.mayDial()}, ${old.isWritable}`);
      await sleep(50);
      order.push('ended');
    });
    old.onRecovered(() => order.push(`well again: ${old.isWritable}`));
    // It may renew in between.
    while (order.length === 0) {
      await runOut(old);
      await heir.takeOverLegs(Date.now());
    }
    await until(() => order.length > 2);
    const told = ['ends its calls, may dial: false, false', 'ended', 'well again: true'];
    assert.deepEqual(order, told);
    const bench = new Bench(old);
    assert.deepEqual(await bench.take(await bench.claimed()), { ok: true });
  });

  it('share what agents are', async () => {
    const [east, west] = [stores[0]!, await open()];
    const lunch = {
      name: 'ann',
      wish: 'not-ready',
      reason: 'lunch',
      sinceMs: 5,
      restUntilMs: 0,
    } as const;
    await east.keepAgent(lunch, { durable: true });
    assert.deepEqual(await west.agentMemos(), [lunch]);
    const back = { name: 'ann', wish: 'ready', sinceMs: 0, restUntilMs: 0 } as const;
    await Promise.all([
      west.keepAgent({ ...lunch, reason: 'late lunch' }, { durable: false }),
      west.keepAgent(back, { durable: true }),
    ]);
    assert.deepEqual(await east.agentMemos(), [back], 'in the order they were written');
  });

  it('hold an agent for a call, one of them at a time, and as long as they say so', async () => {
    const [east, west] = [stores[0]!, await open()];
    const both = await Promise.all([east, west].map((store) => store.holdAgent('ann', 60_000)));
    assert.deepEqual([...both].sort(), [false, true], 'one of two who ask at once');
    const [holder, other] = both[0] ? [east, west] : [west, east];
    assert.equal(await other.holdAgent('bob', 60_000), true);
    await other.renewAgents(['ann'], 0);
    assert.equal(await other.holdAgent('ann', 60_000), false, 'renewing is for the holder');
    await holder.renewAgents(['ann'], 0);
    assert.equal(await other.holdAgent('ann', 60_000), true);
    assert.equal(await holder.holdAgent('ann', 60_000), false);
  });

  it('hear of a cancel for a callback of theirs, and of new work', async () => {
    const [first, second] = [stores[0]!, await open()];
    const id = await new Bench(first).claimed();
    const heard = new Promise<unknown[]>((resolve) => {
      first.shared?.onCancel((...what) => resolve(what));
    });
    assert.equal(await second.requestCancel(id, 'customer', NOON_MS), 'asked');
    assert.deepEqual(await heard, [id, 'customer']);
    const hasWork = new Promise<void>((resolve) => second.onWork(() => resolve()));
    await new Bench(first).accepted();
    await hasWork;
  });

  it('hear of a cancel that was asked while nothing could be told them', async () => {
    const [deaf, other] = [await open(1000), stores[0]!];
    const bench = new Bench(deaf);
    const [id, talking] = [await bench.claimed(), await bench.claimed()];
    const heard: unknown[] = [];
    deaf.shared?.onCancel((...what) => heard.push(what));
    await other.requestCancel(talking, 'admin', NOON_MS);
    await until(() => heard.length > 0);
    const record = { state: 'COMPLETED', reason: 'CANCELLED', claimed: false } as const;
    await deaf.commit(talking, { atMs: 1, record }, { durable: true });
    // On which they take and renew their leases, and hear each other.
    const killed = await server.query(
      `SELECT pg_terminate_backend(pid, 2000) AS is_over FROM pg_stat_activity
       WHERE application_name = 'dialback'
       AND (query LIKE '%INTO nodes%' OR query LIKE '%UPDATE nodes SET lease_until%'
         OR query LIKE '%pg_notify%')`,
    );
    assert.equal(killed.filter((one) => one['is_over'] === true).length, 2);
    // Within the second until a connection is made anew.
    assert.equal(await other.requestCancel(id, 'customer', NOON_MS), 'asked');
    await until(() => heard.length > 1);
    assert.deepEqual(heard, [
      [talking, 'admin'],
      [id, 'customer'],
    ]);
  });

  it('survive that the server ends all their connections', async () => {
    const store = stores[0]!;
    const bench = new Bench(store);
    await bench.accepted();
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dialback'`,
    );
    // The first that meets a broken connection may fail; nobody knows of the next one.
    await bench.accepted().catch(() => bench.accepted());
    await until(() => store.isWritable);
    assert.ok((await store.find({})).length >= 2);
  });
});
