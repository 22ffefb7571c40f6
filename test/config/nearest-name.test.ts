import assert from 'node:assert/strict';
import fc from 'fast-check';
import { editDistance, nearestName } from '../../src/config/nearest-name.js';

describe('nearestName', () => {
  const names = ['_max_dial_attempts', '_dial_retry_timeout', 'queue', 'trunks', '_ttl'];
  for (const [written, meant] of [
    ['_max_dial_attemps', '_max_dial_attempts'],
    ['maxDialAttempts', '_max_dial_attempts'],
    ['dial-retry-timeout', '_dial_retry_timeout'],
    ['queues', 'queue'],
    ['truncs', 'trunks'],
    ['ttl', '_ttl'],
    ['frobnicate', undefined],
    ['x'.repeat(1000), undefined],
  ] as const) {
    it(`takes ${written.slice(0, 20)} for ${meant ?? 'nothing it knows'}`, () => {
      assert.equal(nearestName(written, names), meant);
    });
  }

  it('counts a swap of neighbours as one step', () => {
    assert.equal(editDistance('queue', 'qeuue'), 1);
    assert.equal(editDistance('kitten', 'sitting'), 3);
    assert.equal(editDistance('', 'abc'), 3);
  });

  it('measures the same both ways, and no more than the longer word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance, editDistance(b, a));
        assert(distance <= Math.max(a.length, b.length));
        assert.equal(distance === 0, a === b);
      }),
    );
  });
});
