import assert from 'node:assert/strict';
import type { HeardCall } from '../../src/farend/far-end.js';
import type { AttemptRecord, CallbackRecord } from '../../src/schedule/callback-store.js';
import type { Verdict } from '../crash/verdict.js';
import { findings, type Evidence } from './findings.js';

const CLEAN: Verdict = {
  lost: [],
  strayInvites: [],
  overlaps: [],
  undecided: [],
  nodeLostCount: 0,
};
const FAULT = { n: 1, name: 'kill freeswitch', atMs: 100_000, healedAtMs: 103_000, callsUp: 4 };

const callback = (reason: string) =>
  ({ id: 'cb', reason, customerNumber: '+447700900000' }) as CallbackRecord;
const attempt = (startedAtMs: number, endedAtMs: number) =>
  ({ callbackId: 'cb', callId: 'call', startedAtMs, endedAtMs }) as AttemptRecord;
const call = (startedAtEpochMs: number, endedAtMs?: number) =>
  ({
    callId: 'call',
    userPart: '447700900000',
    startedAtEpochMs,
    ladder: [],
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
  }) as unknown as HeardCall;

function found(evidence: Partial<Evidence>): string[] {
  const whole: Evidence = {
    ...{ verdict: CLEAN, callbacks: [], attempts: [], calls: [], channels: [] },
    ...{ periods: [FAULT], maxAttempts: 6, partyOf: () => 'human' as const },
    ...evidence,
  };
  return findings(whole).map(({ what }) => what);
}

describe('the findings of a fault campaign', () => {
  it('are none when everything ended as it has to', () => {
    const evidence = {
      callbacks: [callback('AGENT_CONNECTED')],
      attempts: [attempt(10_000, 20_000)],
      calls: [call(10_000, 10_000)],
    };
    assert.deepEqual(found(evidence), []);
  });

  it('name a reason that no fault explains, and take it where one does', () => {
    const callbacks = [callback('FAIL_TARGET_NOT_FOUND')];
    assert.deepEqual(found({ callbacks, attempts: [attempt(10_000, 20_000)] }), [
      'human ended as FAIL_TARGET_NOT_FOUND after 1 attempts, no fault near',
    ]);
    assert.deepEqual(found({ callbacks, attempts: [attempt(90_000, 101_000)] }), []);
  });

  it('name a human who was given up before the limit, faults or not', () => {
    const callbacks = [callback('FAIL_CALL_TO_CUSTOMER')];
    assert.equal(found({ callbacks, attempts: [attempt(90_000, 101_000)] }).length, 1);
    const attempts = Array.from({ length: 6 }, () => attempt(90_000, 101_000));
    assert.deepEqual(found({ callbacks, attempts }), []);
  });

  it('name a leg that outlives its fault by more than 35 s, or that never ends', () => {
    assert.deepEqual(found({ calls: [call(99_000, 38_500)] }), []);
    assert.match(found({ calls: [call(99_000, 39_500)] })[0] ?? '', /lived on for 35500 ms/);
    assert.match(found({ calls: [call(99_000)] })[0] ?? '', /lived on to the end/);
  });

  it('pass on what the two witnesses say, and the channels that are left', () => {
    const verdict = { ...CLEAN, lost: ['cb'], overlaps: ['+44: a, b'], undecided: ['cb/2'] };
    assert.deepEqual(found({ verdict, channels: ['a,b'] }), [
      'not completed',
      'two legs at one number: +44: a, b',
      'attempt without an outcome: cb/2',
      'channel left on FreeSWITCH: a,b',
    ]);
  });
});
