/** Conformance, first part: what requests do to a store. Registered by `conformance.ts`. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CallbackStore, StoreError } from '../../../src/schedule/callback-store.js';
import type { StoreUnderTest } from './conformance.js';
import { Bench, HOUR_MS, NOON_MS, someCallback } from './fixtures.js';

/** @param tested the store that the running test may use */
export function describeRequests(tested: () => StoreUnderTest): void {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench(tested().store);
  });
  const reopen = () => tested().reopen();

  describe('accepting', () => {
    it('gives back a whole record that get reads again', async () => {
      const callback = someCallback({ userData: { a: 'ä"\'\\', b: '' } });
      const record = await bench.store.accept(callback);
      assert.deepEqual(record, {
        ...callback,
        state: 'QUEUED',
        dueAtMs: NOON_MS,
        attemptCount: 0,
        claimed: false,
        updatedAtMs: NOON_MS,
      });
      assert.deepEqual(await bench.store.get(callback.id), record);
      assert.equal(await bench.store.get('nobody'), undefined);
    });

    it('refuses a contradiction alone, whatever is asked at the same time', async () => {
      const id = await bench.accepted();
      const ids = Array.from({ length: 60 }, (_, n) => (n === 40 ? id : `at-once-${n}`));
      const answers = await Promise.allSettled(
        ids.map((each) => bench.store.accept(someCallback({ id: each }))),
      );
      const refused = answers.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []));
      assert.deepEqual(refused, [40]);
      const stored = (await bench.store.find({ limit: 100 })).map((record) => record.id);
      assert.deepEqual(stored.sort(), [...ids].sort());
    });

    it('schedules what is wanted later', async () => {
      const record = await bench.store.accept(someCallback({ desiredAtMs: NOON_MS + HOUR_MS }));
      assert.equal(record.state, 'SCHEDULED');
      assert.equal(record.dueAtMs, NOON_MS + HOUR_MS);
    });

    it('answers a repeated idempotency key with the first record', async () => {
      const first = await bench.store.accept(someCallback({ fingerprint: 'f' }), 'key');
      const again = await bench.store.accept(someCallback({ fingerprint: 'f' }), 'key');
      assert.equal(again.id, first.id);
      assert.equal((await bench.store.find({})).length, 1);
    });

    it('knows what a key was accepted for without accepting anything', async () => {
      assert.equal(await bench.store.acceptedBefore('key', 'f'), undefined);
      const first = await bench.store.accept(someCallback({ fingerprint: 'f' }), 'key');
      assert.equal((await bench.store.acceptedBefore('key', 'f'))?.id, first.id);
      await assert.rejects(bench.store.acceptedBefore('key', 'g'), { code: 'STORE_KEY_REUSED' });
    });

    it('refuses an idempotency key that stands for another request', async () => {
      await bench.store.accept(someCallback({ fingerprint: 'f' }), 'key');
      await assert.rejects(bench.store.accept(someCallback({ fingerprint: 'g' }), 'key'), {
        code: 'STORE_KEY_REUSED',
      });
    });

    it('refuses an id that is taken and goes on', async () => {
      const callback = someCallback();
      const both = await Promise.allSettled([
        bench.store.accept(callback),
        bench.store.accept(callback),
      ]);
      assert.equal(both[0].status, 'fulfilled');
      assert.equal(both[1].status, 'rejected');
      assert.equal((both[1].reason as StoreError).code, 'STORE_CONFLICT');
      assert.equal(bench.store.isWritable, true);
      await bench.accepted();
    });

    it('is there after the store was opened again', async () => {
      const record = await bench.store.accept(someCallback());
      bench.store = await reopen();
      assert.deepEqual(await bench.store.get(record.id), record);
    });
  });

  describe('admitting', () => {
    const counter = (key: string, max: number, endsAtMs = NOON_MS + HOUR_MS) => ({
      key,
      max,
      endsAtMs,
    });
    const at = (atMs: number) => someCallback({ createdAtMs: atMs, desiredAtMs: atMs });

    it('counts up to each limit until its end, and counts nothing of what is refused', async () => {
      const limits = { counters: [counter('a', 2), counter('b', 3, NOON_MS + 2 * HOUR_MS)] };
      for (let n = 0; n < 2; n += 1) assert.ok((await bench.store.admit(at(NOON_MS), limits)).ok);
      const full = { ok: false, why: 'counter', key: 'a', endsAtMs: NOON_MS + HOUR_MS };
      assert.deepEqual(await bench.store.admit(at(NOON_MS + 1), limits), full);
      const later = NOON_MS + HOUR_MS;
      const limitsLater = { counters: [counter('a', 2, later + HOUR_MS), limits.counters[1]] };
      const admit = () => bench.store.admit(at(later), limitsLater as typeof limits);
      assert.ok((await admit()).ok, 'b has room for one more: the refused one was not counted');
      assert.deepEqual(await admit(), {
        ...{ ok: false, why: 'counter', key: 'b', endsAtMs: NOON_MS + 2 * HOUR_MS },
      });
    });

    it('keeps its counts when it is opened again', async () => {
      const limits = { counters: [counter('a', 1)] };
      assert.ok((await bench.store.admit(at(NOON_MS), limits)).ok);
      bench.store = await reopen();
      assert.equal((await bench.store.admit(at(NOON_MS), limits)).ok, false);
    });

    it('counts anew when the clock was set back, or the limit became a shorter one', async () => {
      const limits = { counters: [counter('a', 1)] };
      assert.ok((await bench.store.admit(at(NOON_MS), limits)).ok);
      const shorter = { counters: [counter('a', 1, NOON_MS + HOUR_MS / 2)] };
      assert.ok((await bench.store.admit(at(NOON_MS), shorter)).ok);
    });

    it('passes no limit twice with one idempotency key', async () => {
      const limits = { counters: [counter('a', 1)] };
      const first = await bench.store.admit(someCallback({ fingerprint: 'f' }), limits, 'key');
      const again = await bench.store.admit(someCallback({ fingerprint: 'f' }), limits, 'key');
      assert.ok(first.ok && again.ok);
      assert.equal(again.record.id, first.record.id);
    });

    it('looks at what is in the queue of the service, and not at what is scheduled', async () => {
      await bench.accepted({ serviceName: 'other' });
      await bench.accepted({ desiredAtMs: NOON_MS + HOUR_MS });
      await bench.accepted();
      const limits = { queuedMax: 2 };
      assert.ok((await bench.store.admit(someCallback(), limits)).ok);
      assert.deepEqual(await bench.store.admit(someCallback(), limits), {
        ...{ ok: false, why: 'queue-full' },
      });
      const scheduled = someCallback({ desiredAtMs: NOON_MS + HOUR_MS });
      assert.ok((await bench.store.admit(scheduled, limits)).ok);
      assert.equal((await bench.store.admit(someCallback(), { queuedMax: 0 })).ok, false);
    });

    it('looks at the callbacks of the same number: those in the queue, or all that are open', async () => {
      const customerNumber = '+15550001234';
      const limits = { sameNumberQueuedMax: 1, sameNumberOpenMax: 2 };
      const admit = (changes: Parameters<typeof someCallback>[0] = {}) =>
        bench.store.admit(someCallback({ customerNumber, ...changes }), limits);
      const later = { desiredAtMs: NOON_MS + HOUR_MS };
      assert.ok((await admit()).ok);
      assert.deepEqual(await admit(), { ok: false, why: 'number-in-queue' });
      assert.ok((await admit({ serviceName: 'other' })).ok);
      const second = await admit(later);
      assert.ok(second.ok);
      assert.deepEqual(await admit(later), { ok: false, why: 'number-open' });
      await bench.store.requestCancel(second.record.id, 'customer', NOON_MS);
      assert.ok((await admit(later)).ok);
    });

    it('never lets more through than there is room for, however many ask at once', async () => {
      const draw = fc.record({
        max: fc.nat(6),
        queuedMax: fc.nat(6),
        count: fc.integer({ min: 1, max: 12 }),
        numbers: fc.integer({ min: 1, max: 3 }),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(draw, async ({ max, queuedMax, count, numbers }) => {
          run += 1;
          const serviceName = `service ${run}`;
          const limits = {
            counters: [counter(`run ${run}`, max)],
            queuedMax,
            sameNumberQueuedMax: 2,
          };
          const asked = Array.from({ length: count }, (_, index) =>
            bench.store.admit(
              someCallback({ serviceName, customerNumber: `+1555000${run}${index % numbers}` }),
              limits,
            ),
          );
          const passed = (await Promise.all(asked)).filter(({ ok }) => ok).length;
          const perNumber = Array.from({ length: numbers }, (_, n) =>
            Math.min(2, Math.ceil((count - n) / numbers)),
          ).reduce((sum, one) => sum + Math.max(0, one), 0);
          assert.equal(passed, Math.min(max, queuedMax, perNumber));
        }),
        { numRuns: 40 },
      );
    });
  });

  describe('finding', () => {
    it('matches number, service, lookup keys, states, negated states and window', async () => {
      const one = await bench.accepted({
        customerNumber: '+442079460123',
        lookupKeys: { _customer_number: '+442079460123', account: '77' },
      });
      const two = await bench.accepted({ serviceName: 'support', desiredAtMs: NOON_MS + HOUR_MS });
      const ids = async (query: Parameters<CallbackStore['find']>[0]): Promise<string[]> =>
        (await bench.store.find(query)).map((record) => record.id);

      assert.deepEqual(await ids({ customerNumber: '+442079460123' }), [one]);
      assert.deepEqual(await ids({ serviceName: 'support' }), [two]);
      assert.deepEqual(await ids({ lookupKeys: { account: '77' } }), [one]);
      assert.deepEqual(await ids({ lookupKeys: { account: '77', other: 'x' } }), []);
      assert.deepEqual(await ids({ states: ['SCHEDULED'] }), [two]);
      assert.deepEqual(await ids({ notStates: ['SCHEDULED', 'COMPLETED'] }), [one]);
      assert.deepEqual(await ids({ desiredFromMs: NOON_MS + 1 }), [two]);
      assert.deepEqual(await ids({ desiredToMs: NOON_MS }), [one]);
      assert.deepEqual(await ids({}), [two, one]);
      assert.deepEqual(await ids({ limit: 1 }), [two]);
      assert.deepEqual(await ids({ states: [] }), []);
      const other = await bench.accepted({ serviceName: 'other' });
      assert.deepEqual(await ids({ serviceNames: ['other', 'third'] }), [other]);
      assert.deepEqual(await ids({ serviceNames: [] }), []);
    });

    it('leaves out values of lookup keys, and matches reasons', async () => {
      const account = (value: string) => ({ lookupKeys: { account: value } });
      const one = await bench.accepted(account('77'));
      const two = await bench.accepted(account('78'));
      const none = await bench.accepted({ lookupKeys: {} });
      const ids = async (query: Parameters<CallbackStore['find']>[0]): Promise<string[]> =>
        (await bench.store.find(query)).map((record) => record.id);
      assert.deepEqual(await ids({ notLookupKeys: { account: ['77'] } }), [none, two]);
      assert.deepEqual(await ids({ notLookupKeys: { account: ['77', '78'] } }), [none]);
      assert.deepEqual(await ids({ notLookupKeys: { account: [] } }), [none, two, one]);

      await bench.store.requestCancel(one, 'customer', NOON_MS);
      await bench.store.requestCancel(two, 'admin', NOON_MS);
      assert.deepEqual(await ids({ reasons: ['CANCELLED'] }), [one]);
      assert.deepEqual(await ids({ reasons: ['CANCELLED', 'CANCELLED_BY_ADMIN'] }), [two, one]);
      assert.deepEqual(await ids({ reasons: [] }), []);
    });

    it('goes on after the last of a page', async () => {
      const soon = await bench.accepted();
      const twin = await bench.accepted();
      const later = await bench.accepted({ desiredAtMs: NOON_MS + HOUR_MS });
      const page = async (after?: string): Promise<string[]> => {
        const found = await bench.store.find({ limit: 2, ...(after && { after }) });
        return found.map((record) => record.id);
      };
      assert.deepEqual(await page(), [later, twin]);
      assert.deepEqual(await page(twin), [soon]);
      assert.deepEqual(await page(soon), []);
      assert.deepEqual(await page('nobody'), []);
    });
  });

  describe('cancelling', () => {
    it('completes at once what no session owns', async () => {
      const byCustomer = await bench.accepted();
      const byAdmin = await bench.accepted();
      assert.equal(await bench.store.requestCancel(byCustomer, 'customer', NOON_MS), 'cancelled');
      assert.equal(await bench.store.requestCancel(byAdmin, 'admin', NOON_MS), 'cancelled');
      const record = await bench.store.get(byCustomer);
      assert.equal(record?.state, 'COMPLETED');
      assert.equal(record?.reason, 'CANCELLED');
      assert.equal(record?.completedAtMs, NOON_MS);
      assert.equal((await bench.store.get(byAdmin))?.reason, 'CANCELLED_BY_ADMIN');
      assert.deepEqual(await bench.store.claimDue(NOON_MS, 10), []);
      assert.equal(await bench.store.requestCancel(byAdmin, 'admin', NOON_MS), 'too-late');
      assert.equal(await bench.store.requestCancel('nobody', 'admin', NOON_MS), 'unknown');
    });

    it('asks the session that owns it, and stops its next dial', async () => {
      const id = await bench.claimed();
      assert.equal(await bench.store.requestCancel(id, 'admin', NOON_MS), 'asked');
      assert.equal(await bench.store.requestCancel(id, 'customer', NOON_MS), 'asked');
      const record = await bench.store.get(id);
      assert.equal(record?.state, 'QUEUED');
      assert.equal(record?.cancelRequested, 'admin');
      assert.deepEqual(await bench.take(id), { ok: false, why: 'cancel-requested', by: 'admin' });
    });

    it('comes too late while customer and agent talk', async () => {
      const id = await bench.claimed();
      await bench.store.commit(id, { record: { state: 'PROCESSING' } }, { durable: true });
      assert.equal(await bench.store.requestCancel(id, 'customer', NOON_MS), 'too-late');
      assert.equal((await bench.store.get(id))?.cancelRequested, undefined);
    });
  });

  describe('rescheduling', () => {
    it('moves the time, the number and the data, and deletes what is empty', async () => {
      const id = await bench.accepted({ userData: { keep: '1', drop: '2' } });
      const result = await bench.store.reschedule(id, {
        atMs: NOON_MS + 1,
        desiredAtMs: NOON_MS + HOUR_MS,
        expiresAtMs: NOON_MS + 2 * HOUR_MS,
        customerNumber: '+442079460999',
        userData: { drop: '', add: '3' },
        lookupKeys: { _customer_number: '+442079460999' },
      });
      assert.ok(result.ok);
      assert.equal(result.record.state, 'SCHEDULED');
      assert.equal(result.record.dueAtMs, NOON_MS + HOUR_MS);
      assert.equal(result.record.expiresAtMs, NOON_MS + 2 * HOUR_MS);
      assert.deepEqual(result.record.userData, { keep: '1', add: '3' });
      const found = await bench.store.find({ lookupKeys: { _customer_number: '+442079460999' } });
      assert.deepEqual(found, [result.record]);
    });

    it('needs room within the limits of a new number, and leaves all as it was without', async () => {
      const ids = [await bench.accepted(), await bench.accepted()];
      const endsAtMs = NOON_MS + HOUR_MS;
      const limits = { counters: [{ key: 'number', max: 1, endsAtMs }], sameNumberOpenMax: 2 };
      const change = { atMs: NOON_MS, customerNumber: '+442079460999', dueAtMs: NOON_MS + 7 };
      const requestOptions = { customerTimezone: 'Europe/Berlin' };
      const results = await Promise.all(
        ids.map((id) => bench.store.reschedule(id, { ...change, requestOptions, limits })),
      );
      const [changed] = results.flatMap((result) => (result.ok ? [result.record] : []));
      const [refused] = results.flatMap((result) => (result.ok ? [] : [result]));
      assert.deepEqual(refused, { ok: false, why: 'counter', key: 'number', endsAtMs });
      assert.equal(changed?.dueAtMs, NOON_MS + 7);
      assert.deepEqual(changed.requestOptions, requestOptions);
      const found = await bench.store.find({ customerNumber: change.customerNumber });
      assert.deepEqual(found, [changed]);
    });

    it('comes too late for the time of what a session owns, not for its data', async () => {
      const id = await bench.claimed();
      assert.deepEqual(
        await bench.store.reschedule(id, { atMs: NOON_MS, desiredAtMs: NOON_MS + 1 }),
        {
          ok: false,
          why: 'too-late',
        },
      );
      const result = await bench.store.reschedule(id, { atMs: NOON_MS, userData: { more: '1' } });
      assert.ok(result.ok);
      assert.equal(result.record.userData['more'], '1');
      assert.equal(result.record.state, 'QUEUED');
      assert.deepEqual(await bench.store.reschedule('nobody', { atMs: NOON_MS }), {
        ok: false,
        why: 'unknown',
      });
    });
  });
}
