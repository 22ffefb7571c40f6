import assert from 'node:assert/strict';
import { holdOf, type HoldFacts } from '../../src/schedule/hold-reason.js';
import type { CallbackRecord } from '../../src/schedule/callback-store.js';
import { HOUR_MS, NOON_MS, someCallback } from '../adapters/store/fixtures.js';

const FACTS: HoldFacts = {
  nowMs: NOON_MS,
  isWritable: true,
  isReady: true,
  inLine: undefined,
  room: { free: 1, share: 1, leftOverAfterMs: Infinity },
};

function waiting(changes: Partial<CallbackRecord>): CallbackRecord {
  return {
    ...someCallback({ desiredAtMs: NOON_MS }),
    state: 'SCHEDULED',
    dueAtMs: NOON_MS,
    attemptCount: 0,
    claimed: false,
    updatedAtMs: NOON_MS,
    ...changes,
  };
}

describe('Why a callback is not dialled', () => {
  it('tells a time that the customer wished from one before which nobody may be dialled', () => {
    const untilMs = NOON_MS + HOUR_MS;
    const wished = holdOf(waiting({ desiredAtMs: untilMs, dueAtMs: untilMs }), FACTS);
    assert.deepEqual(wished, { code: 'not-due', why: 'it is not due yet', untilMs });
    const closed = holdOf(waiting({ dueAtMs: untilMs }), FACTS);
    assert.deepEqual([closed?.code, closed?.untilMs], ['not-due', untilMs]);
    assert.match(String(closed?.why), /office hours, calling window .* or a limit of the day/);
  });

  it('says what is in the way of one that is due, the nearest first', () => {
    const codeOf = (changes: Partial<CallbackRecord>, facts: Partial<HoldFacts> = {}) =>
      holdOf(waiting(changes), { ...FACTS, ...facts })?.code;
    const isReady = false;
    assert.equal(codeOf({ state: 'PAUSED' }, { isReady }), 'paused');
    assert.equal(codeOf({}, { isReady, isWritable: false }), 'store');
    assert.equal(codeOf({}, { isReady }), 'not-ready');
    assert.equal(codeOf({}), 'in-line');
    assert.equal(codeOf({ state: 'PROCESSING' }), undefined);
    assert.equal(codeOf({ state: 'COMPLETED', reason: 'CANCELLED' }), undefined);
  });
});
