/**
 * What every `CallbackStore` has to do, whatever stands behind it. An implementation's own test calls
 * `describeStore` with a function that opens an empty store, and one that opens the same data again.
 */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CallbackStore } from '../../../src/schedule/callback-store.js';
import { describeCallLimits } from './conformance-call-limits.js';
import { describeInbound } from './conformance-inbound.js';
import { describeLegs } from './conformance-legs.js';
import { describeNotices } from './conformance-notices.js';
import { describeSlots } from './conformance-slots.js';
import { describeRequests } from './conformance-requests.js';
import { describeSessions } from './conformance-sessions.js';
import { TRAIL_ENTRIES_MAX, type TrailEntry } from '../../../src/report/trail.js';
import { Bench, NOON_MS, someCallback, someStep } from './fixtures.js';

export interface StoreUnderTest {
  readonly store: CallbackStore;
  /** Closes the store and opens the same data once more. */
  reopen(): Promise<CallbackStore>;
  dispose(): Promise<void>;
}

/** Registers the suite. @param open opens an empty store */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let tested: StoreUnderTest;
    let bench: Bench;
    beforeEach(async () => {
      tested = await open();
      bench = new Bench(tested.store);
    });
    afterEach(() => tested.dispose());

    describeRequests(() => tested);
    describeSessions(() => tested);
    describeLegs(() => tested);
    describeSlots(() => tested);
    describeNotices(() => tested);
    describeInbound(() => tested);
    describeCallLimits(() => tested);

    it('keeps what agents are, the latest of each, through a restart', async () => {
      const ann = { name: 'ann', wish: 'not-ready', sinceMs: NOON_MS, restUntilMs: 0 } as const;
      const lunch = { ...ann, reason: 'lunch' };
      const bob = { name: 'bob', wish: 'ready', sinceMs: 0, restUntilMs: NOON_MS } as const;
      await bench.store.keepAgent(lunch, { durable: true });
      await bench.store.keepAgent(bob, { durable: false });
      const again = await tested.reopen();
      assert.deepEqual(await again.agentMemos(), [lunch, bob]);
      await again.keepAgent(ann, { durable: true });
      assert.deepEqual(await again.agentMemos(), [ann, bob]);
      await again.forgetAgents(['bob', 'nobody']);
      assert.deepEqual(await again.agentMemos(), [ann]);
    });

    it('has an agent held by this process, again and for longer, and by nobody it does not know', async () => {
      assert.equal(await bench.store.holdAgent('ann', 60_000), true);
      assert.equal(await bench.store.holdAgent('ann', 60_000), true);
      await bench.store.renewAgents(['ann', 'nobody'], 60_000);
      await bench.store.renewAgents([], 60_000);
      assert.equal(await bench.store.holdAgent('nobody', 1), true);
    });

    it('purges what was completed long ago with all that belongs to it, and only that', async () => {
      const old = someCallback({ fingerprint: 'f' });
      await bench.store.accept(old, 'key');
      await bench.store.requestCancel(old.id, 'customer', NOON_MS);
      await bench.store.commit(old.id, { step: someStep() }, { durable: true });
      const open = await bench.accepted();
      assert.equal(await bench.store.purge(NOON_MS), 0);
      assert.equal(await bench.store.purge(NOON_MS + 1), 1);
      assert.equal(await bench.store.get(old.id), undefined);
      assert.deepEqual(await bench.store.story(old.id), []);
      assert.deepEqual(
        (await bench.store.find({})).map((record) => record.id),
        [open],
      );
      assert.notEqual(
        (await bench.store.accept(someCallback({ fingerprint: 'g' }), 'key')).id,
        old.id,
      );
    });

    it('keeps the trail of a callback in its order, goes on after its end, and stops at a limit', async () => {
      const id = await bench.accepted();
      const entry = (what: string): TrailEntry => ({
        kind: 'media',
        leg: 'customer',
        callId: 'call-1',
        atMs: NOON_MS,
        what,
      });
      await bench.store.commit(id, { trail: [entry('a'), entry('b')] }, { durable: false });
      await bench.store.requestCancel(id, 'customer', NOON_MS);
      await bench.store.commit(id, { trail: [entry('c')] }, { durable: true });
      assert.deepEqual(await bench.store.trail(id), [entry('a'), entry('b'), entry('c')]);
      const many = Array.from({ length: TRAIL_ENTRIES_MAX }, () => entry('d'));
      await bench.store.commit(id, { trail: many }, { durable: true });
      assert.equal((await bench.store.trail(id)).length, TRAIL_ENTRIES_MAX);
      assert.equal(await bench.store.purge(NOON_MS + 1), 1);
      assert.deepEqual(await bench.store.trail(id), []);
    });

    it('tells when something may have become claimable', async () => {
      let count = 0;
      const stop = bench.store.onWork(() => (count += 1));
      const steps: (() => Promise<unknown>)[] = [
        () => bench.accepted(),
        () => bench.store.claimDue(NOON_MS, 1),
        () => bench.store.find({}),
      ];
      const seen: number[] = [];
      for (const step of steps) {
        await step();
        seen.push(count);
      }
      assert.deepEqual(seen, [1, 1, 1]);
      const id = (await bench.store.find({}))[0]?.id ?? '';
      await bench.take(id);
      await bench.store.commit(id, { dialLock: 'release' }, { durable: true });
      assert.equal(count, 2);
      await bench.store.commit(id, { record: { claimed: false } }, { durable: true });
      assert.equal(count, 3);
      await bench.store.reschedule(id, { atMs: NOON_MS, desiredAtMs: NOON_MS });
      assert.equal(count, 4);
      stop();
      await bench.accepted();
      assert.equal(count, 4);
    });

    it('counts what is open, claimed and locked', async () => {
      await bench.accepted({ serviceName: 'support', desiredAtMs: NOON_MS + 1 });
      const id = await bench.claimed();
      await bench.take(id);
      assert.deepEqual(await bench.store.stats(), {
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
        ids.push(await bench.accepted({ customerNumber: numbers[index % 2] ?? '' }));
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
            if (what === 'claim') await bench.store.claimDue(NOON_MS, 2);
            if (what === 'take' && (await bench.take(id, (attempt += 1))).ok) {
              assert.ok([undefined, id].includes(holders.get(number)));
              holders.set(number, id);
            }
            if (what === 'release') {
              await bench.store.commit(id, { dialLock: 'release' }, { durable: true });
              if (holders.get(number) === id) holders.delete(number);
            }
            if (what === 'hand-back' && holders.get(number) !== id) {
              await bench.store.commit(id, { record: { claimed: false } }, { durable: true });
            }
          }
          assert.equal((await bench.store.stats()).dialLockCount, holders.size);
        }),
        { numRuns: 15 },
      );
    });

    it('says so when it is used after it was closed', async () => {
      await Promise.all([bench.store.close(), bench.store.close()]);
      await assert.rejects(bench.store.get('x'), { code: 'STORE_CLOSED' });
      await assert.rejects(bench.store.accept(someCallback()), { code: 'STORE_CLOSED' });
      assert.equal(bench.store.isWritable, false);
    });

    it('writes what is queued before it closes', async () => {
      const id = await bench.claimed();
      for (let index = 0; index < 50; index += 1) {
        void bench.store.commit(id, { step: someStep() }, { durable: false });
      }
      bench.store = await tested.reopen();
      assert.equal((await bench.store.story(id)).length, 50);
    });
  });
}
