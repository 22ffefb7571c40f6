import assert from 'node:assert/strict';
import { virtualClock } from '../../../../src/adapters/clock/virtual-clock.js';
import { ThreadWatch } from '../../../../src/plugin/scxml/worker/thread-watch.js';

function startWatch() {
  const clock = virtualClock();
  const thread = { pings: 0, answers: true, usedMs: 0 as number | undefined };
  const hung: string[] = [];
  const watch = new ThreadWatch(
    {
      ping: () => {
        thread.pings++;
        if (thread.answers) watch.answered();
      },
      processorMs: () => thread.usedMs,
    },
    clock,
    (why) => hung.push(why),
  );
  /** @param share of a processor that the thread gets */
  const pass = async (seconds: number, share: number) => {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1000);
      if (thread.usedMs !== undefined) thread.usedMs += 1000 * share;
    }
  };
  return { thread, hung, watch, pass };
}

describe('whether a thread will answer again', () => {
  it('is not asked of one that answers, however much it works', async () => {
    const { thread, hung, watch, pass } = startWatch();
    await pass(100, 1);
    assert.equal(thread.pings, 100);
    assert.equal(watch.isSlow, false);
    assert.deepEqual(hung, []);
    watch.stop();
  });

  it('is judged by what it has used since it answered last, and said once', async () => {
    const { thread, hung, watch, pass } = startWatch();
    await pass(50, 1);
    thread.answers = false;
    await pass(7, 1);
    assert.deepEqual(hung, []);
    assert.equal(watch.isSlow, true);
    await pass(60, 1);
    assert.deepEqual(hung, ['no answer for 7000 ms of processor time']);
    assert.equal(thread.pings, 58);
  });

  it('is hoped for while others take the processors', async () => {
    const { thread, hung, watch, pass } = startWatch();
    thread.answers = false;
    await pass(50, 0.1);
    assert.deepEqual(hung, []);
    thread.answers = true;
    await pass(50, 0.1);
    thread.answers = false;
    await pass(50, 0.1);
    assert.deepEqual(hung, [], 'counted anew');
    watch.stop();
  });

  it('is given up after a minute when it stands still, or nobody knows', async () => {
    for (const usedMs of [0, undefined]) {
      const { thread, hung, pass } = startWatch();
      Object.assign(thread, { answers: false, usedMs });
      await pass(60, 0);
      assert.deepEqual(hung, []);
      await pass(1, 0);
      assert.deepEqual(hung, ['no answer to 60 pings']);
    }
  });
});
