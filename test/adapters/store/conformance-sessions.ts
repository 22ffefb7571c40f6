/** Conformance, second part: what sessions and the scheduler do to a store. Registered by `conformance.ts`. */
import assert from 'node:assert/strict';
import type { StoreUnderTest } from './conformance.js';
import { Bench, birth, dialing, HOUR_MS, NOON_MS, someStep } from './fixtures.js';

/** @param tested the store that the running test may use */
export function describeSessions(tested: () => StoreUnderTest): void {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench(tested().store);
  });
  const reopen = () => tested().reopen();

  describe('data of the callback', () => {
    it('change key by key, also after a reschedule, until the callback is over', async () => {
      const id = await bench.accepted({ userData: { topic: 'shoes', plan: 'gold' } });
      await bench.store.claimDue(NOON_MS, 1);
      await bench.store.reschedule(id, { atMs: NOON_MS, userData: { note: 'came later' } });
      const userData = { topic: null, colour: 'blue', plan: 'silver' };
      assert.deepEqual(await bench.store.commit(id, { userData }, { durable: true }), { ok: true });
      const changed = { plan: 'silver', note: 'came later', colour: 'blue' };
      assert.deepEqual((await bench.store.get(id))?.userData, changed);
      const over = { record: { state: 'COMPLETED', reason: 'CANCELLED' } } as const;
      assert.deepEqual(await bench.store.commit(id, over, { durable: true }), { ok: true });
      const late = await bench.store.commit(id, { userData: { plan: 'none' } }, { durable: true });
      assert.deepEqual(late, { ok: false, why: 'completed' });
      bench.store = await reopen();
      assert.deepEqual((await bench.store.get(id))?.userData, changed);
    });
  });

  describe('claiming', () => {
    it('takes what is due, earliest first, within the limit, and nothing twice', async () => {
      const late = await bench.accepted({ desiredAtMs: NOON_MS - 1 });
      const early = await bench.accepted({ desiredAtMs: NOON_MS - 2 });
      await bench.accepted({ desiredAtMs: NOON_MS + 1 });
      assert.deepEqual(await bench.store.claimDue(NOON_MS, 0), []);
      const first = await bench.store.claimDue(NOON_MS, 1);
      assert.deepEqual(
        first.map(({ id, claimed, state }) => ({ id, claimed, state })),
        [{ id: early, claimed: true, state: 'QUEUED' }],
      );
      assert.deepEqual(
        (await bench.store.claimDue(NOON_MS, 10)).map((record) => record.id),
        [late],
      );
      assert.deepEqual(await bench.store.claimDue(NOON_MS, 10), []);
    });

    it('turns SCHEDULED into QUEUED when its time has come', async () => {
      const id = await bench.accepted({ desiredAtMs: NOON_MS + HOUR_MS });
      await bench.store.claimDue(NOON_MS + HOUR_MS, 1);
      assert.equal((await bench.store.get(id))?.state, 'QUEUED');
    });

    it('says when the next one is due', async () => {
      assert.equal(await bench.nextDueAtMs(), undefined);
      await bench.accepted({ desiredAtMs: NOON_MS + 2 });
      await bench.accepted({ desiredAtMs: NOON_MS + 1 });
      assert.equal(await bench.nextDueAtMs(), NOON_MS + 1);
      await bench.store.claimDue(NOON_MS + 2, 2);
      assert.equal(await bench.nextDueAtMs(), undefined);
    });

    it('claims of one service, and not what was due before a time', async () => {
      await bench.accepted({ serviceName: 'other', customerNumber: '+15550009990' });
      const old = await bench.accepted({ desiredAtMs: NOON_MS - HOUR_MS });
      const fresh = await bench.accepted();
      await bench.accepted({ desiredAtMs: NOON_MS + HOUR_MS, serviceName: 'third' });
      assert.deepEqual(await bench.store.dueServices(), [
        { serviceName: 'other', dueAtMs: NOON_MS },
        { serviceName: 'sales', dueAtMs: NOON_MS - HOUR_MS },
        { serviceName: 'third', dueAtMs: NOON_MS + HOUR_MS },
      ]);
      const ids = async (dueFromMs?: number) =>
        (await bench.store.claimDue(NOON_MS, 10, { serviceName: 'sales', dueFromMs })).map(
          ({ id }) => id,
        );
      assert.deepEqual(await ids(NOON_MS - 1), [fresh]);
      assert.deepEqual(await ids(), [old]);
      assert.deepEqual(
        (await bench.store.dueServices()).map(({ serviceName }) => serviceName),
        ['other', 'third'],
      );
    });

    it('takes one callback per number at a time and passes over a locked number', async () => {
      const customerNumber = '+15550009999';
      const first = await bench.accepted({ customerNumber });
      const second = await bench.accepted({ customerNumber });
      assert.deepEqual(
        (await bench.store.claimDue(NOON_MS, 10)).map((record) => record.id),
        [first],
      );
      assert.deepEqual(await bench.take(first), { ok: true });
      assert.deepEqual(await bench.store.claimDue(NOON_MS, 10), []);
      assert.equal(await bench.nextDueAtMs(), undefined);
      await bench.store.commit(first, { dialLock: 'release' }, { durable: true });
      assert.equal(await bench.nextDueAtMs(), NOON_MS);
      assert.deepEqual(
        (await bench.store.claimDue(NOON_MS, 10)).map((record) => record.id),
        [second],
      );
    });

    it('leaves paused callbacks alone', async () => {
      const id = await bench.accepted();
      await bench.store.commit(id, { record: { state: 'PAUSED' } }, { durable: true });
      assert.deepEqual(await bench.store.claimDue(NOON_MS, 10), []);
      assert.equal(await bench.nextDueAtMs(), undefined);
    });

    it('claims again what a session handed back', async () => {
      const id = await bench.claimed();
      await bench.store.commit(
        id,
        { record: { claimed: false, dueAtMs: NOON_MS + 5 } },
        { durable: true },
      );
      assert.equal(await bench.nextDueAtMs(), NOON_MS + 5);
      assert.equal((await bench.store.claimDue(NOON_MS + 5, 1))[0]?.id, id);
    });
  });

  describe('committing a step', () => {
    it('keeps step, snapshot, record and attempt together', async () => {
      const id = await bench.claimed();
      const step = someStep();
      const result = await bench.store.commit(
        id,
        {
          step,
          flowState: dialing,
          record: { attemptCount: 1 },
          attempt: { ...birth, trunk: 'primary' },
          dialLock: 'take',
        },
        { durable: true },
      );
      assert.deepEqual(result, { ok: true });
      const record = await bench.store.get(id);
      assert.deepEqual(record?.flowState, dialing);
      assert.equal(record?.attemptCount, 1);
      assert.equal(record?.updatedAtMs, step.atMs);
      assert.deepEqual(await bench.store.story(id), [step]);
      assert.deepEqual(await bench.store.attempts(id), [
        { callbackId: id, ...birth, trunk: 'primary' },
      ]);
    });

    it('adds to an attempt what becomes known later', async () => {
      const id = await bench.claimed();
      await bench.take(id);
      const later = {
        attempt: 1,
        answeredAtMs: NOON_MS + 10,
        endedAtMs: NOON_MS + 20,
        callState: 9,
        outcome: 'machine',
        sipStatus: 200,
        sipReason: 'OK',
        q850Cause: 16,
        rangAtMs: NOON_MS + 7,
        earlyMediaAtMs: NOON_MS + 6,
        postDialDelayMs: 4,
        farReason: 'Q.850;cause=16',
        tries: [
          {
            trunk: 'primary',
            callId: `${id}-1`,
            startedAtMs: NOON_MS,
            sipStatus: 503,
            why: 'full',
          },
          { trunk: 'second', callId: `${id}-1b`, startedAtMs: NOON_MS + 5 },
        ],
        localTag: 'l',
        remoteTag: 'r',
        cpdReason: 'long greeting',
        endpointId: 'e',
        trunk: 'primary',
        waitingSinceMs: NOON_MS + 11,
        connectedAtMs: NOON_MS + 12,
        connectedTo: 'sip:support@pbx',
        transfer: 'bridged',
        transferDetail: 'REFER: 603 Decline',
        talkEndedBy: 'customer',
      } as const;
      await bench.store.commit(id, { attempt: later }, { durable: true });
      assert.deepEqual(await bench.store.attempts(id), [
        { ...birth, callbackId: id, callId: `${id}-1`, ...later },
      ]);
    });

    it('refuses another Call-ID for an attempt, and an attempt without one', async () => {
      const id = await bench.claimed();
      await bench.take(id);
      await assert.rejects(
        bench.store.commit(id, { attempt: { ...birth, callId: 'other' } }, { durable: true }),
        { code: 'STORE_CONFLICT' },
      );
      await assert.rejects(
        bench.store.commit(id, { attempt: { attempt: 2, callState: 6 } }, { durable: true }),
        { code: 'STORE_CONFLICT' },
      );
    });

    it('changes nothing when it refuses', async () => {
      const customerNumber = '+15550008888';
      const first = await bench.claimed({ customerNumber });
      const second = await bench.claimed({ customerNumber });
      await bench.take(first);
      const before = await bench.store.get(second);
      const refused = await bench.store.commit(
        second,
        { step: someStep(), record: { attemptCount: 1 }, attempt: birth, dialLock: 'take' },
        { durable: true },
      );
      assert.deepEqual(refused, { ok: false, why: 'number-busy', heldBy: first });
      assert.deepEqual(await bench.store.get(second), before);
      assert.deepEqual(await bench.store.story(second), []);
      assert.deepEqual(await bench.store.attempts(second), []);
    });

    it('changes nothing when part of it contradicts what is stored', async () => {
      const id = await bench.claimed();
      await bench.take(id);
      await assert.rejects(
        bench.store.commit(
          id,
          { step: someStep(), record: { callState: 6 }, attempt: { ...birth, callId: 'x' } },
          { durable: true },
        ),
      );
      assert.deepEqual(await bench.store.story(id), []);
      assert.equal((await bench.store.get(id))?.callState, undefined);
    });

    it('locks the number a reply brought instead of the own one', async () => {
      const first = await bench.claimed();
      const second = await bench.claimed({ customerNumber: '+15550007777' });
      const change = { dialLock: 'take', lockNumber: '+15550007777' } as const;
      assert.deepEqual(await bench.store.commit(first, change, { durable: true }), { ok: true });
      assert.deepEqual(await bench.take(second), { ok: false, why: 'number-busy', heldBy: first });
    });

    it('leaves a number whose release was never written, once its leg is over', async () => {
      const id = await bench.claimed();
      const [first, second] = ['+15550007771', '+15550007772'];
      const dial = (number: string, callId: string) => {
        const leg = { kind: 'begun', callId, number, ringsUntilMs: NOON_MS + 60_000 } as const;
        const change = { dialLock: 'take', lockNumber: number, leg } as const;
        return bench.store.commit(id, change, { durable: true });
      };
      assert.deepEqual(await dial(first, 'leg-1'), { ok: true });
      await assert.rejects(dial(second, 'leg-2'), { code: 'STORE_CONFLICT' });
      const leg = { kind: 'over', callId: 'leg-1' } as const;
      await bench.store.commit(id, { leg }, { durable: true });
      assert.deepEqual(await dial(second, 'leg-2'), { ok: true });
      const other = await bench.claimed({ customerNumber: first });
      assert.deepEqual(await bench.take(other), { ok: true });
    });

    it('refuses a dial that nobody claimed, and one for an unknown callback', async () => {
      assert.deepEqual(await bench.take(await bench.accepted()), { ok: false, why: 'not-claimed' });
      assert.deepEqual(await bench.take('nobody'), { ok: false, why: 'unknown' });
    });

    it('treats COMPLETED as final, frees the number, and still takes late facts', async () => {
      const id = await bench.claimed();
      await bench.take(id);
      await bench.store.commit(
        id,
        { atMs: NOON_MS + 9, record: { state: 'COMPLETED', reason: 'AGENT_CONNECTED' } },
        { durable: true },
      );
      const record = await bench.store.get(id);
      assert.equal(record?.completedAtMs, NOON_MS + 9);
      assert.equal(record?.claimed, false);
      assert.equal((await bench.store.stats()).dialLockCount, 0);
      assert.deepEqual(
        await bench.store.commit(id, { record: { state: 'QUEUED' } }, { durable: true }),
        { ok: false, why: 'completed' },
      );
      assert.deepEqual(await bench.take(id, 2), { ok: false, why: 'completed' });
      assert.deepEqual(
        await bench.store.commit(
          id,
          { step: someStep(), attempt: { attempt: 1, endedAtMs: NOON_MS + 10 } },
          { durable: true },
        ),
        { ok: true },
      );
      assert.equal((await bench.store.story(id)).length, 1);
    });

    it('applies what is written behind in the order of the calls', async () => {
      const id = await bench.claimed();
      const rows = Array.from({ length: 200 }, (_, index) => `row-${index}`);
      for (const row of rows) {
        const durable = row.endsWith('7');
        void bench.store.commit(id, { step: someStep({ row }) }, { durable });
      }
      assert.deepEqual(
        (await bench.store.story(id)).map((step) => step.row),
        rows,
      );
    });

    it('reports a change that was refused after it had been written behind', async () => {
      const failures: string[] = [];
      bench.store.onFailure((error) => failures.push(error.code));
      const change = { record: { callState: 6 } };
      assert.deepEqual(await bench.store.commit('nobody', change, { durable: false }), {
        ok: true,
      });
      await bench.store.stats();
      assert.deepEqual(failures, ['STORE_CONFLICT']);
      assert.equal(bench.store.isWritable, true);
    });

    it('waits for a dial lock even when asked to write behind', async () => {
      const id = await bench.accepted();
      const result = await bench.store.commit(id, { dialLock: 'take' }, { durable: false });
      assert.deepEqual(result, { ok: false, why: 'not-claimed' });
    });
  });

  it('has a mark for what is its own', async () => {
    const id = await bench.store.ownerId();
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.equal(await bench.store.ownerId(), id);
  });

  describe('after a crash', () => {
    it('hands over what was claimed, with its open attempt and its dial lock', async () => {
      const customerNumber = '+15550006666';
      const live = await bench.claimed({ customerNumber });
      await bench.take(live);
      const waiting = await bench.claimed();
      await bench.take(waiting);
      await bench.store.commit(
        waiting,
        { attempt: { attempt: 1, endedAtMs: NOON_MS }, dialLock: 'release' },
        { durable: true },
      );
      await bench.accepted({ desiredAtMs: NOON_MS + HOUR_MS });
      const done = await bench.claimed();
      await bench.store.commit(
        done,
        { record: { state: 'COMPLETED', reason: 'FAIL_ERROR' } },
        { durable: true },
      );
      bench.store = await reopen();

      await bench.store.takeOverLegs(NOON_MS);
      const leftovers = await bench.store.takeOverLeftovers();
      assert.deepEqual(
        leftovers.map(({ id, claimed, openAttempt }) => [id, claimed, openAttempt?.callId]),
        [
          [live, true, `${live}-1`],
          [waiting, true, undefined],
        ],
      );
      await bench.accepted({ customerNumber });
      assert.deepEqual(await bench.store.claimDue(NOON_MS, 10), []);
    });

    it('drops a dial lock that no claimed callback stands behind', async () => {
      const id = await bench.claimed();
      await bench.take(id);
      await bench.store.commit(id, { record: { claimed: false } }, { durable: true });
      assert.deepEqual(await bench.store.takeOverLeftovers(), []);
      assert.equal((await bench.store.stats()).dialLockCount, 0);
    });
  });
}
