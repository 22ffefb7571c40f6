/**
 * What every `CallbackStore` has to do, whatever stands behind it. An implementation's own test calls
 * `describeStore` with a function that opens an empty store, and one that opens the same data again.
 */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { State } from '../../../src/callflow/vocabulary.js';
import type {
  CallbackStore,
  JournalStep,
  NewCallback,
  StoreError,
} from '../../../src/schedule/callback-store.js';

export interface StoreUnderTest {
  readonly store: CallbackStore;
  /** Closes the store and opens the same data once more. */
  reopen(): Promise<CallbackStore>;
  dispose(): Promise<void>;
}

const NOON_MS = Date.UTC(2026, 0, 15, 12);
const HOUR_MS = 3_600_000;

let nextId = 0;

export function someCallback(changes: Partial<NewCallback> = {}): NewCallback {
  nextId += 1;
  const customerNumber = changes.customerNumber ?? `+1555${String(nextId).padStart(7, '0')}`;
  return {
    id: `callback-${nextId}`,
    serviceName: 'sales',
    customerNumber,
    createdAtMs: NOON_MS,
    desiredAtMs: NOON_MS,
    expiresAtMs: NOON_MS + 24 * HOUR_MS,
    userData: { product: 'kettle' },
    lookupKeys: { _customer_number: customerNumber },
    requestOptions: {},
    ...changes,
  };
}

export function someStep(changes: Partial<JournalStep> = {}): JournalStep {
  return {
    atMs: NOON_MS + 1,
    event: { type: 'due', atMs: NOON_MS + 1 },
    row: 'due-dial',
    because: 'The desired time has come.',
    commands: [{ type: 'hang-up', legId: 'leg-1', why: 'test' }],
    stateName: 'dialing',
    ...changes,
  };
}

const dialing: State = {
  name: 'dialing',
  context: { attempt: 1, nextId: 2, timers: {}, transferAttempts: 0, messagesLeft: 0 },
};

const birth = { attempt: 1, callId: 'call-1', number: '915550001', startedAtMs: NOON_MS } as const;

/** Registers the suite. @param open opens an empty store */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let tested: StoreUnderTest;
    let store: CallbackStore;
    beforeEach(async () => {
      tested = await open();
      store = tested.store;
    });
    afterEach(() => tested.dispose());

    const accepted = async (changes: Partial<NewCallback> = {}): Promise<string> =>
      (await store.accept(someCallback(changes))).id;
    const claimed = async (changes: Partial<NewCallback> = {}): Promise<string> => {
      const id = await accepted(changes);
      const records = await store.claimDue(NOON_MS, 100);
      assert.ok(records.some((record) => record.id === id));
      return id;
    };
    const take = (id: string, attempt = 1) =>
      store.commit(
        id,
        { dialLock: 'take', attempt: { ...birth, attempt, callId: `${id}-${attempt}` } },
        { durable: true },
      );

    describe('accepting', () => {
      it('gives back a whole record that get reads again', async () => {
        const callback = someCallback({ userData: { a: 'ä"\'\\', b: '' } });
        const record = await store.accept(callback);
        assert.deepEqual(record, {
          ...callback,
          state: 'QUEUED',
          dueAtMs: NOON_MS,
          attemptCount: 0,
          claimed: false,
          updatedAtMs: NOON_MS,
        });
        assert.deepEqual(await store.get(callback.id), record);
        assert.equal(await store.get('nobody'), undefined);
      });

      it('schedules what is wanted later', async () => {
        const record = await store.accept(someCallback({ desiredAtMs: NOON_MS + HOUR_MS }));
        assert.equal(record.state, 'SCHEDULED');
        assert.equal(record.dueAtMs, NOON_MS + HOUR_MS);
      });

      it('answers a repeated idempotency key with the first record', async () => {
        const first = await store.accept(someCallback({ fingerprint: 'f' }), 'key');
        const again = await store.accept(someCallback({ fingerprint: 'f' }), 'key');
        assert.equal(again.id, first.id);
        assert.equal((await store.find({})).length, 1);
      });

      it('refuses an idempotency key that stands for another request', async () => {
        await store.accept(someCallback({ fingerprint: 'f' }), 'key');
        await assert.rejects(store.accept(someCallback({ fingerprint: 'g' }), 'key'), {
          code: 'STORE_KEY_REUSED',
        });
      });

      it('refuses an id that is taken and goes on', async () => {
        const callback = someCallback();
        const both = await Promise.allSettled([store.accept(callback), store.accept(callback)]);
        assert.equal(both[0].status, 'fulfilled');
        assert.equal(both[1].status, 'rejected');
        assert.equal((both[1].reason as StoreError).code, 'STORE_CONFLICT');
        assert.equal(store.isWritable, true);
        await accepted();
      });

      it('is there after the store was opened again', async () => {
        const record = await store.accept(someCallback());
        store = await tested.reopen();
        assert.deepEqual(await store.get(record.id), record);
      });
    });

    describe('finding', () => {
      it('matches number, service, lookup keys, states, negated states and window', async () => {
        const one = await accepted({
          customerNumber: '+442079460123',
          lookupKeys: { _customer_number: '+442079460123', account: '77' },
        });
        const two = await accepted({ serviceName: 'support', desiredAtMs: NOON_MS + HOUR_MS });
        const ids = async (query: Parameters<CallbackStore['find']>[0]): Promise<string[]> =>
          (await store.find(query)).map((record) => record.id);

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
      });
    });

    describe('claiming', () => {
      it('takes what is due, earliest first, within the limit, and nothing twice', async () => {
        const late = await accepted({ desiredAtMs: NOON_MS - 1 });
        const early = await accepted({ desiredAtMs: NOON_MS - 2 });
        await accepted({ desiredAtMs: NOON_MS + 1 });
        assert.deepEqual(await store.claimDue(NOON_MS, 0), []);
        const first = await store.claimDue(NOON_MS, 1);
        assert.deepEqual(
          first.map(({ id, claimed, state }) => ({ id, claimed, state })),
          [{ id: early, claimed: true, state: 'QUEUED' }],
        );
        assert.deepEqual(
          (await store.claimDue(NOON_MS, 10)).map((record) => record.id),
          [late],
        );
        assert.deepEqual(await store.claimDue(NOON_MS, 10), []);
      });

      it('turns SCHEDULED into QUEUED when its time has come', async () => {
        const id = await accepted({ desiredAtMs: NOON_MS + HOUR_MS });
        await store.claimDue(NOON_MS + HOUR_MS, 1);
        assert.equal((await store.get(id))?.state, 'QUEUED');
      });

      it('says when the next one is due', async () => {
        assert.equal(await store.nextDueAtMs(), undefined);
        await accepted({ desiredAtMs: NOON_MS + 2 });
        await accepted({ desiredAtMs: NOON_MS + 1 });
        assert.equal(await store.nextDueAtMs(), NOON_MS + 1);
        await store.claimDue(NOON_MS + 2, 2);
        assert.equal(await store.nextDueAtMs(), undefined);
      });

      it('takes one callback per number at a time and passes over a locked number', async () => {
        const customerNumber = '+15550009999';
        const first = await accepted({ customerNumber });
        const second = await accepted({ customerNumber });
        assert.deepEqual(
          (await store.claimDue(NOON_MS, 10)).map((record) => record.id),
          [first],
        );
        assert.deepEqual(await take(first), { ok: true });
        assert.deepEqual(await store.claimDue(NOON_MS, 10), []);
        assert.equal(await store.nextDueAtMs(), undefined);
        await store.commit(first, { dialLock: 'release' }, { durable: true });
        assert.equal(await store.nextDueAtMs(), NOON_MS);
        assert.deepEqual(
          (await store.claimDue(NOON_MS, 10)).map((record) => record.id),
          [second],
        );
      });

      it('leaves paused callbacks alone', async () => {
        const id = await accepted();
        await store.commit(id, { record: { state: 'PAUSED' } }, { durable: true });
        assert.deepEqual(await store.claimDue(NOON_MS, 10), []);
        assert.equal(await store.nextDueAtMs(), undefined);
      });

      it('claims again what a session handed back', async () => {
        const id = await claimed();
        await store.commit(
          id,
          { record: { claimed: false, dueAtMs: NOON_MS + 5 } },
          { durable: true },
        );
        assert.equal(await store.nextDueAtMs(), NOON_MS + 5);
        assert.equal((await store.claimDue(NOON_MS + 5, 1))[0]?.id, id);
      });
    });

    describe('committing a step', () => {
      it('keeps step, snapshot, record and attempt together', async () => {
        const id = await claimed();
        const step = someStep();
        const result = await store.commit(
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
        const record = await store.get(id);
        assert.deepEqual(record?.flowState, dialing);
        assert.equal(record?.attemptCount, 1);
        assert.equal(record?.updatedAtMs, step.atMs);
        assert.deepEqual(await store.story(id), [step]);
        assert.deepEqual(await store.attempts(id), [
          { callbackId: id, ...birth, trunk: 'primary' },
        ]);
      });

      it('adds to an attempt what becomes known later', async () => {
        const id = await claimed();
        await take(id);
        const later = {
          attempt: 1,
          answeredAtMs: NOON_MS + 10,
          endedAtMs: NOON_MS + 20,
          callState: 9,
          outcome: 'machine',
          sipStatus: 200,
          sipReason: 'OK',
          q850Cause: 16,
          localTag: 'l',
          remoteTag: 'r',
          cpdReason: 'long greeting',
          endpointId: 'e',
          trunk: 'primary',
        };
        await store.commit(id, { attempt: later }, { durable: true });
        assert.deepEqual(await store.attempts(id), [
          { ...birth, callbackId: id, callId: `${id}-1`, ...later },
        ]);
      });

      it('refuses another Call-ID for an attempt, and an attempt without one', async () => {
        const id = await claimed();
        await take(id);
        await assert.rejects(
          store.commit(id, { attempt: { ...birth, callId: 'other' } }, { durable: true }),
          { code: 'STORE_CONFLICT' },
        );
        await assert.rejects(
          store.commit(id, { attempt: { attempt: 2, callState: 6 } }, { durable: true }),
          { code: 'STORE_CONFLICT' },
        );
      });

      it('changes nothing when it refuses', async () => {
        const customerNumber = '+15550008888';
        const first = await claimed({ customerNumber });
        const second = await claimed({ customerNumber });
        await take(first);
        const before = await store.get(second);
        const refused = await store.commit(
          second,
          { step: someStep(), record: { attemptCount: 1 }, attempt: birth, dialLock: 'take' },
          { durable: true },
        );
        assert.deepEqual(refused, { ok: false, why: 'number-busy', heldBy: first });
        assert.deepEqual(await store.get(second), before);
        assert.deepEqual(await store.story(second), []);
        assert.deepEqual(await store.attempts(second), []);
      });

      it('changes nothing when part of it contradicts what is stored', async () => {
        const id = await claimed();
        await take(id);
        await assert.rejects(
          store.commit(
            id,
            { step: someStep(), record: { callState: 6 }, attempt: { ...birth, callId: 'x' } },
            { durable: true },
          ),
        );
        assert.deepEqual(await store.story(id), []);
        assert.equal((await store.get(id))?.callState, undefined);
      });

      it('locks the number a reply brought instead of the own one', async () => {
        const first = await claimed();
        const second = await claimed({ customerNumber: '+15550007777' });
        const change = { dialLock: 'take', lockNumber: '+15550007777' } as const;
        assert.deepEqual(await store.commit(first, change, { durable: true }), { ok: true });
        assert.deepEqual(await take(second), { ok: false, why: 'number-busy', heldBy: first });
      });

      it('refuses a dial that nobody claimed, and one for an unknown callback', async () => {
        assert.deepEqual(await take(await accepted()), { ok: false, why: 'not-claimed' });
        assert.deepEqual(await take('nobody'), { ok: false, why: 'unknown' });
      });

      it('treats COMPLETED as final, frees the number, and still takes late facts', async () => {
        const id = await claimed();
        await take(id);
        await store.commit(
          id,
          { atMs: NOON_MS + 9, record: { state: 'COMPLETED', reason: 'AGENT_CONNECTED' } },
          { durable: true },
        );
        const record = await store.get(id);
        assert.equal(record?.completedAtMs, NOON_MS + 9);
        assert.equal(record?.claimed, false);
        assert.equal((await store.stats()).dialLockCount, 0);
        assert.deepEqual(
          await store.commit(id, { record: { state: 'QUEUED' } }, { durable: true }),
          { ok: false, why: 'completed' },
        );
        assert.deepEqual(await take(id, 2), { ok: false, why: 'completed' });
        assert.deepEqual(
          await store.commit(
            id,
            { step: someStep(), attempt: { attempt: 1, endedAtMs: NOON_MS + 10 } },
            { durable: true },
          ),
          { ok: true },
        );
        assert.equal((await store.story(id)).length, 1);
      });

      it('applies what is written behind in the order of the calls', async () => {
        const id = await claimed();
        const rows = Array.from({ length: 200 }, (_, index) => `row-${index}`);
        for (const row of rows) {
          const durable = row.endsWith('7');
          void store.commit(id, { step: someStep({ row }) }, { durable });
        }
        assert.deepEqual(
          (await store.story(id)).map((step) => step.row),
          rows,
        );
      });

      it('reports a change that was refused after it had been written behind', async () => {
        const failures: string[] = [];
        store.onFailure((error) => failures.push(error.code));
        const change = { record: { callState: 6 } };
        assert.deepEqual(await store.commit('nobody', change, { durable: false }), { ok: true });
        await store.stats();
        assert.deepEqual(failures, ['STORE_CONFLICT']);
        assert.equal(store.isWritable, true);
      });

      it('waits for a dial lock even when asked to write behind', async () => {
        const id = await accepted();
        const result = await store.commit(id, { dialLock: 'take' }, { durable: false });
        assert.deepEqual(result, { ok: false, why: 'not-claimed' });
      });
    });

    describe('cancelling', () => {
      it('completes at once what no session owns', async () => {
        const byCustomer = await accepted();
        const byAdmin = await accepted();
        assert.equal(await store.requestCancel(byCustomer, 'customer', NOON_MS), 'cancelled');
        assert.equal(await store.requestCancel(byAdmin, 'admin', NOON_MS), 'cancelled');
        const record = await store.get(byCustomer);
        assert.equal(record?.state, 'COMPLETED');
        assert.equal(record?.reason, 'CANCELLED');
        assert.equal(record?.completedAtMs, NOON_MS);
        assert.equal((await store.get(byAdmin))?.reason, 'CANCELLED_BY_ADMIN');
        assert.deepEqual(await store.claimDue(NOON_MS, 10), []);
        assert.equal(await store.requestCancel(byAdmin, 'admin', NOON_MS), 'too-late');
        assert.equal(await store.requestCancel('nobody', 'admin', NOON_MS), 'unknown');
      });

      it('asks the session that owns it, and stops its next dial', async () => {
        const id = await claimed();
        assert.equal(await store.requestCancel(id, 'admin', NOON_MS), 'asked');
        assert.equal(await store.requestCancel(id, 'customer', NOON_MS), 'asked');
        const record = await store.get(id);
        assert.equal(record?.state, 'QUEUED');
        assert.equal(record?.cancelRequested, 'admin');
        assert.deepEqual(await take(id), { ok: false, why: 'cancel-requested', by: 'admin' });
      });

      it('comes too late while customer and agent talk', async () => {
        const id = await claimed();
        await store.commit(id, { record: { state: 'PROCESSING' } }, { durable: true });
        assert.equal(await store.requestCancel(id, 'customer', NOON_MS), 'too-late');
        assert.equal((await store.get(id))?.cancelRequested, undefined);
      });
    });

    describe('rescheduling', () => {
      it('moves the time, the number and the data, and deletes what is empty', async () => {
        const id = await accepted({ userData: { keep: '1', drop: '2' } });
        const result = await store.reschedule(id, {
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
        const found = await store.find({ lookupKeys: { _customer_number: '+442079460999' } });
        assert.deepEqual(found, [result.record]);
      });

      it('comes too late for the time of what a session owns, not for its data', async () => {
        const id = await claimed();
        assert.deepEqual(await store.reschedule(id, { atMs: NOON_MS, desiredAtMs: NOON_MS + 1 }), {
          ok: false,
          why: 'too-late',
        });
        const result = await store.reschedule(id, { atMs: NOON_MS, userData: { more: '1' } });
        assert.ok(result.ok);
        assert.equal(result.record.userData['more'], '1');
        assert.equal(result.record.state, 'QUEUED');
        assert.deepEqual(await store.reschedule('nobody', { atMs: NOON_MS }), {
          ok: false,
          why: 'unknown',
        });
      });
    });

    describe('after a crash', () => {
      it('hands over what was claimed, with its open attempt and its dial lock', async () => {
        const customerNumber = '+15550006666';
        const live = await claimed({ customerNumber });
        await take(live);
        const waiting = await claimed();
        await take(waiting);
        await store.commit(
          waiting,
          { attempt: { attempt: 1, endedAtMs: NOON_MS }, dialLock: 'release' },
          { durable: true },
        );
        await accepted({ desiredAtMs: NOON_MS + HOUR_MS });
        const done = await claimed();
        await store.commit(
          done,
          { record: { state: 'COMPLETED', reason: 'FAIL_ERROR' } },
          { durable: true },
        );
        store = await tested.reopen();

        const leftovers = await store.takeOverLeftovers();
        assert.deepEqual(
          leftovers.map(({ id, claimed, openAttempt }) => [id, claimed, openAttempt?.callId]),
          [
            [live, true, `${live}-1`],
            [waiting, true, undefined],
          ],
        );
        await accepted({ customerNumber });
        assert.deepEqual(await store.claimDue(NOON_MS, 10), []);
      });

      it('drops a dial lock that no claimed callback stands behind', async () => {
        const id = await claimed();
        await take(id);
        await store.commit(id, { record: { claimed: false } }, { durable: true });
        assert.deepEqual(await store.takeOverLeftovers(), []);
        assert.equal((await store.stats()).dialLockCount, 0);
      });
    });

    it('purges what was completed long ago with all that belongs to it, and only that', async () => {
      const old = someCallback({ fingerprint: 'f' });
      await store.accept(old, 'key');
      await store.requestCancel(old.id, 'customer', NOON_MS);
      await store.commit(old.id, { step: someStep() }, { durable: true });
      const open = await accepted();
      assert.equal(await store.purge(NOON_MS), 0);
      assert.equal(await store.purge(NOON_MS + 1), 1);
      assert.equal(await store.get(old.id), undefined);
      assert.deepEqual(await store.story(old.id), []);
      assert.deepEqual(
        (await store.find({})).map((record) => record.id),
        [open],
      );
      assert.notEqual((await store.accept(someCallback({ fingerprint: 'g' }), 'key')).id, old.id);
    });

    it('tells when something may have become claimable', async () => {
      let count = 0;
      const stop = store.onWork(() => (count += 1));
      const steps: (() => Promise<unknown>)[] = [
        () => accepted(),
        () => store.claimDue(NOON_MS, 1),
        () => store.find({}),
      ];
      const seen: number[] = [];
      for (const step of steps) {
        await step();
        seen.push(count);
      }
      assert.deepEqual(seen, [1, 1, 1]);
      const id = (await store.find({}))[0]?.id ?? '';
      await take(id);
      await store.commit(id, { dialLock: 'release' }, { durable: true });
      assert.equal(count, 2);
      await store.commit(id, { record: { claimed: false } }, { durable: true });
      assert.equal(count, 3);
      await store.reschedule(id, { atMs: NOON_MS, desiredAtMs: NOON_MS });
      assert.equal(count, 4);
      stop();
      await accepted();
      assert.equal(count, 4);
    });

    it('counts what is open, claimed and locked', async () => {
      await accepted({ serviceName: 'support', desiredAtMs: NOON_MS + 1 });
      const id = await claimed();
      await take(id);
      assert.deepEqual(await store.stats(), {
        open: [
          { serviceName: 'sales', state: 'QUEUED', count: 1 },
          { serviceName: 'support', state: 'SCHEDULED', count: 1 },
        ],
        claimedCount: 1,
        dialLockCount: 1,
        pendingCount: 0,
        isWritable: true,
      });
    });

    it('never lets two callbacks hold one number, whatever the order of steps', async () => {
      const numbers = ['+15550005551', '+15550005552'];
      const ids: string[] = [];
      for (let index = 0; index < 6; index += 1) {
        ids.push(await accepted({ customerNumber: numbers[index % 2] ?? '' }));
      }
      const step = fc.record({
        what: fc.constantFrom('claim', 'take', 'release', 'hand-back'),
        who: fc.nat({ max: ids.length - 1 }),
      });
      const holders = new Map<string, string>();
      let attempt = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          for (const { what, who } of steps) {
            const id = ids[who] ?? '';
            const number = numbers[who % 2] ?? '';
            if (what === 'claim') await store.claimDue(NOON_MS, 2);
            if (what === 'take' && (await take(id, (attempt += 1))).ok) {
              assert.ok([undefined, id].includes(holders.get(number)));
              holders.set(number, id);
            }
            if (what === 'release') {
              await store.commit(id, { dialLock: 'release' }, { durable: true });
              if (holders.get(number) === id) holders.delete(number);
            }
            if (what === 'hand-back' && holders.get(number) !== id) {
              await store.commit(id, { record: { claimed: false } }, { durable: true });
            }
          }
          assert.equal((await store.stats()).dialLockCount, holders.size);
        }),
        { numRuns: 15 },
      );
    });

    it('says so when it is used after it was closed', async () => {
      await Promise.all([store.close(), store.close()]);
      await assert.rejects(store.get('x'), { code: 'STORE_CLOSED' });
      await assert.rejects(store.accept(someCallback()), { code: 'STORE_CLOSED' });
      assert.equal(store.isWritable, false);
    });

    it('writes what is queued before it closes', async () => {
      const id = await claimed();
      for (let index = 0; index < 50; index += 1) {
        void store.commit(id, { step: someStep() }, { durable: false });
      }
      store = await tested.reopen();
      assert.equal((await store.story(id)).length, 50);
    });
  });
}
