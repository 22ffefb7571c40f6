import assert from 'node:assert/strict';
import { ladderOf } from '../../src/request/ladder.js';

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
});
