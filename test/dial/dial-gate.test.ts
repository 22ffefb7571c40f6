import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { DialGate } from '../../src/dial/dial-gate.js';

describe('DialGate', () => {
  it("keeps the trunk's concurrent calls", () => {
    const gate = new DialGate(virtualClock());
    const limits = { maxConcurrentCalls: 2, maxCallsPerSecond: 100 };
    assert.equal(gate.take(limits, 1), undefined);
    assert.deepEqual(gate.take(limits, 2), { why: 'maxConcurrentCalls is 2' });
  });

  it("keeps the trunk's calls per second, and starts anew each second", async () => {
    const clock = virtualClock();
    const gate = new DialGate(clock);
    const limits = { maxConcurrentCalls: 100, maxCallsPerSecond: 2 };
    assert.equal(gate.take(limits, 0), undefined);
    assert.equal(gate.take(limits, 1), undefined);
    const why = 'maxCallsPerSecond is 2';
    assert.deepEqual(gate.take(limits, 2), { why, waitMs: 1000 });
    await clock.advance(999);
    assert.deepEqual(gate.take(limits, 2), { why, waitMs: 1 });
    await clock.advance(1);
    assert.equal(gate.take(limits, 2), undefined);
  });
});
