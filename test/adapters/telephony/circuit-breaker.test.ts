import assert from 'node:assert/strict';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { CircuitBreaker } from '../../../src/adapters/telephony/circuit-breaker.js';
import { isPassing, TelephonyError } from '../../../src/adapters/telephony/errors.js';

/** Opened by a failure, and tried again and again with the same end for two minutes. */
async function trialsOf(fault: TelephonyError) {
  const clock = virtualClock();
  const state = { fails: true };
  const triedAtMs: number[] = [];
  const startedAtMs = clock.nowMs();
  const breaker = new CircuitBreaker({
    clock,
    failuresToOpen: 3,
    firstPauseMs: 1000,
    pauseMaxMs: 30_000,
    trial: () => {
      triedAtMs.push(clock.nowMs() - startedAtMs);
      return state.fails ? Promise.reject(fault) : Promise.resolve();
    },
    isPassing,
    onChange: () => undefined,
  });
  for (let n = 0; n < 3; n += 1) breaker.failed(fault.message);
  assert.equal(breaker.isClosed, false);
  await clock.advance(120_000);
  state.fails = false;
  const before = clock.nowMs();
  while (!breaker.isClosed) await clock.advance(500);
  assert.equal(clock.pendingCount, 0);
  return { triedAtMs, backAfterMs: clock.nowMs() - before };
}

describe('CircuitBreaker', () => {
  it('tries a server that fails with growing pauses', async () => {
    const { triedAtMs } = await trialsOf(new TelephonyError('DEADLINE', 'no answer'));
    assert.deepEqual(triedAtMs.slice(0, 6), [1000, 3000, 7000, 15_000, 31_000, 61_000]);
  });

  it('lets a server that was full back in as soon as it has room, however long it was full', async () => {
    const { backAfterMs } = await trialsOf(new TelephonyError('ENDPOINT_NO_ROOM', '503'));
    assert.ok(backAfterMs <= 1000, `${backAfterMs} ms`);
  });
});
