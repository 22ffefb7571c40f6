import assert from 'node:assert/strict';
import { spoken } from '../../src/treatment/fragments.js';

const numbers = { 3: ['three.wav'], 21: ['twenty.wav', 'one.wav'] };

describe('spoken', () => {
  it('puts a sentence together, numbers in the files that speak them', () => {
    const pieces = ['you-are.wav', '{position}', 'in-line.wav'];
    const said = spoken(pieces, { position: 21 }, numbers);
    assert.deepEqual(said, ['you-are.wav', 'twenty.wav', 'one.wav', 'in-line.wav']);
  });

  it('says nothing rather than a sentence with a hole', () => {
    const pieces = ['you-are.wav', '{position}'];
    assert.equal(spoken(pieces, { position: 4 }, numbers), undefined);
    assert.equal(spoken(pieces, { position: undefined }, numbers), undefined);
    assert.equal(spoken(['{constructor}'], {}, numbers), undefined);
  });
});
