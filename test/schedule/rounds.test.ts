import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { Rounds } from '../../src/schedule/rounds.js';

describe('Rounds of work', () => {
  const clock = virtualClock(0);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  /** Rounds that end when the test says so, with the sleep that it says. */
  function held() {
    const ends: ((sleepMs: number) => void)[] = [];
    const rounds = new Rounds(clock, () => new Promise((resolve) => ends.push(resolve)));
    const end = async (sleepMs: number): Promise<void> => {
      ends.at(-1)?.(sleepMs);
      await turn();
    };
    return { rounds, ends, end };
  }

  it('sleep as long as the latest said, unless somebody pokes', async () => {
    const { rounds, ends, end } = held();
    rounds.start();
    await end(500);
    await clock.advance(499);
    assert.equal(ends.length, 1);
    await clock.advance(1);
    assert.equal(ends.length, 2);
    await end(60_000);
    rounds.poke();
    assert.equal(ends.length, 3);
    await end(60_000);
    await rounds.stop();
  });

  it('are one at a time: pokes during one are one more at once', async () => {
    const { rounds, ends, end } = held();
    rounds.start();
    rounds.poke();
    rounds.poke();
    assert.equal(ends.length, 1);
    await end(60_000);
    assert.equal(ends.length, 2);
    await end(60_000);
    assert.equal(ends.length, 2);
    await rounds.stop();
  });

  it('take along who is in no hurry, and keep him waiting no longer than he said', async () => {
    const { rounds, ends, end } = held();
    rounds.start();
    rounds.pokeWithin(100);
    await end(60_000);
    await clock.advance(50);
    rounds.pokeWithin(100);
    await clock.advance(49);
    assert.equal(ends.length, 1);
    await clock.advance(1);
    assert.equal(ends.length, 2);
    await end(60_000);
    rounds.pokeWithin(100);
    rounds.poke();
    await end(60_000);
    await clock.advance(1000);
    assert.equal(ends.length, 3);
    rounds.pokeWithin(100);
    await rounds.stop();
    assert.equal(clock.pendingCount, 0);
  });

  it('go on at once while there is more', async () => {
    const { rounds, ends, end } = held();
    rounds.start();
    await end(0);
    assert.equal(ends.length, 2);
    await end(60_000);
    await rounds.stop();
  });

  it('stop when the one under way is over, and none begins afterwards', async () => {
    const { rounds, ends, end } = held();
    rounds.start();
    rounds.poke();
    let isStopped = false;
    const stopped = rounds.stop().then(() => (isStopped = true));
    await turn();
    assert.equal(isStopped, false);
    await end(0);
    await stopped;
    rounds.poke();
    await clock.advance(60_000);
    assert.equal(ends.length, 1);
  });
});
