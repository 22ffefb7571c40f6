/** Limits on calls and attempts that processes keep together, in the transaction of the attempt. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallLimit } from '../../../src/schedule/call-limits.js';
import type { CallbackStore, CommitResult } from '../../../src/schedule/callback-store.js';
import { DAY_MAX_MS } from '../../../src/schedule/day-end.js';
import type { StoreUnderTest } from './conformance.js';
import { Bench, birth, HOUR_MS, NOON_MS } from './fixtures.js';

/** As a session takes a dial. */
export function dial(
  store: CallbackStore,
  id: string,
  callLimits: readonly CallLimit[],
  trunk = 'primary',
): Promise<CommitResult> {
  const attempt = { ...birth, callId: `${id}-1`, trunk };
  return store.commit(id, { dialLock: 'take', attempt, callLimits }, { durable: true });
}

export function describeCallLimits(tested: () => StoreUnderTest): void {
  const bench = () => new Bench(tested().store);
  const full = { ok: false, why: 'call-limit' } as const;

  it('refuses a dial for which too many talk, of all, a service or a trunk, and writes nothing of it', async () => {
    const { store } = tested();
    const [first, second, third] = [
      await bench().claimed(),
      await bench().claimed(),
      await bench().claimed({ serviceName: 'support' }),
    ];
    const limits = [
      { of: 'all', name: '', maxCalls: 2 },
      { of: 'service', name: 'sales', maxCalls: 1 },
      { of: 'trunk', name: 'primary', maxCalls: 1 },
    ] as const;
    const [all, sales, primary] = limits;
    assert.deepEqual(await dial(store, first, limits), { ok: true });
    assert.deepEqual(await dial(store, second, limits), { ...full, of: 'service', name: 'sales' });
    assert.deepEqual(await store.attempts(second), []);
    assert.equal((await store.stats()).dialLockCount, 1);
    assert.deepEqual(await dial(store, third, [all, primary]), {
      ...{ ...full, of: 'trunk', name: 'primary' },
    });
    assert.deepEqual(await dial(store, third, [all], 'backup'), { ok: true });
    assert.deepEqual(await dial(store, second, [all]), { ...full, of: 'all', name: '' });

    await store.commit(first, { dialLock: 'release' }, { durable: true });
    assert.deepEqual(await dial(store, second, [sales, primary]), { ok: true });
  });

  it('counts a call on the trunk that it went on to, where there has to be room', async () => {
    const { store } = tested();
    const [first, second] = [await bench().claimed(), await bench().claimed()];
    const backup = [{ of: 'trunk', name: 'backup', maxCalls: 1 }] as const;
    await dial(store, first, backup, 'backup');
    await dial(store, second, []);
    const goOn = { attempt: { attempt: 1, trunk: 'backup' }, callLimits: backup };
    assert.deepEqual(await store.commit(second, goOn, { durable: true }), {
      ...{ ...full, of: 'trunk', name: 'backup' },
    });
    assert.equal((await store.attempts(second))[0]?.trunk, 'primary');
    await store.commit(first, { attempt: { attempt: 1, trunk: 'third' } }, { durable: true });
    assert.deepEqual(await store.commit(second, goOn, { durable: true }), { ok: true });
    const third = await bench().claimed();
    assert.deepEqual(await dial(store, third, backup), { ...full, of: 'trunk', name: 'backup' });
  });

  it('refuses more than so many in any second, says for how long, and takes no place in the others', async () => {
    const { store } = tested();
    const ids = [await bench().claimed(), await bench().claimed(), await bench().claimed()];
    const fast = { of: 'service', name: 'sales', maxPerSecond: 3 } as const;
    const slow = { of: 'trunk', name: 'primary', maxPerSecond: 2 } as const;
    const results: CommitResult[] = [];
    for (const id of ids) results.push(await dial(store, id, [fast, slow]));
    const [one, two, three] = results;
    assert.deepEqual([one, two], [{ ok: true }, { ok: true }]);
    assert.ok(three && !three.ok && three.why === 'call-limit' && three.of === 'trunk');
    assert.ok(three.waitMs !== undefined && three.waitMs > 0 && three.waitMs <= 1000);
    const third = ids[2] ?? '';
    assert.deepEqual(await dial(store, third, [fast]), { ok: true }, 'the refusal used up nothing');
    const fourth = await bench().claimed();
    await sleep(three.waitMs);
    assert.deepEqual(await dial(store, fourth, [slow]), { ok: true });
  });

  it('counts an attempt where there is room, and refuses the dial where there is none', async () => {
    const { store } = tested();
    const ids = [await bench().claimed(), await bench().claimed()];
    const counted = (id: string | undefined, attempt = 1) =>
      store.commit(
        id ?? '',
        {
          atMs: NOON_MS,
          dialLock: 'take',
          attempt: { ...birth, attempt, callId: `${id}-${attempt}` },
          counters: [{ key: 'attempts', max: 1, endsAtMs: NOON_MS + HOUR_MS }],
        },
        { durable: true },
      );
    assert.deepEqual(await counted(ids[0]), { ok: true });
    const none = { ok: false, why: 'counter', key: 'attempts', endsAtMs: NOON_MS + HOUR_MS };
    assert.deepEqual(await counted(ids[1]), none);
    assert.deepEqual(await store.attempts(ids[1] ?? ''), []);
    assert.equal((await store.stats()).dialLockCount, 1);
  });

  it('counts one day once, whatever clocks say around midnight, and the next one anew', async () => {
    const MIDNIGHT_MS = NOON_MS + 12 * HOUR_MS;
    const dialAt = async (atMs: number, endsAtMs: number): Promise<CommitResult> => {
      const id = await bench().claimed();
      const done = await tested().store.commit(
        id,
        {
          ...{ atMs, dialLock: 'take', attempt: { ...birth, callId: id } },
          counters: [{ key: 'day', max: 2, endsAtMs, mayEndLaterMs: DAY_MAX_MS }],
        },
        { durable: true },
      );
      await tested().store.commit(id, { dialLock: 'release' }, { durable: true });
      return done;
    };
    const next = MIDNIGHT_MS + 24 * HOUR_MS;
    const [early, late] = [MIDNIGHT_MS - 1000, MIDNIGHT_MS + 1000];
    const none = { ok: false, why: 'counter', key: 'day' };
    assert.deepEqual(await dialAt(early, MIDNIGHT_MS), { ok: true });
    assert.deepEqual(await dialAt(early, MIDNIGHT_MS), { ok: true });
    assert.deepEqual(await dialAt(early, MIDNIGHT_MS), { ...none, endsAtMs: MIDNIGHT_MS });
    assert.deepEqual(await dialAt(late, next), { ok: true }, 'a clock that is ahead, or a new day');
    assert.deepEqual(await dialAt(early, MIDNIGHT_MS), { ok: true }, 'one that is behind');
    assert.deepEqual(await dialAt(late, next), { ...none, endsAtMs: next });
    assert.deepEqual(await dialAt(early, MIDNIGHT_MS), { ...none, endsAtMs: next });
    // A zone further east, whose midnight comes first, begins no other day.
    assert.deepEqual(await dialAt(late, late + HOUR_MS), { ...none, endsAtMs: next });
    const far = next + 24 * HOUR_MS;
    assert.deepEqual(await dialAt(next, far), { ok: true }, 'the next day');
    const FIRST_DAY_MS = NOON_MS - 300 * HOUR_MS;
    assert.deepEqual(
      await dialAt(FIRST_DAY_MS - 1, FIRST_DAY_MS),
      { ok: true },
      'a clock that was days ahead closes nothing for days',
    );
  });
}
