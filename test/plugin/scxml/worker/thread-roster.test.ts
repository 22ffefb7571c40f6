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

function makeRoster(threads: number) {
  const made: FakeThread[] = [];
  const roster = new ThreadRoster({
    newThread: (onGone, onHoldUp) => {
      const thread = new FakeThread(onGone, onHoldUp);
      made.push(thread);
      return thread;
    },
    threads,
    what: 'test',
    clock: virtualClock(),
    log: undefined,
  });
  const enter = (page: string): number => made.indexOf(roster.enter(page).thread);
  return { roster, made, enter };
}

describe('which thread a page runs in', () => {
  it('is one it has to itself, as far as there are threads', () => {
    const { enter } = makeRoster(2);
    assert.deepEqual(['a', 'a', 'b', 'a', 'b', 'a', 'b'].map(enter), [0, 1, 0, 1, 0, 1, 0]);
  });

  it('is the emptiest while it is the only page', () => {
    const { enter, roster } = makeRoster(2);
    assert.deepEqual([enter('a'), enter('a'), enter('a')], [0, 1, 0]);
    roster.enter('a').leave();
    assert.equal(enter('a'), 1);
  });

  it('is not one that does not answer, when another does', () => {
    const { enter, made } = makeRoster(2);
    assert.deepEqual([enter('a'), enter('b')], [0, 1]);
    const [first, second] = made;
    assert.ok(first && second);
    first.isSlow = true;
    assert.equal(enter('a'), 1);
    second.isSlow = true;
    assert.equal(enter('a'), 0);
  });

  it('is another when one is gone', () => {
    const { enter, made, roster } = makeRoster(1);
    enter('a');
    made[0]?.onGone('killed');
    assert.equal(roster.size, 0);
    assert.equal(enter('a'), 1);
  });

  it('is apart for a page that held others up, and ends with its last session', () => {
    const { made, roster } = makeRoster(1);
    roster.enter('good');
    made[0]?.onHoldUp('bad');
    const seats = [roster.enter('bad'), roster.enter('bad'), roster.enter('bad')];
    assert.deepEqual(
      seats.map(({ thread }) => made.indexOf(thread)),
      [1, 2, 1],
    );
    seats[0]?.leave();
    assert.equal(made[1]?.isStopped, false);
    seats[2]?.leave();
    assert.deepEqual([made[1]?.isStopped, made[2]?.isStopped, roster.size], [true, false, 2]);
  });
});
