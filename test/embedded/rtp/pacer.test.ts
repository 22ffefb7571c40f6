import assert from 'node:assert/strict';
import { virtualPacer } from './virtual-pacer.js';

class Counter {
  reads = 0;
  writes = 0;
  log: string[] = [];
  constructor(
    readonly name = '',
    readonly shared?: string[],
  ) {}
  readTick(): void {
    this.reads++;
    this.shared?.push(`read ${this.name}`);
  }
  writeTick(): void {
    this.writes++;
    this.shared?.push(`write ${this.name}`);
  }
}

describe('The pacer', () => {
  it('ticks every 20 ms for every session, from one timer', () => {
    const { pacer, clock } = virtualPacer();
    const sessions = Array.from({ length: 50 }, () => new Counter());
    for (const session of sessions) pacer.add(session);
    clock.advance(1000);
    assert.ok(sessions.every((s) => s.reads === 50 && s.writes === 50));
    assert.equal(clock.timersSet, 51);
    assert.equal(pacer.stats().timers, 1);
  });

  it('reads all sessions before it writes any', () => {
    const { pacer, clock } = virtualPacer();
    const log: string[] = [];
    pacer.add(new Counter('a', log));
    pacer.add(new Counter('b', log));
    clock.advance(20);
    assert.deepEqual(log, ['read a', 'read b', 'write a', 'write b']);
  });

  it('does not drift when every timer fires late', () => {
    const { pacer, clock } = virtualPacer();
    const session = new Counter();
    pacer.add(session);
    for (let i = 0; i < 1000; i++) {
      clock.stall(27); // seven milliseconds too late, every time
      clock.advance(13);
    }
    assert.equal(session.writes, 2000);
    assert.equal(pacer.stats().lateMsMax, 7);
  });

  it('makes up for a stall of 150 ms', () => {
    const { pacer, clock } = virtualPacer();
    const session = new Counter();
    pacer.add(session);
    clock.advance(100);
    clock.stall(150);
    clock.advance(10);
    assert.equal(session.writes, 13);
    assert.equal(pacer.stats().resyncs, 0);
  });

  it('makes up at most ten ticks and gives up a longer stall', () => {
    const { pacer, clock } = virtualPacer();
    const session = new Counter();
    pacer.add(session);
    clock.advance(100);
    clock.stall(3000);
    clock.advance(0);
    assert.equal(session.writes, 15);
    clock.advance(100);
    assert.equal(session.writes, 20);
    assert.equal(pacer.stats().resyncs, 1);
  });

  it('has no timer when there is no session, and starts again with the next', () => {
    const { pacer, clock } = virtualPacer();
    const session = new Counter();
    pacer.add(session);
    clock.advance(40);
    pacer.delete(session);
    assert.equal(clock.timer, undefined);
    assert.equal(pacer.stats().timers, 0);
    clock.advance(1000);
    pacer.add(session);
    clock.advance(20);
    assert.equal(session.writes, 3);
  });

  it('lets a session leave in the middle of a tick without starting a timer again', () => {
    const { pacer, clock } = virtualPacer();
    const session = { readTick: (): void => pacer.delete(session), writeTick: (): void => {} };
    pacer.add(session);
    clock.advance(100);
    assert.equal(clock.timer, undefined);
    assert.deepEqual(pacer.stats().sessions, 0);
  });
});
