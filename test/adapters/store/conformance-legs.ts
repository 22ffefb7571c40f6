/** Conformance: what is on the wire, and what a crash leaves there. Registered by `conformance.ts`. */
import assert from 'node:assert/strict';
import type { LegChange } from '../../../src/schedule/callback-store.js';
import type { StoreUnderTest } from './conformance.js';
import { ANSWERED_IDENTITY, RINGING_IDENTITY } from '../../fakes/fake-telephony.js';
import { Bench, birth, HOUR_MS, NOON_MS } from './fixtures.js';

/** @param tested the store that the running test may use */
export function describeLegs(tested: () => StoreUnderTest): void {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench(tested().store);
  });
  const reopen = () => tested().reopen();
  /** The process dies; the next one does what a start does. @returns the legs it found */
  const restart = async (nowMs: number) => {
    bench.store = await reopen();
    const legs = await bench.store.takeOverLegs(nowMs);
    await bench.store.takeOverLeftovers();
    return legs;
  };

  describe('the ledger of legs', () => {
    const ringsUntilMs = NOON_MS + 60_000;

    it('hands the legs of a dead process over with the last that was known of them', async () => {
      const id = await bench.claimed({ customerNumber: '+15550007777' });
      const note = (leg: LegChange) =>
        bench.store.commit(id, { atMs: NOON_MS, leg }, { durable: true });
      const number = '+15550007777';
      await note({ kind: 'begun', callId: 'leg-a', number, ringsUntilMs });
      await note({ kind: 'begun', callId: 'leg-b', ringsUntilMs });
      await note({ kind: 'begun', callId: 'leg-c', ringsUntilMs });
      await note({ kind: 'facts', callId: 'leg-a', endpointId: 'channel-1' });
      await note({ kind: 'facts', callId: 'leg-a', identity: RINGING_IDENTITY });
      await note({ kind: 'facts', callId: 'leg-a', identity: ANSWERED_IDENTITY });
      await note({ kind: 'over', callId: 'leg-c' });
      await note({ kind: 'facts', callId: 'leg-c', endpointId: 'too late' });
      bench.store = await reopen();
      assert.deepEqual(await bench.store.takeOverLegs(NOON_MS), [
        {
          callId: 'leg-a',
          callbackId: id,
          number,
          ringsUntilMs,
          endpointId: 'channel-1',
          identity: ANSWERED_IDENTITY,
        },
        { callId: 'leg-b', callbackId: id, ringsUntilMs },
      ]);
    });

    it('keeps the legs of a call from outside, and never takes them for one of ours', async () => {
      const id = await bench.claimed();
      const note = (of: string, leg: LegChange) =>
        bench.store.commit(of, { atMs: NOON_MS, leg }, { durable: true });
      const inbound = 'inbound-1';
      await note(id, { kind: 'begun', callId: 'ours', ringsUntilMs });
      assert.deepEqual(await note(inbound, { kind: 'begun', callId: 'theirs', ringsUntilMs }), {
        ok: true,
      });
      // A carrier that sends our own call back to us.
      await note(inbound, { kind: 'begun', callId: 'ours', ringsUntilMs });
      await note(inbound, { kind: 'facts', callId: 'ours', identity: ANSWERED_IDENTITY });
      await note(inbound, { kind: 'over', callId: 'ours' });
      bench.store = await reopen();
      assert.deepEqual(await bench.store.takeOverLegs(NOON_MS), [
        { callId: 'ours', callbackId: id, ringsUntilMs },
        { callId: 'theirs', callbackId: inbound, ringsUntilMs },
      ]);
      await note(inbound, { kind: 'over', callId: 'theirs' });
      assert.equal((await bench.store.takeOverLegs(NOON_MS)).length, 1);
      assert.equal(await bench.store.get(inbound), undefined);
    });

    it('keeps a number from being dialled while an orphan may ring there, and no longer', async () => {
      const number = '+15550007778';
      const id = await bench.claimed({ customerNumber: number });
      const dial = (attempt: number, atMs: number) =>
        bench.store.commit(
          id,
          {
            atMs,
            dialLock: 'take',
            attempt: { ...birth, attempt, callId: `dial-${attempt}` },
            leg: { kind: 'begun', callId: `dial-${attempt}`, number, ringsUntilMs },
          },
          { durable: true },
        );
      const busy = { ok: false, why: 'number-busy', heldBy: id };
      assert.deepEqual(await dial(1, NOON_MS), { ok: true });
      await bench.store.commit(id, { dialLock: 'release' }, { durable: true });
      assert.deepEqual(await dial(2, ringsUntilMs), busy, 'its BYE is not answered yet');
      await restart(NOON_MS);
      assert.deepEqual(await dial(2, ringsUntilMs - 1), busy);
      assert.deepEqual(await dial(2, ringsUntilMs), { ok: true });
    });

    it('frees a number as soon as its orphan has been ended', async () => {
      const number = '+15550007779';
      const id = await bench.claimed({ customerNumber: number });
      const ringsForLong = Date.now() + HOUR_MS;
      const leg = { kind: 'begun', callId: 'orphan', number, ringsUntilMs: ringsForLong } as const;
      await bench.store.commit(id, { leg }, { durable: true });
      await restart(Date.now());
      assert.equal((await bench.take(id)).ok, false);
      await bench.store.commit(id, { leg: { kind: 'over', callId: 'orphan' } }, { durable: true });
      assert.deepEqual(await bench.take(id), { ok: true });
    });

    it('drops an orphan that rang out, but not before somebody has tried to end it', async () => {
      const id = await bench.claimed();
      const leg = { kind: 'begun', callId: 'rang-out', ringsUntilMs } as const;
      await bench.store.commit(id, { atMs: NOON_MS, leg }, { durable: true });
      assert.equal((await restart(ringsUntilMs + 1)).length, 1);
      assert.equal((await bench.store.takeOverLegs(ringsUntilMs + 1)).length, 0);
    });

    it('does not make a number wait for an hour because the clock was set back by one', async () => {
      const id = await bench.claimed();
      const leg = { kind: 'begun', callId: 'set back', ringsUntilMs } as const;
      await bench.store.commit(id, { atMs: NOON_MS, leg }, { durable: true });
      const nowMs = NOON_MS - HOUR_MS;
      assert.equal((await restart(nowMs))[0]?.ringsUntilMs, nowMs + 60_000);
    });

    it('outlives the end of its callback', async () => {
      const id = await bench.claimed();
      const leg = { kind: 'begun', callId: 'outlives', ringsUntilMs } as const;
      await bench.store.commit(id, { leg }, { durable: true });
      const record = { state: 'COMPLETED', reason: 'FAIL_ERROR' } as const;
      await bench.store.commit(id, { record }, { durable: true });
      assert.equal((await restart(NOON_MS))[0]?.callId, 'outlives');
    });
  });
}
