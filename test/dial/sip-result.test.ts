import assert from 'node:assert/strict';
import { answerWordOf } from '../../src/callflow/call-state.js';
import type { EarlyMediaSound } from '../../src/cpd/types.js';
import { answerOfSound, callStateOfVerdict, HEARD_RESULTS } from '../../src/dial/heard-result.js';
import { namesNo, type ResultConditions, type ResultRow } from '../../src/dial/result-rows.js';
import { judgeFailure, type ResultCircumstances } from '../../src/dial/sip-result.js';

/** status, Q.850 cause, expected answer word, why */
const CASES: [number, number | undefined, string, string][] = [
  [486, undefined, 'busy', 'busy here'],
  [600, undefined, 'busy', 'busy everywhere'],
  [486, 21, 'busy', 'a precise status is not overruled by its cause'],
  [603, undefined, 'declined', 'decline'],
  [607, undefined, 'declined', 'unwanted'],
  [603, 34, 'declined', 'what the customer said is not overruled'],
  [604, 3, 'sit-invalid-number', 'a 6xx speaks for everybody'],
  [404, undefined, 'sit-invalid-number', 'not found'],
  [404, 1, 'sit-invalid-number', 'unallocated number'],
  [404, 2, 'sit-no-circuit', 'no route to the transit network is no wrong number'],
  [404, 3, 'sit-no-circuit', 'no route is no wrong number'],
  [404, 17, 'busy', 'the cause says more'],
  [404, 38, 'sit-no-circuit', 'network out of order'],
  [404, 41, 'reorder', 'temporary failure'],
  [404, 42, 'reorder', 'congestion'],
  [410, 3, 'sit-no-circuit', 'no route'],
  [484, 34, 'sit-no-circuit', 'no circuit'],
  [484, 28, 'sit-invalid-number', 'the cause agrees'],
  [487, 34, 'sit-no-circuit', 'the network ended it, not the customer'],
  [480, 18, 'no-answer', 'no user responding'],
  [480, 19, 'no-answer', 'it rang, and nobody came'],
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
  [403, 21, 'error', 'nor does it with the cause that belongs to it'],
  [488, undefined, 'error', 'codec'],
];

describe('the SIP result table', () => {
  for (const [status, q850Cause, expected, why] of CASES) {
    const cause = q850Cause === undefined ? '' : ` with cause ${q850Cause}`;
    it(`takes ${status}${cause} for ${expected}: ${why}`, () => {
      const result = judgeFailure({ kind: 'failed', status, reason: 'x', q850Cause });
      assert.equal(answerWordOf(result.callState), expected);
      assert.match(result.why, /^(SIP|Q\.850)/);
    });
  }
});

describe('Another trunk', () => {
  const action = (status: number, q850Cause?: number, more: ResultCircumstances = {}) =>
    judgeFailure({ kind: 'failed', status, reason: 'x', q850Cause }, more).then;

  it('is tried for what means this trunk', () => {
    for (const status of [401, 403, 407, 408, 488, 500, 502, 503, 504, 580, 606])
      assert.equal(action(status), 'next-trunk', String(status));
    for (const status of [404, 410, 480, 484, 487, 503])
      for (const cause of [2, 3, 25, 34, 38, 41, 42, 44, 47])
        assert.equal(action(status, cause), 'next-trunk', `${status} with cause ${cause}`);
  });

  it('is never tried after decline, busy, an unknown number or nobody there', () => {
    for (const status of [404, 410, 480, 484, 486, 487, 600, 603, 604, 607, 608])
      assert.equal(action(status), 'by-call-state', String(status));
    for (const status of [404, 480, 484, 503])
      for (const cause of [1, 17, 18, 19, 20, 21, 22, 28])
        assert.equal(action(status, cause), 'by-call-state', `${status} with cause ${cause}`);
    for (const status of [486, 600, 603, 604, 607, 608])
      assert.equal(action(status, 34), 'by-call-state', `${status} with cause 34`);
    assert.equal(action(503, undefined, { heard: 'busy' }), 'by-call-state', 'a busy tone');
  });

  it('is never tried once a phone rang, whatever the trunk says then', () => {
    for (const rang of [{ hasRung: true }, { heard: 'ringback' } as const])
      for (const status of [408, 500, 503]) assert.equal(action(status, 34, rang), 'by-call-state');
    const { why } = judgeFailure({ kind: 'failed', status: 503, reason: '' }, { hasRung: true });
    assert.match(why, /it had rung/);
    const row = { id: 'trunkResults[0]', when: {}, then: 'next-trunk', why: 'mine' } as const;
    const rows = [{ ...row, answer: undefined }];
    assert.equal(action(503, undefined, { rows, hasRung: true }), 'by-call-state', 'own rows, too');
  });

  it('is tried after 403 with cause 21, unless a phone rang or the network says that it was the user', () => {
    const rejected = (more: ResultCircumstances, reason = 'Q.850;cause=21') => {
      const headers = { reason };
      const failure = { kind: 'failed', status: 403, reason: 'x', q850Cause: 21, headers } as const;
      const { then, callState } = judgeFailure(failure, more);
      return [then, answerWordOf(callState)];
    };
    const declined = ['by-call-state', 'declined'];
    assert.deepEqual(rejected({}), ['next-trunk', 'error']);
    assert.deepEqual(rejected({ hasRung: true }), declined);
    assert.deepEqual(rejected({ heard: 'ringback' }), declined);
    assert.deepEqual(rejected({}, 'Q.850;cause=21;text="rejected";location=U'), declined);
    assert.deepEqual(rejected({}, 'Q.850;cause=21;location=LN'), ['next-trunk', 'error']);
    const wide = { id: 'own', when: {}, then: 'next-trunk', answer: undefined, why: 'x' } as const;
    assert.deepEqual(rejected({ rows: [wide], hasRung: true }), declined);
  });

  it('is tried after the tones of a network in trouble', () => {
    assert.equal(action(503, undefined, { heard: 'reorder' }), 'next-trunk');
  });
});

describe('Rows of the configuration', () => {
  const failure = {
    kind: 'failed',
    status: 403,
    reason: 'Account Suspended',
    headers: { 'x-cause': 'No Credit left', reason: 'SIP;text="unpaid"' },
  } as const;
  const judged = (when: ResultConditions, trunk = 'a') => {
    const own: ResultRow = {
      id: 'own',
      when,
      then: 'retry-later',
      answer: 'no-answer',
      why: 'mine',
    };
    const { row, then, callState } = judgeFailure(failure, { rows: [own], trunk });
    return row === 'own' ? [then, callState] : row;
  };

  it('go before the built-in ones, and all of their conditions have to hold', () => {
    const own = ['retry-later', 7];
    assert.deepEqual(judged({ status: [400, 499] }), own);
    assert.deepEqual(judged({ status: [404, 499] }), 'status-403');
    assert.deepEqual(judged({ reasonText: 'suspended' }), own);
    assert.deepEqual(judged({ reasonText: 'UNPAID' }), own, 'or of the Reason header');
    assert.deepEqual(judged({ header: { name: 'X-Cause', text: 'no credit' } }), own);
    assert.deepEqual(judged({ header: { name: 'X-Other', text: 'no credit' } }), 'status-403');
    assert.deepEqual(judged({ trunks: ['a', 'b'] }), own);
    assert.deepEqual(judged({ trunks: ['b'] }), 'status-403');
    assert.deepEqual(judged({ status: [403, 403], q850Cause: 21 }), 'status-403');
  });

  it('try no other trunk after busy, decline or a busy tone, however wide they are', () => {
    const wide = { id: 'own', when: {}, then: 'next-trunk', answer: undefined, why: 'x' } as const;
    const then = (status: number, q850Cause?: number, heard?: EarlyMediaSound) =>
      judgeFailure({ kind: 'failed', status, reason: '', q850Cause }, { rows: [wide], heard }).then;
    for (const status of [486, 600, 603, 607, 608])
      assert.equal(then(status), 'by-call-state', String(status));
    for (const cause of [17, 21]) assert.equal(then(503, cause), 'by-call-state', `${cause}`);
    assert.equal(then(503, undefined, 'busy'), 'by-call-state');
    assert.equal(then(404), 'next-trunk', 'this carrier says 404 for what it cannot reach');
    const { why } = judgeFailure({ kind: 'failed', status: 603, reason: '' }, { rows: [wide] });
    assert.match(why, /declined, so no other trunk/);
  });

  it('name a no by its status alone or its cause, not by a range', () => {
    for (const status of [486, 600, 603, 607, 608])
      assert.equal(namesNo({ status: [status, status] }), true, String(status));
    for (const q850Cause of [17, 21]) assert.equal(namesNo({ q850Cause }), true);
    assert.equal(namesNo({ status: [600, 699] }), false);
    assert.equal(namesNo({ status: [404, 404], q850Cause: 3 }), false);
    assert.equal(namesNo({ status: [403, 403], q850Cause: 21 }), false, 'it is the trunk’s');
    assert.equal(namesNo({ status: [480, 480], q850Cause: 21 }), true);
    assert.equal(namesNo({}), false);
  });

  it('may leave the call state to the built-in ones', () => {
    const own = { id: 'own', when: {}, then: 'never-again', answer: undefined, why: 'x' } as const;
    const { callState, then } = judgeFailure(
      { kind: 'failed', status: 486, reason: '' },
      { rows: [own] },
    );
    assert.deepEqual([callState, then], [6, 'never-again']);
  });
});

/** status, Q.850 cause, what was heard, expected answer word, why */
const HEARD: [number, number | undefined, EarlyMediaSound, string, string][] = [
  [503, undefined, 'busy', 'busy', 'the network plays busy and fails the call with 503'],
  [503, undefined, 'busy-or-congestion', 'reorder', 'no busy customer causes a 503'],
  [503, 34, 'busy', 'sit-no-circuit', 'the cause is precise'],
  [480, undefined, 'busy', 'busy', 'a busy line behind a plain 480'],
  [480, 31, 'sit-vacant', 'sit-vacant', 'cause 31 says nothing'],
  [480, undefined, 'sit', 'sit', 'some information tone'],
  [480, undefined, 'announcement', 'no-answer', 'an announcement is no tone'],
  [480, undefined, 'ringback', 'no-answer', 'it rang'],
  [404, 1, 'sit-reorder', 'reorder', 'a route that is missing for the moment'],
  [404, 3, 'busy', 'sit-no-circuit', 'a cause that says why is precise with 404, too'],
  [404, undefined, 'sit-intercept', 'sit-intercept', 'the number was changed'],
  [404, undefined, 'sit', 'sit-invalid-number', '404 says more than the plain tone'],
  [486, undefined, 'reorder', 'busy', 'a precise status stands'],
  [410, undefined, 'busy', 'sit-intercept', 'a precise status stands'],
  [500, undefined, 'busy', 'error', 'only 404, 480 and 503 are open'],
];

describe('What was heard before a failure', () => {
  for (const [status, q850Cause, heard, expected, why] of HEARD) {
    const cause = q850Cause === undefined ? '' : ` with cause ${q850Cause}`;
    it(`makes ${status}${cause} after ${heard} ${expected}: ${why}`, () => {
      const result = judgeFailure({ kind: 'failed', status, reason: 'x', q850Cause }, { heard });
      assert.equal(answerWordOf(result.callState), expected);
    });
  }

  it('ends an attempt that rings only when nobody can answer any more', () => {
    const ending = Object.entries(HEARD_RESULTS).filter(([, row]) => row.none !== undefined);
    assert.deepEqual(
      ending.map(([sound]) => sound).filter((sound) => !sound.startsWith('sit')),
      ['busy', 'reorder', 'busy-or-congestion'],
    );
    for (const sound of [
      'ringback',
      'announcement',
      'music',
      'noise',
      'silence',
      'unknown',
    ] as const)
      assert.equal(answerOfSound(sound, 'none'), undefined, sound);
  });

  it('stands for a call state whatever the verdict is', () => {
    assert.equal(callStateOfVerdict('busy-or-congestion'), 6);
    assert.equal(callStateOfVerdict('music'), 28);
    assert.equal(callStateOfVerdict('machine'), 9);
  });
});
