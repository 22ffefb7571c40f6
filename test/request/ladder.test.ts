import assert from 'node:assert/strict';
import { ladderOf, mediaOf } from '../../src/request/ladder.js';
import type { LegRole, TrailEntry } from '../../src/report/trail.js';

const base = { callbackId: 'c', number: '915550001', startedAtMs: 100 };
const show = (attempts: Parameters<typeof ladderOf>[0]): string[] =>
  ladderOf(attempts).map(({ atMs, attempt, direction, message }) =>
    [atMs, attempt, direction, message].join(' '),
  );

describe('The ladder of a callback', () => {
  it('shows request and final response of a call that was refused', () => {
    const busy = { sipStatus: 486, sipReason: 'Busy Here', q850Cause: 17, endedAtMs: 300 };
    assert.deepEqual(show([{ ...base, attempt: 1, callId: 'x', ...busy }]), [
      '100 1 -> INVITE 915550001',
      '300 1 <- 486 Busy Here',
    ]);
  });

  it('shows answer and end of a call, and does not say who ended it', () => {
    const call = { answeredAtMs: 200, endedAtMs: 900, q850Cause: 16, sipStatus: 200 };
    assert.deepEqual(show([{ ...base, attempt: 1, callId: 'x', ...call }]), [
      '100 1 -> INVITE 915550001',
      '200 1 <- 200 OK',
      '900 1 -- call ended (Q.850 16)',
    ]);
  });

  it('orders several attempts by time and names what was lost', () => {
    const lost = { ...base, attempt: 1, callId: 'x', endedAtMs: 400, outcome: 'NODE_LOST' };
    const open = { ...base, attempt: 2, callId: 'y', startedAtMs: 500 };
    assert.deepEqual(show([open, lost]), [
      '100 1 -> INVITE 915550001',
      '400 1 -- ended without a final response (NODE_LOST)',
      '500 2 -> INVITE 915550001',
    ]);
  });

  describe('with a trail', () => {
    const attempts = [
      { ...base, attempt: 1, callId: 'x', endedAtMs: 900, outcome: 'NODE_LOST' },
      { ...base, attempt: 2, callId: 'y', startedAtMs: 1000, answeredAtMs: 1100 },
    ];
    const wire = (callId: string, atMs: number, message: string, leg: LegRole = 'customer') =>
      ({ kind: 'sip', leg, callId, atMs, direction: '->', message, cseq: '1 INVITE' }) as const;
    const trail: TrailEntry[] = [
      wire('x', 101, 'INVITE'),
      wire('y', 1001, 'INVITE'),
      wire('z', 1200, 'INVITE', 'agent'),
      { kind: 'media', leg: 'agent', callId: 'z', atMs: 1300, what: 'endpoint' },
    ];

    it('shows what was on the wire instead, agents with the attempt that had the customer', () => {
      const lines = ladderOf(attempts, trail).map(({ atMs, attempt, leg, message }) =>
        [atMs, attempt, leg, message].join(' '),
      );
      assert.deepEqual(lines, [
        '101 1 customer INVITE',
        '900 1 customer ended without a final response (NODE_LOST)',
        '1001 2 customer INVITE',
        '1200 2 agent INVITE',
      ]);
    });

    it('keeps what was done to the media apart', () => {
      assert.deepEqual(mediaOf(attempts, trail), [
        { atMs: 1300, attempt: 2, leg: 'agent', what: 'endpoint', detail: undefined },
      ]);
    });
  });
});
