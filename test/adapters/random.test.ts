import assert from 'node:assert/strict';
import { systemRandom } from '../../src/adapters/random.js';

describe('the system randomness', () => {
  it('gives RFC 4122 identifiers that differ', () => {
    const random = systemRandom();
    const ids = new Set(Array.from({ length: 100 }, () => random.uuid()));
    assert.equal(ids.size, 100);
    for (const id of ids)
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('gives fractions in [0, 1) on both sides of the middle', () => {
    const random = systemRandom();
    const fractions = Array.from({ length: 200 }, () => random.fraction());
    assert.ok(fractions.every((fraction) => fraction >= 0 && fraction < 1));
    assert.ok(
      fractions.some((fraction) => fraction < 0.5) && fractions.some((fraction) => fraction > 0.5),
    );
  });
});
