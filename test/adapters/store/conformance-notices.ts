/** Conformance, third part: pauses and what is to be told to others. Registered by `conformance.ts`. */

import assert from 'node:assert/strict';
import type { NoticeDraft } from '../../../src/schedule/notices.js';
import type { StoreUnderTest } from './conformance.js';
import { Bench, HOUR_MS, NOON_MS, someCallback } from './fixtures.js';

const TARGET = 'https://crm.example/hook';
const LEASE_MS = 30_000;

function draft(changes: Partial<NoticeDraft> = {}): NoticeDraft {
  return {
    event: '_cbe_on_callback_queued',
    target: TARGET,
    atMs: NOON_MS,
    deliveriesMax: 3,
    data: { _service_id: 'x' },
    ...changes,
  };
}

/** @param tested the store that the running test may use */
export function describeNotices(tested: () => StoreUnderTest): void {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench(tested().store);
  });

  describe('pausing', () => {
    afterEach(async () => {
      const { store } = bench;
      for (const name of await store.paused()) await store.setPaused(name, false, NOON_MS);
    });

    it('holds what is due of a service, also after a restart, until it is resumed', async () => {
      let { store } = bench;
      const early = await store.accept(someCallback({ serviceName: 'sales' }));
      const other = await store.accept(someCallback({ serviceName: 'support' }));
      const later = await store.accept(
        someCallback({ serviceName: 'sales', desiredAtMs: NOON_MS + HOUR_MS }),
      );
      await store.setPaused('sales', true, NOON_MS);
      store = bench.store = await tested().reopen();
      assert.deepEqual(await store.paused(), ['sales']);
      const late = await store.accept(someCallback({ serviceName: 'sales' }));
      assert.equal(late.state, 'PAUSED');
      const states = () =>
        Promise.all([early, later, late].map(async ({ id }) => (await store.get(id))?.state));
      assert.deepEqual(await states(), ['PAUSED', 'SCHEDULED', 'PAUSED']);
      assert.equal(await bench.nextDueAtMs(), NOON_MS);
      const claimed = await store.claimDue(NOON_MS + HOUR_MS, 10);
      assert.deepEqual(
        claimed.map(({ id }) => id),
        [other.id],
      );
      assert.equal(await bench.nextDueAtMs(), undefined);
      assert.deepEqual(await states(), ['PAUSED', 'PAUSED', 'PAUSED']);

      let isTold = false;
      store.onWork(() => (isTold = true));
      await store.setPaused('sales', false, NOON_MS);
      assert(isTold);
      assert.deepEqual(await states(), ['QUEUED', 'SCHEDULED', 'QUEUED']);
      assert.equal((await store.claimDue(NOON_MS, 10)).length, 2);
    });

    it('holds everything, and what its own pause holds after that', async () => {
      const { store } = bench;
      await store.accept(someCallback({ serviceName: 'sales' }));
      await store.accept(someCallback({ serviceName: 'support' }));
      await store.setPaused('*', true, NOON_MS);
      await store.setPaused('sales', true, NOON_MS);
      assert.deepEqual(await store.claimDue(NOON_MS, 10), []);
      assert.equal(await bench.nextDueAtMs(), undefined);
      await store.setPaused('*', false, NOON_MS);
      const claimed = await store.claimDue(NOON_MS, 10);
      assert.deepEqual(
        claimed.map(({ serviceName }) => serviceName),
        ['support'],
      );
    });

    it('refuses a dial of a callback that was claimed before', async () => {
      const { store } = bench;
      const { id } = await store.accept(someCallback({ serviceName: 'sales' }));
      await store.claimDue(NOON_MS, 1);
      await store.setPaused('sales', true, NOON_MS);
      const dial = () =>
        store.commit(
          id,
          {
            attempt: { attempt: 1, callId: 'call-1', number: '+1', startedAtMs: NOON_MS },
            dialLock: 'take',
          },
          { durable: true },
        );
      assert.deepEqual(await dial(), { ok: false, why: 'paused' });
      assert.deepEqual(await store.attempts(id), []);
      await store.setPaused('sales', false, NOON_MS);
      assert.deepEqual(await dial(), { ok: true });
    });

    it('refuses another INVITE of an attempt that began before, and one that was cancelled meanwhile', async () => {
      const { store } = bench;
      const { id } = await store.accept(someCallback({ serviceName: 'sales' }));
      await store.claimDue(NOON_MS, 1);
      const birth = { attempt: 1, callId: 'call-1', number: '+1', startedAtMs: NOON_MS };
      const tries = [
        { trunk: 'a', callId: 'call-1', startedAtMs: NOON_MS, sipStatus: 503 },
        { trunk: 'b', callId: 'call-2', startedAtMs: NOON_MS + 1 },
      ];
      const leg = { kind: 'begun', callId: 'call-2', number: '+1', ringsUntilMs: NOON_MS } as const;
      const goOn = () =>
        store.commit(id, { leg, attempt: { attempt: 1, trunk: 'b', tries } }, { durable: true });
      await store.commit(id, { attempt: birth, dialLock: 'take' }, { durable: true });
      await store.setPaused('*', true, NOON_MS);
      assert.deepEqual(await goOn(), { ok: false, why: 'paused' });
      assert.equal((await store.attempts(id))[0]?.tries, undefined);
      await store.setPaused('*', false, NOON_MS);
      assert.deepEqual(await goOn(), { ok: true });
      await store.requestCancel(id, 'customer', NOON_MS);
      const cancelled = { ok: false, why: 'cancel-requested', by: 'customer' };
      assert.deepEqual(await goOn(), cancelled);
    });

    it('lets a paused callback be cancelled and moved', async () => {
      const { store } = bench;
      await store.setPaused('*', true, NOON_MS);
      const one = await store.accept(someCallback());
      const two = await store.accept(someCallback());
      assert.equal(await store.requestCancel(one.id, 'customer', NOON_MS), 'cancelled');
      const desiredAtMs = NOON_MS + HOUR_MS;
      await store.reschedule(two.id, { atMs: NOON_MS, desiredAtMs });
      await store.setPaused('*', false, NOON_MS);
      assert.equal((await store.get(two.id))?.state, 'SCHEDULED');
    });
  });

  describe('notices', () => {
    const claim = (atMs = NOON_MS) => bench.store.claimNotices(atMs, 10, LEASE_MS);
    const eventsOf = (notices: readonly { event: string }[]) => notices.map(({ event }) => event);

    it('are written with what they tell, or not at all', async () => {
      const { store } = bench;
      const { id } = await store.accept(
        someCallback({ serviceName: 'sales', notices: [draft({ event: 'accepted' })] }),
      );
      await store.reschedule(id, { atMs: NOON_MS, notices: [draft({ event: 'moved' })] });
      await store.claimDue(NOON_MS, 1);
      const refused = [draft({ event: 'not cancelled' })];
      assert.equal(await store.requestCancel(id, 'customer', NOON_MS, refused), 'asked');
      const record = { state: 'COMPLETED', reason: 'FAIL_ERROR' } as const;
      const change = { atMs: NOON_MS, record, notices: [draft({ event: 'over' })] };
      assert.deepEqual(await store.commit(id, change, { durable: true }), { ok: true });
      assert.equal((await store.commit(id, change, { durable: true })).ok, false);
      const notices = await store.findNotices({ callbackId: id });
      assert.deepEqual(eventsOf(notices), ['accepted', 'moved', 'over']);
      assert.deepEqual(
        notices.map(({ sequence, id: own, serviceName }) => [sequence, own, serviceName]),
        [1, 2, 3].map((n) => [n, `${id}.${n}`, 'sales']),
      );
    });

    it('of one callback leave in their order, each to one claimant, again after the lease', async () => {
      const { store } = bench;
      const first = await store.accept(
        someCallback({ notices: [draft({ event: 'a' }), draft({ event: 'b' })] }),
      );
      await store.accept(someCallback({ notices: [draft({ event: 'c' })] }));
      const claimed = await claim();
      assert.deepEqual(eventsOf(claimed), ['a', 'c']);
      assert.equal(claimed[0]?.deliveryCount, 1);
      assert.deepEqual(await claim(), []);
      assert.deepEqual(eventsOf(await claim(NOON_MS + LEASE_MS)), ['a', 'c']);
      const id = `${first.id}.1`;
      await store.settleNotices([{ id, kind: 'retry', atMs: NOON_MS + HOUR_MS, why: '503' }]);
      assert.deepEqual(
        await claim(NOON_MS + 3 * LEASE_MS),
        await store.findNotices({ after: `${first.id}.2` }),
      );
      await store.settleNotices([{ id, kind: 'delivered' }]);
      assert.deepEqual(eventsOf(await claim(NOON_MS + HOUR_MS)), ['b', 'c']);
    });

    it('of the future wait for their time and hold nothing up', async () => {
      const { store } = bench;
      const reminder = draft({ event: '_cbe_on_callback_reminder', atMs: NOON_MS + HOUR_MS });
      await store.accept(someCallback({ notices: [reminder, draft({ event: 'b' })] }));
      const [now, ...others] = await claim();
      assert.deepEqual([now?.event, others.length], ['b', 0]);
      await store.settleNotices([{ id: now?.id ?? '', kind: 'delivered' }]);
      assert.deepEqual(eventsOf(await claim(NOON_MS + HOUR_MS)), ['_cbe_on_callback_reminder']);
    });

    it('that are given up are kept, let the next one go, and can be replayed', async () => {
      const { store } = bench;
      const { id: callback } = await store.accept(
        someCallback({ notices: [draft({ event: 'a' }), draft({ event: 'b' })] }),
      );
      await claim();
      const id = `${callback}.1`;
      await store.settleNotices([{ id, kind: 'dead', why: '500 three times' }]);
      const [dead, ...others] = await store.findNotices({ isDead: true });
      assert.deepEqual(others, []);
      assert.deepEqual([dead?.id, dead?.why, dead?.deliveryCount], [id, '500 three times', 1]);
      assert.deepEqual(eventsOf(await claim()), ['b']);
      await store.settleNotices([{ id, kind: 'replay', atMs: NOON_MS }]);
      assert.deepEqual(
        (await claim()).map(({ event, deliveryCount }) => [event, deliveryCount]),
        [['a', 1]],
      );
    });

    it('to a target that is gone are given up and made no more, until one is replayed', async () => {
      const { store } = bench;
      const { id: first } = await store.accept(someCallback({ notices: [draft()] }));
      const { id: second } = await store.accept(
        someCallback({ notices: [draft(), draft({ target: 'https://other.example/' })] }),
      );
      const why = 'answered 410';
      await store.settleNotices([{ id: `${first}.1`, kind: 'gone', why, atMs: NOON_MS }]);
      assert.deepEqual(
        (await store.findNotices({ isDead: true })).map(({ id }) => id),
        [`${first}.1`, `${second}.1`],
      );
      const { id: third } = await store.accept(someCallback({ notices: [draft()] }));
      assert.deepEqual(await store.findNotices({ callbackId: third }), []);
      await store.settleNotices([{ id: `${first}.1`, kind: 'replay', atMs: NOON_MS }]);
      await store.reschedule(third, { atMs: NOON_MS, notices: [draft()] });
      assert.deepEqual(
        (await store.findNotices({ callbackId: third })).map(({ sequence }) => sequence),
        [2],
      );
    });

    it('are purged with their callback', async () => {
      const { store } = bench;
      const { id } = await store.accept(someCallback({ notices: [draft()] }));
      await store.requestCancel(id, 'customer', NOON_MS);
      assert.equal(await store.purge(NOON_MS + 1), 1);
      assert.deepEqual(await store.findNotices({}), []);
    });
  });

  it('finds what was completed in a window, oldest end first, page by page', async () => {
    const { store } = bench;
    const ids: string[] = [];
    for (const [index, endMs] of [30, 10, 20, 40].entries()) {
      const { id } = await store.accept(someCallback({ desiredAtMs: NOON_MS + index }));
      ids.push(id);
      await store.requestCancel(id, 'customer', NOON_MS + endMs);
    }
    await store.accept(someCallback());
    const window = { completedFromMs: NOON_MS + 10, completedToMs: NOON_MS + 40 };
    const page = await store.find({ ...window, limit: 2 });
    assert.deepEqual(
      page.map(({ id }) => id),
      [ids[1], ids[2]],
    );
    const next = await store.find({ ...window, after: page[1]?.id ?? '' });
    assert.deepEqual(
      next.map(({ id }) => id),
      [ids[0]],
    );
  });
}
