import assert from 'node:assert/strict';
import { LatestCounts } from '../../../src/adapters/store/latest-counts.js';
import type { Results } from '../../../src/adapters/store/messages.js';

describe('Counts of open callbacks', () => {
  let nowMs: number;
  let stored: number;
  let counted: number;
  let failure: Error | undefined;
  let counts: LatestCounts;

  beforeEach(() => {
    [nowMs, stored, counted, failure] = [0, 0, 0, undefined];
    const count = async (): Promise<Results['stats']> => {
      counted += 1;
      if (failure) throw failure;
      const open = [{ serviceName: 'sales', state: 'QUEUED', count: stored } as const];
      return { open, claimedCount: 0, dialLockCount: 0 };
    };
    counts = new LatestCounts(count, () => nowMs);
  });

  const asked = async () => (await counts.get()).open[0]?.count;

  it('are made anew each time while there are few', async () => {
    for (stored of [1, 2, 10_000]) assert.equal(await asked(), stored);
    assert.equal(counted, 3);
  });

  it('are kept for some seconds when there are many, and made once for all who ask then', async () => {
    stored = 1_000_000;
    assert.equal(await asked(), stored);
    stored += 1;
    nowMs = 4999;
    assert.equal(await asked(), 1_000_000);
    nowMs = 5000;
    assert.deepEqual(await Promise.all([asked(), asked(), asked()]), [stored, stored, stored]);
    assert.equal(counted, 2);
    stored = 3;
    nowMs = 10_000;
    assert.equal(await asked(), 3);
    stored = 4;
    assert.equal(await asked(), 4);
  });

  it('that failed are not kept', async () => {
    stored = 1_000_000;
    await asked();
    nowMs = 5000;
    failure = new Error('gone');
    await assert.rejects(asked(), /gone/);
    failure = undefined;
    assert.equal(await asked(), stored);
  });
});
