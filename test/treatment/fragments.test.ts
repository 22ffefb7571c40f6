import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
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

  it('reads numbers in the packaged English where no files of their own are named', () => {
    const said = spoken(['you-are.wav', '{position}'], { position: 121 }, {});
    const number = ['1', 'hundred', '20', '1'].map((name) => `say/en/${name}.wav`);
    assert.deepEqual(said, ['you-are.wav', ...number]);
    const packaged = join(import.meta.dirname, '../../media');
    for (let position = 0; position < 1100; position++) {
      for (const file of spoken(['{position}'], { position }, {}) ?? ['none']) {
        assert.ok(existsSync(join(packaged, file)), `${position}: ${file}`);
      }
    }
  });
});
