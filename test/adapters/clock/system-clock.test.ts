import assert from 'node:assert/strict';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';

describe('the system clock', () => {
  it('tells the time of the machine', () => {
    const before = Date.now();
    const now = systemClock().nowMs();
    assert.ok(now >= before && now <= Date.now());
  });

  it('runs a timer once and not when cancelled', async () => {
    const clock = systemClock();
    clock.after(1, () => assert.fail('was cancelled'))();
    await new Promise<void>((resolve) => clock.after(-5, resolve));
    await new Promise<void>((resolve) => clock.after(5, resolve));
  });

  it('does not fire early for delays that setTimeout cannot hold', async () => {
    const clock = systemClock();
    const YEAR_MS = 365 * 24 * 3600 * 1000;
    const cancel = clock.after(YEAR_MS, () => assert.fail('a year is not over'));
    await new Promise<void>((resolve) => clock.after(20, resolve));
    cancel();
  });
});
