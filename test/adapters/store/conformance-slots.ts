/** Conformance: slots of time with a limited number of bookings, and first due times. */

import assert from 'node:assert/strict';
import type { CallbackStore } from '../../../src/schedule/callback-store.js';
import type { SlotLimit } from '../../../src/schedule/admission-limits.js';
import type { StoreUnderTest } from './conformance.js';
import { HOUR_MS, NOON_MS, someCallback } from './fixtures.js';

const MINUTE_MS = 60_000;
const SLOT: SlotLimit = {
  fromMs: NOON_MS + HOUR_MS,
  toMs: NOON_MS + HOUR_MS + 30 * MINUTE_MS,
  max: 3,
};

/** @param tested the store that the running test may use */
export function describeSlots(tested: () => StoreUnderTest): void {
  let store: CallbackStore;
  beforeEach(() => {
    ({ store } = tested());
  });

  const wanted = (desiredAtMs: number, serviceName = 'sales') =>
    someCallback({ desiredAtMs, serviceName });
  const book = (desiredAtMs: number, slot = SLOT, serviceName = 'sales') =>
    store.admit(wanted(desiredAtMs, serviceName), { slot });
  const booked = (fromMs: number, toMs: number) =>
    store.booked({ serviceName: 'sales', fromMs, toMs, slotMs: 30 * MINUTE_MS });

  describe('slots', () => {
    it('are never overfilled by requests at the same time', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => book(SLOT.fromMs + index * MINUTE_MS)),
      );
      assert.equal(results.filter(({ ok }) => ok).length, 3);
      for (const result of results) if (!result.ok) assert.equal(result.why, 'slot-full');
      assert.deepEqual(await booked(SLOT.fromMs, SLOT.toMs), [{ fromMs: SLOT.fromMs, count: 3 }]);
      assert.equal((await store.find({})).length, 3);
    });

    it('count what is wanted there, and nothing before, after or of another service', async () => {
      assert.ok((await book(SLOT.fromMs - 1)).ok);
      assert.ok((await book(SLOT.toMs)).ok);
      assert.ok((await book(SLOT.fromMs, SLOT, 'support')).ok);
      // An immediate callback is booked for no slot.
      const now = { ...SLOT, fromMs: NOON_MS - HOUR_MS, toMs: NOON_MS + HOUR_MS / 2, max: 1 };
      assert.ok((await store.admit(someCallback(), {})).ok);
      assert.ok((await book(NOON_MS + MINUTE_MS, now)).ok);
      assert.equal((await book(NOON_MS + MINUTE_MS, now)).ok, false);
      assert.equal((await book(SLOT.fromMs, { ...SLOT, max: 0 })).ok, false);
    });

    it('have room again when somebody cancels, and not when a call was made', async () => {
      const single = { ...SLOT, max: 1 };
      const first = await book(SLOT.fromMs, single);
      assert.ok(first.ok);
      await store.requestCancel(first.record.id, 'customer', NOON_MS);
      const second = await book(SLOT.fromMs, single);
      assert.ok(second.ok);
      const record = { state: 'COMPLETED', reason: 'AGENT_CONNECTED' } as const;
      await store.commit(second.record.id, { record }, { durable: true });
      assert.equal((await book(SLOT.fromMs, single)).ok, false);
    });

    it('hold for a callback that is moved, which takes no second place', async () => {
      const single = { ...SLOT, max: 1 };
      const first = await book(SLOT.fromMs, single);
      const other = await book(SLOT.toMs);
      assert.ok(first.ok && other.ok);
      const to = (desiredAtMs: number) => ({ atMs: NOON_MS, desiredAtMs, slot: single });
      const moved = await store.reschedule(other.record.id, to(SLOT.fromMs));
      assert.deepEqual(moved, { ok: false, why: 'slot-full' });
      assert.equal((await store.get(other.record.id))?.desiredAtMs, SLOT.toMs);
      assert.ok((await store.reschedule(first.record.id, to(SLOT.fromMs + MINUTE_MS))).ok);
      const away = await store.reschedule(first.record.id, {
        atMs: NOON_MS,
        desiredAtMs: SLOT.toMs,
      });
      assert.ok(away.ok);
      assert.ok((await store.reschedule(other.record.id, to(SLOT.fromMs))).ok);
    });

    it('are listed with what they hold, the empty ones left out', async () => {
      for (const minutes of [60, 61, 89, 90, 150, 600]) {
        await store.accept(wanted(NOON_MS + minutes * MINUTE_MS));
      }
      assert.deepEqual(await booked(NOON_MS, NOON_MS + 5 * HOUR_MS), [
        { fromMs: NOON_MS + 60 * MINUTE_MS, count: 3 },
        { fromMs: NOON_MS + 90 * MINUTE_MS, count: 1 },
        { fromMs: NOON_MS + 150 * MINUTE_MS, count: 1 },
      ]);
    });
  });

  describe('after the clock was set back', () => {
    it('what was due is due, once, and what is scheduled keeps its time', async () => {
      const wasDue = await store.accept(someCallback());
      const later = await store.accept(wanted(NOON_MS + HOUR_MS));
      const claimed = await store.accept(someCallback());
      await store.requestCancel((await store.accept(someCallback())).id, 'customer', NOON_MS);
      const [taken] = await store.claimDue(NOON_MS, 1);
      const early = NOON_MS - 5 * HOUR_MS;
      const rest = [wasDue, claimed].filter(({ id }) => id !== taken?.id);
      assert.deepEqual(await store.claimDue(early, 10), []);
      assert.equal(await store.bringForward(early), 1);
      assert.equal(await store.bringForward(early), 0);
      const due = await store.claimDue(early, 10);
      assert.deepEqual(
        due.map(({ id }) => id),
        rest.map(({ id }) => id),
      );
      assert.equal((await store.get(later.id))?.dueAtMs, NOON_MS + HOUR_MS);
      assert.deepEqual(await store.claimDue(early, 10), []);
    });
  });

  describe('a first due time', () => {
    it('may be before or after the desired time', async () => {
      const desiredAtMs = NOON_MS + HOUR_MS;
      const early = await store.accept(someCallback({ desiredAtMs, dueAtMs: NOON_MS }));
      assert.equal(early.state, 'QUEUED');
      assert.equal(early.dueAtMs, NOON_MS);
      assert.equal(early.desiredAtMs, desiredAtMs);
      const late = await store.accept(someCallback({ dueAtMs: NOON_MS + 2 * HOUR_MS }));
      assert.equal(late.state, 'SCHEDULED');
      const due = await store.claimDue(NOON_MS + HOUR_MS, 10);
      assert.deepEqual(
        due.map(({ id }) => id),
        [early.id],
      );
    });

    it('moves with the desired time', async () => {
      const { id } = await store.accept(someCallback({ desiredAtMs: NOON_MS + HOUR_MS }));
      const desiredAtMs = NOON_MS + 3 * HOUR_MS;
      const dueAtMs = desiredAtMs - MINUTE_MS;
      const moved = await store.reschedule(id, { atMs: NOON_MS, desiredAtMs, dueAtMs });
      assert.ok(moved.ok);
      assert.equal(moved.record.dueAtMs, dueAtMs);
      assert.equal(moved.record.desiredAtMs, desiredAtMs);
      assert.equal(moved.record.state, 'SCHEDULED');
    });
  });
}
