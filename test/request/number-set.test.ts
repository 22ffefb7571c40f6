import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NumberSet } from '../../src/request/number-set.js';

describe('NumberSet', () => {
  it('has what was added and nothing else, as a set of texts has', () => {
    const number = fc.stringMatching(/^\+[1-9][0-9]{2,14}$/);
    fc.assert(
      fc.property(fc.array(number, { maxLength: 300 }), fc.array(number), (added, others) => {
        const texts = new Set(added);
        const numbers = new NumberSet();
        for (const one of added) assert.ok(numbers.add(one));
        assert.equal(numbers.size, texts.size);
        for (const one of [...added, ...others]) assert.equal(numbers.has(one), texts.has(one));
      }),
    );
  });

  it('takes nothing that is not E.164', () => {
    const numbers = new NumberSet();
    for (const text of [
      '',
      '0',
      '+0123',
      '442079460123',
      '+1234567890123456',
      '+12a',
      'Infinity',
    ]) {
      assert.equal(numbers.add(text), false, text);
      assert.equal(numbers.has(text), false, text);
    }
    assert.equal(numbers.size, 0);
  });

  it('takes a hundred thousand numbers in a row in less than 40 bytes each', () => {
    const before = process.memoryUsage().arrayBuffers;
    const numbers = new NumberSet();
    for (let n = 0; n < 100_000; n += 1) numbers.add(`+49301${String(n).padStart(7, '0')}`);
    assert.equal(numbers.size, 100_000);
    const bytes = process.memoryUsage().arrayBuffers - before;
    assert.ok(bytes < 4_000_000, `${bytes} bytes`);
    assert.ok(numbers.has('+493010099999'));
    assert.equal(numbers.has('+493010100000'), false);
  });
});
