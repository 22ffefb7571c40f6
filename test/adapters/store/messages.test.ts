import assert from 'node:assert/strict';
import { mayFollow, mustReachDisk, type Operation } from '../../../src/adapters/store/messages.js';
import { writtenChange } from '../../../src/adapters/store/written-change.js';
import type { Change } from '../../../src/schedule/callback-store.js';

const commit = (change: Change): Operation => ({
  kind: 'commit',
  id: 'one',
  change: writtenChange(change),
  nowMs: 0,
  isDurable: true,
});

describe('What has to be on the disk', () => {
  const over = { kind: 'over', callId: 'call-1' } as const;

  it('is every commit that is waited for, that a leg is over with the next of them', () => {
    assert.deepEqual(
      [mustReachDisk(commit({ leg: over })), mayFollow(commit({ leg: over }))],
      [true, true],
    );
    const begun = { kind: 'begun', callId: 'call-1', ringsUntilMs: 1 } as const;
    const others: Change[] = [
      { leg: begun },
      { leg: over, record: { state: 'COMPLETED' } },
      { leg: over, dialLock: 'release' },
      { record: { state: 'COMPLETED' } },
    ];
    for (const change of others) {
      assert.deepEqual([mustReachDisk(commit(change)), mayFollow(commit(change))], [true, false]);
    }
    assert.equal(mayFollow({ kind: 'probe' }), false);
  });
});
