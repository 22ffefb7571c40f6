import assert from 'node:assert/strict';
import { virtualClock } from '../../../../src/adapters/clock/virtual-clock.js';
import {
  ThreadRoster,
  type RosterThread,
} from '../../../../src/plugin/scxml/worker/thread-roster.js';

class FakeThread implements RosterThread {
  readonly isReady = Promise.resolve();
  isSlow = false;
  isStopped = false;

  constructor(
    readonly onGone: (why: string) => void,
    readonly onHoldUp: (page: string) => void,
  ) {}

  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }
}

function makeRoster(threads: number, threadsMax?: number) {
  const made: FakeThread[] = [];
  const roster = new ThreadRoster({
    newThread: ({ onGone, onHoldUp }) => {
      const thread = new FakeThread(onGone, onHoldUp);
      made.push(thread);
      return thread;
    },
    threads,
    threadsMax,
    what: 'test',
    clock: virtualClock(),
    log: undefined,
  });
  const enter = (page: string, content?: string): number =>
    made.indexOf(roster.enter(page, content).thread);
  return { roster, made, enter };
}

/** The same with threads that are up and pages that are proven: 0, 1, ... are theirs, then comes the newcomers'. */
async function makeProven(threads: number, ...pages: readonly string[]) {
  const bed = makeRoster(threads);
  await bed.roster.warm();
  for (const page of pages) bed.roster.enter(page).leave(true);
  return bed;
}

describe('which thread a page runs in', () => {
  it('is one it has to itself, as far as there are threads', async () => {
    const { enter } = await makeProven(2, 'a', 'b');
    assert.deepEqual(
      ['a', 'a', 'b', 'a', 'b', 'a', 'b'].map((page) => enter(page)),
      [0, 1, 0, 1, 0, 1, 0],
    );
  });

  it('is one more for each page that is proven, as soon as it is up, up to a number', async () => {
    const { roster, made, enter } = makeRoster(1, 3);
    await roster.warm();
    const prove = (page: string): void => roster.enter(page).leave(true);
    prove('a');
    assert.equal(roster.size, 2, 'with that of the newcomers');
    prove('b');
    assert.equal(roster.size, 3);
    const seats = ['a', 'b'].map((page) => roster.enter(page));
    for (const { thread } of seats) assert.equal(made.indexOf(thread), 0, 'nobody waits for one');
    for (const { leave } of seats) leave(true);
    await Promise.resolve();
    assert.deepEqual([enter('a'), enter('b')], [0, 2]);
    for (const page of ['c', 'd']) prove(page);
    await Promise.resolve();
    assert.equal(roster.size, 4);
    assert.equal(enter('c'), 3);
  });

  it('is the emptiest while it is the only page', async () => {
    const { enter, roster } = await makeProven(2, 'a');
    assert.deepEqual([enter('a'), enter('a'), enter('a')], [0, 1, 0]);
    roster.enter('a').leave(true);
    assert.equal(enter('a'), 1);
  });

  it('is not one that does not answer, when another does', async () => {
    const { enter, made } = await makeProven(2, 'a', 'b');
    assert.deepEqual([enter('a'), enter('b')], [0, 1]);
    const [first, second] = made;
    assert.ok(first && second);
    first.isSlow = true;
    assert.equal(enter('a'), 1);
    second.isSlow = true;
    assert.equal(enter('a'), 0);
  });

  it('is another when one is gone', async () => {
    const { enter, made, roster } = await makeProven(1, 'a');
    assert.equal(enter('a'), 0);
    made[0]?.onGone('killed');
    assert.equal(roster.size, 1);
    assert.equal(enter('a'), 2);
  });

  it('is none of the proven ones until one of its sessions has ended well', async () => {
    const { enter, roster } = await makeProven(1, 'good');
    const first = roster.enter('new');
    assert.deepEqual([enter('good'), enter('new')], [0, 1]);
    first.leave(false);
    assert.equal(enter('new'), 1, 'a failure proves nothing');
    roster.enter('new').leave(true);
    assert.equal(enter('new'), 0);
  });

  it('is none of the proven ones when it is not the same page any more', async () => {
    const { enter, roster } = await makeProven(1);
    roster.enter('a', 'as it was').leave(true);
    assert.deepEqual([enter('a', 'as it was'), enter('a', 'changed'), enter('a')], [0, 1, 1]);
  });

  it('is none of another newcomer, as far as there are threads, and is given back', async () => {
    const { made, roster } = await makeProven(1);
    const seats = ['a', 'b', 'a', 'b', 'c'].map((page) => roster.enter(page));
    assert.deepEqual(
      seats.map(({ thread }) => made.indexOf(thread)),
      [1, 2, 1, 2, 1],
    );
    for (const seat of seats) seat.leave(false);
    const stopped = made.map(({ isStopped }) => isStopped);
    assert.equal(stopped.filter(Boolean).length, 1, 'one of them stays');
    assert.equal(stopped[0], false);
  });

  it('is apart for a page that held others up, and ends with its last session', async () => {
    const { made, roster } = await makeProven(1, 'good', 'bad');
    roster.enter('good');
    made[0]?.onHoldUp('bad');
    const seats = [roster.enter('bad'), roster.enter('bad'), roster.enter('bad')];
    assert.deepEqual(
      seats.map(({ thread }) => made.indexOf(thread)),
      [2, 3, 2],
    );
    seats[0]?.leave(false);
    assert.equal(made[2]?.isStopped, false);
    seats[2]?.leave(false);
    assert.deepEqual([made[2]?.isStopped, made[3]?.isStopped, roster.size], [true, false, 3]);
  });
});
