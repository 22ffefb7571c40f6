import assert from 'node:assert/strict';
import { attach, attachedValues } from '../../src/holder/attached-values.js';

describe('what a holder attaches', () => {
  it('becomes text, within limits', () => {
    const values = {
      text: 'a',
      list: [1],
      gone: null,
      '': 'x',
      ['k'.repeat(65)]: 'x',
      long: 'x'.repeat(4097),
    };
    assert.deepEqual(attachedValues(values), { text: 'a', list: '[1]', gone: undefined });
  });

  it('says what has changed, and nothing else', () => {
    const data = { topic: 'shoes', plan: 'gold' };
    const changes = attach(data, {
      topic: undefined,
      plan: 'gold',
      colour: 'blue',
      never: undefined,
    });
    assert.deepEqual(changes, { topic: null, colour: 'blue' });
    assert.deepEqual(data, { plan: 'gold', colour: 'blue' });
  });

  it('finds room for a hundred keys and 64 K characters, however often it is asked', () => {
    const data: Record<string, string> = { own: 'stays' };
    for (let i = 0; i < 300; i++) attach(data, { [`key${i}`]: 'x' });
    assert.equal(Object.keys(data).length, 100);
    for (let i = 0; i < 99; i++) attach(data, { [`key${i}`]: 'x'.repeat(4000) });
    assert.ok(JSON.stringify(data).length < 70_000);
    assert.equal(data['own'], 'stays');
    attach(data, { own: undefined });
    assert.equal(data['own'], undefined);
    attach(data, { another: 'y' });
    assert.equal(data['another'], 'y');
  });

  it('keeps keys of the object model what they are: keys', () => {
    const data: Record<string, string> = {};
    attach(
      data,
      attachedValues(JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, unknown>),
    );
    assert.equal(data['constructor'], 'y');
    assert.equal(Object.getPrototypeOf(data), Object.prototype);
  });
});
