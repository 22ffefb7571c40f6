import assert from 'node:assert/strict';
import { virtualClock } from '../src/adapters/clock/virtual-clock.js';
import { OwedEnds } from '../src/owed-ends.js';
import type { CommitResult } from '../src/schedule/callback-store.js';
import { silentLog } from './fakes/fake-telephony.js';

function owedEnds() {
  const clock = virtualClock();
  const startMs = clock.nowMs();
  const tries: { readonly id: string; readonly atMs: number }[] = [];
  const logged: string[] = [];
  const written: string[] = [];
  const world = { refuses: (_id: string): boolean => true, answer: { ok: true } as CommitResult };
  const note = (_facts: object, text: string): void => void logged.push(text);
  const ends = new OwedEnds({
    clock,
    log: { ...silentLog, info: note, error: note },
    commit: (id) => {
      tries.push({ id, atMs: clock.nowMs() - startMs });
      if (world.refuses(id)) return Promise.reject(new Error('the disk is full'));
      return Promise.resolve(world.answer);
    },
  });
  const write = (callbackId: string) =>
    ends.write({ callbackId, change: { atMs: 0 }, onWritten: () => written.push(callbackId) });
  return { clock, ends, world, write, tries, logged, written };
}

describe('OwedEnds', () => {
  it('tries an end that the store refuses until it is written, with growing pauses', async () => {
    const t = owedEnds();
    await t.write('a');
    assert.equal(t.ends.count, 1);
    await t.clock.advance(7000);
    assert.deepEqual(
      t.tries.map(({ atMs }) => atMs),
      [0, 1000, 3000, 7000],
    );
    await t.clock.advance(600_000);
    const gaps = t.tries.map(({ atMs }, index) => atMs - (t.tries[index - 1]?.atMs ?? 0));
    assert.equal(Math.max(...gaps), 60_000, 'never more than a minute apart');
    assert.deepEqual(t.written, []);
    t.world.refuses = () => false;
    await t.clock.advance(60_000);
    assert.deepEqual([t.ends.count, t.written, t.clock.pendingCount], [0, ['a'], 0]);
    assert.deepEqual(t.logged, [
      'end not written: tried again until it is',
      'an end that was owed is written',
    ]);
  });

  it('writes those of others though one is refused for ever, and asks a broken store once a pause', async () => {
    const t = owedEnds();
    for (const id of ['poison', 'b', 'c']) await t.write(id);
    await t.clock.advance(1000);
    assert.equal(t.tries.length, 4, 'one of three is tried while the store refuses');
    t.world.refuses = (id) => id === 'poison';
    await t.clock.advance(10_000);
    assert.deepEqual(t.written, ['b', 'c']);
    assert.equal(t.ends.count, 1);
    t.ends.stop();
    assert.equal(t.clock.pendingCount, 0);
  });

  it('leaves a callback alone that has ended otherwise', async () => {
    const t = owedEnds();
    t.world.refuses = () => false;
    t.world.answer = { ok: false, why: 'completed' };
    await t.write('a');
    assert.deepEqual([t.ends.count, t.written, t.clock.pendingCount], [0, [], 0]);
  });
});
