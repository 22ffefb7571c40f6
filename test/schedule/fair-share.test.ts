import assert from 'node:assert/strict';
import { FairShare } from '../../src/schedule/fair-share.js';

describe('FairShare', () => {
  const take = (shares: FairShare, wanting: { name: string; weight: number }[], count: number) => {
    const got: Record<string, number> = {};
    for (let n = 0; n < count; n += 1) {
      const [next] = shares.inOrder(wanting);
      assert.ok(next);
      shares.got(next.name, next.weight);
      got[next.name] = (got[next.name] ?? 0) + 1;
    }
    return got;
  };

  it('gives each in proportion to its weight', () => {
    const wanting = ['a', 'b', 'c'].map((name, index) => ({ name, weight: index + 1 }));
    assert.deepEqual(take(new FairShare(), wanting, 600), { a: 100, b: 200, c: 300 });
  });

  it('lets nobody save up while they want nothing, and starves nobody who comes anew', () => {
    const shares = new FairShare();
    const a = { name: 'a', weight: 1 };
    take(shares, [a], 1000);
    const { b = 0 } = take(shares, [a, { name: 'b', weight: 1 }], 10);
    assert.ok(b >= 4 && b <= 7, `${b} of 10`);
  });
});
