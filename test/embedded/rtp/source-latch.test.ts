import assert from 'node:assert/strict';
import { SourceLatch } from '../../../src/embedded/rtp/source-latch.js';

const TOLD = { host: '10.0.0.5', port: 4000 };
const REAL = { host: '203.0.113.9', port: 61234 };
const THIEF = { host: '198.51.100.66', port: 9 };

/** How many of `count` packets from an address are taken. */
function send(latch: SourceLatch, { host, port }: typeof TOLD, count: number): number {
  return Array.from({ length: count }, () => latch.accept(host, port)).filter(Boolean).length;
}

describe('The place a peer sends from', () => {
  it('is where the description says, until ten packets in a row come from elsewhere', () => {
    const latch = new SourceLatch();
    latch.announce(TOLD);
    assert.equal(send(latch, REAL, 9), 0);
    assert.deepEqual(latch.target, TOLD);
    assert.equal(send(latch, REAL, 3), 3);
    assert.deepEqual(latch.target, REAL);
    assert.equal(latch.changes, 1);
  });

  it('is not found by packets from ten places', () => {
    const latch = new SourceLatch();
    latch.announce(TOLD);
    for (let n = 0; n < 30; n++) assert.equal(latch.accept(REAL.host, 5000 + (n % 10)), false);
    assert.deepEqual(latch.target, TOLD);
  });

  it('is fixed once found: silence of the peer opens it to nobody', () => {
    for (const home of [TOLD, REAL]) {
      const latch = new SourceLatch();
      latch.announce(TOLD);
      send(latch, home, 10);
      for (let tick = 0; tick < 1000; tick++) latch.tick();
      assert.equal(send(latch, THIEF, 100), 0);
      assert.deepEqual(latch.target, home);
      assert.equal(send(latch, home, 1), 1);
    }
  });

  it('is not given away while the described address speaks', () => {
    const latch = new SourceLatch();
    latch.announce(TOLD);
    for (let tick = 0; tick < 9; tick++) {
      latch.tick();
      send(latch, TOLD, 1);
      assert.equal(send(latch, THIEF, 20), 0);
    }
  });

  it('may change with the next description', () => {
    const latch = new SourceLatch();
    latch.announce(TOLD);
    send(latch, TOLD, 10);
    latch.announce({ host: '10.0.0.6', port: 4002 });
    assert.deepEqual(latch.target, { host: '10.0.0.6', port: 4002 });
    assert.equal(send(latch, REAL, 10), 1);
    assert.deepEqual(latch.target, REAL);
  });

  it('is kept when a description repeats the address, as for hold', () => {
    const latch = new SourceLatch();
    latch.announce(TOLD);
    send(latch, REAL, 10);
    latch.announce(TOLD);
    assert.deepEqual(latch.target, REAL);
  });

  it('is nowhere without a description', () => {
    const latch = new SourceLatch();
    assert.equal(send(latch, REAL, 20), 0);
    latch.announce(TOLD);
    latch.announce(undefined);
    assert.equal(send(latch, TOLD, 20), 0);
    assert.equal(latch.target, undefined);
  });
});
