import assert from 'node:assert/strict';
import { answerWordOf } from '../../src/callflow/call-state.js';
import { callStateOfFailure } from '../../src/dial/sip-result.js';

/** status, Q.850 cause, expected answer word, why */
const CASES: [number, number | undefined, string, string][] = [
  [486, undefined, 'busy', 'busy here'],
  [600, undefined, 'busy', 'busy everywhere'],
  [486, 21, 'busy', 'a precise status is not overruled by its cause'],
  [603, undefined, 'declined', 'decline'],
  [607, undefined, 'declined', 'unwanted'],
  [404, undefined, 'sit-invalid-number', 'not found'],
  [484, undefined, 'sit-invalid-number', 'address incomplete'],
  [604, undefined, 'sit-invalid-number', 'does not exist anywhere'],
  [410, undefined, 'sit-intercept', 'gone'],
  [480, undefined, 'no-answer', 'temporarily unavailable'],
  [480, 17, 'busy', 'a gateway says 480 and means a busy line'],
  [480, 20, 'no-answer', 'subscriber absent'],
  [408, undefined, 'no-answer', 'timeout'],
  [487, undefined, 'no-answer', 'our own cancel, or the far side gave up'],
  [503, undefined, 'sit-no-circuit', 'unavailable'],
  [503, 17, 'busy', 'the cause knows better'],
  [503, 34, 'sit-no-circuit', 'no circuit'],
  [500, 42, 'reorder', 'congestion'],
  [500, 1, 'sit-invalid-number', 'unallocated number'],
  [500, 22, 'sit-intercept', 'number changed'],
  [500, 21, 'declined', 'call rejected'],
  [500, undefined, 'error', 'nothing known'],
  [403, undefined, 'error', 'forbidden says nothing about the customer'],
  [488, undefined, 'error', 'codec'],
];

describe('the SIP result table', () => {
  for (const [status, q850Cause, expected, why] of CASES) {
    const cause = q850Cause === undefined ? '' : ` with cause ${q850Cause}`;
    it(`takes ${status}${cause} for ${expected}: ${why}`, () => {
      const result = callStateOfFailure({ kind: 'failed', status, reason: 'x', q850Cause });
      assert.equal(answerWordOf(result.callState), expected);
      assert.match(result.why, /^(SIP|Q\.850)/);
    });
  }
});
