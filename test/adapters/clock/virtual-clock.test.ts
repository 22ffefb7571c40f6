import assert from 'node:assert/strict';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';

describe('the virtual clock', () => {
  it('stands still until it is moved', async () => {
    const clock = virtualClock(1000);
    assert.equal(clock.nowMs(), 1000);
    await clock.advance(250);
    assert.equal(clock.nowMs(), 1250);
  });

  it('runs timers in order of time, each at its own instant', async () => {
    const clock = virtualClock(0);
    const ran: [string, number][] = [];
    clock.after(30, () => ran.push(['late', clock.nowMs()]));
    clock.after(10, () => {
      ran.push(['early', clock.nowMs()]);
      clock.after(10, () => ran.push(['set by a timer', clock.nowMs()]));
    });
    clock.after(10, () => ran.push(['same time, later set', clock.nowMs()]));
    await clock.advance(30);
    assert.deepEqual(ran, [
      ['early', 10],
      ['same time, later set', 10],
      ['set by a timer', 20],
      ['late', 30],
    ]);
  });

  it('lets promises settle between two timers', async () => {
    const clock = virtualClock(0);
    const order: string[] = [];
    clock.after(1, () => void Promise.resolve().then(() => order.push('promise')));
    clock.after(2, () => order.push('timer'));
    await clock.advance(2);
    assert.deepEqual(order, ['promise', 'timer']);
  });

  it('moves no timer when the wall clock is set', async () => {
    const clock = virtualClock(10_000);
    const ran: number[] = [];
    clock.after(100, () => ran.push(clock.nowMs()));
    clock.setWallClock(2000);
    await clock.advance(99);
    assert.deepEqual(ran, []);
    await clock.advance(1);
    assert.deepEqual(ran, [2100]);
  });

  it('forgets a cancelled timer', async () => {
    const clock = virtualClock(0);
    const cancel = clock.after(5, () => assert.fail('was cancelled'));
    cancel();
    cancel();
    assert.equal(clock.pendingCount, 0);
    await clock.advance(10);
  });

  it('refuses to go back', async () => {
    const clock = virtualClock(0);
    await assert.rejects(clock.advance(-1), RangeError);
    await assert.rejects(clock.advance(NaN), RangeError);
  });

  it('ends a timer that re-arms itself without delay', async () => {
    const clock = virtualClock(0);
    const rearm = (): void => void clock.after(0, rearm);
    rearm();
    await assert.rejects(clock.advance(1), RangeError);
  });
});
