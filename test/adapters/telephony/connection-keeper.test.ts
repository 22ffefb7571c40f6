import assert from 'node:assert/strict';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import {
  type Connection,
  ConnectionKeeper,
} from '../../../src/adapters/telephony/connection-keeper.js';

class FakeConnection implements Connection {
  isClosed = false;
  lose: (why: string) => void = () => undefined;
  onLost(handle: (why: string) => void): void {
    this.lose = handle;
  }
  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function setUp() {
  const clock = virtualClock();
  const made: FakeConnection[] = [];
  const told: string[] = [];
  const attemptsAtMs: number[] = [];
  const state = { fails: false };
  const startMs = clock.nowMs();
  const keeper = new ConnectionKeeper<FakeConnection>({
    name: 'server',
    clock,
    log: silentLog,
    pauseMaxMs: 1000,
    lastingPauseMs: 4000,
    connect: () => {
      attemptsAtMs.push(clock.nowMs() - startMs);
      if (state.fails) return Promise.reject(new Error('refused'));
      const connection = new FakeConnection();
      made.push(connection);
      return Promise.resolve(connection);
    },
    onUp: () => told.push('up'),
    onDown: (why) => told.push(why),
  });
  return { clock, made, told, attemptsAtMs, state, keeper };
}

describe('keeping a connection', () => {
  it('throws the first refusal and does not retry it', async () => {
    const { clock, keeper, state, attemptsAtMs } = setUp();
    state.fails = true;
    await assert.rejects(keeper.start(), /refused/);
    await clock.advance(60_000);
    assert.equal(attemptsAtMs.length, 1);
  });

  it('tries again after a loss with growing pauses up to the longest', async () => {
    const { clock, keeper, made, told, state, attemptsAtMs } = setUp();
    await keeper.start();
    state.fails = true;
    made[0]?.lose('gone');
    assert.equal(keeper.current, undefined);
    await clock.advance(5000);
    const pauses = attemptsAtMs.slice(1).map((atMs, n) => atMs - attemptsAtMs[n]!);
    assert.deepEqual(
      pauses.slice(0, 5).map((pause) => Math.round(pause)),
      [250, 425, 723, 1000, 1000],
    );
    state.fails = false;
    await clock.advance(1000);
    assert.equal(keeper.current, made[1]);
    assert.deepEqual(told, ['up', 'gone', 'up']);
  });

  it('stops trying once closed, and closes a connection that comes too late', async () => {
    const { clock, keeper, made, told } = setUp();
    await keeper.start();
    made[0]?.lose('gone');
    await keeper.close();
    await clock.advance(60_000);
    assert.equal(made.length, 1);
    assert.deepEqual(told, ['up', 'gone']);
    assert.equal(clock.pendingCount, 0);
  });
});
