import assert from 'node:assert/strict';
import { isCredible } from '../../src/cpd/answer-rule.js';

const word = (credibility: number, mistakes = 0, speechMs = 400) => ({
  longestVowelMs: 120,
  speechMs,
  credibility,
  mistakes,
});

describe('What was taken for speech', () => {
  it('is believed to be a word while much is open, and long speech only when it is sure', () => {
    assert.ok(isCredible(word(0.62)));
    assert.ok(!isCredible(word(0.58)));
    assert.ok(!isCredible(word(0.9, 0, 2500)));
    assert.ok(isCredible(word(0.96, 0, 2500)));
  });

  it('has to be the likelier, the more often it was none, up to a limit that a clear word passes', () => {
    assert.ok(!isCredible(word(0.7, 1)));
    assert.ok(isCredible(word(0.8, 1)));
    assert.ok(!isCredible(word(0.8, 2)));
    assert.ok(!isCredible(word(0.9, 3)));
    assert.ok(isCredible(word(0.94, 3)));
    assert.ok(isCredible(word(0.94, 40)));
  });

  it('is a click without a vowel, however likely', () => {
    assert.ok(!isCredible({ ...word(0.99, 0, 90), longestVowelMs: 16 }));
  });
});
