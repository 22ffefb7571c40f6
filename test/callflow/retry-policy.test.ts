import assert from 'node:assert/strict';
import {
  isRetryLimitExceeded,
  nextTry,
  RETRY_AFTER_MAX_MS,
} from '../../src/callflow/retry-policy.js';

const BASE = { attemptsMade: 1, maxDialAttempts: 3, dialRetryMs: 300_000 } as const;

describe('the retry policy', () => {
  it('counts the total of dials: with 3, three are made and a fourth is not', () => {
    const exceeded = [0, 1, 2, 3, 4].map((made) => isRetryLimitExceeded(made, 3));
    assert.deepEqual(exceeded, [false, false, false, true, true]);
    assert.deepEqual(nextTry({ ...BASE, attemptsMade: 3 }), { again: false, limit: 'attempts' });
  });

  it('allows a single dial and no other', () => {
    assert.equal(isRetryLimitExceeded(0, 1), false);
    assert.deepEqual(nextTry({ ...BASE, maxDialAttempts: 1 }), { again: false, limit: 'attempts' });
  });

  it('waits _dial_retry_timeout', () => {
    assert.deepEqual(nextTry(BASE), { again: true, afterMs: 300_000 });
  });

  it('waits the delay of a reply instead, even if it is shorter or none', () => {
    assert.deepEqual(nextTry({ ...BASE, delayMs: 1000 }), { again: true, afterMs: 1000 });
    assert.deepEqual(nextTry({ ...BASE, delayMs: 0 }), { again: true, afterMs: 0 });
  });

  it('honours a longer Retry-After, and not a shorter one', () => {
    const longer = nextTry({ ...BASE, retryAfterMs: 400_000 });
    assert.deepEqual(longer, { again: true, afterMs: 400_000 });
    assert.deepEqual(nextTry({ ...BASE, retryAfterMs: 1000 }), { again: true, afterMs: 300_000 });
    const afterDelay = nextTry({ ...BASE, delayMs: 0, retryAfterMs: 60_000 });
    assert.deepEqual(afterDelay, { again: true, afterMs: 60_000 });
  });

  it('does not let a far end park a callback for good', () => {
    const forever = nextTry({ ...BASE, retryAfterMs: Number.MAX_SAFE_INTEGER });
    assert.deepEqual(forever, { again: true, afterMs: RETRY_AFTER_MAX_MS });
  });
});
