import assert from 'node:assert/strict';
import { locate } from '../../src/holder/prompt-run.js';

const list = (...lengths: readonly (number | undefined)[]) =>
  lengths.map((lengthMs) => ({ lengthMs }));

describe('where a list of prompts was stopped', () => {
  it('is in the first prompt that was not heard to its end', () => {
    const found = locate(list(2000, 300, 4000), 2910);
    assert.deepEqual(found, { playedMs: 2910, promptIndex: 2, promptPlayedMs: 610 });
    assert.equal(locate(list(2000, 300), 2000).promptIndex, 1);
    assert.equal(locate(list(2000, 300), 0).promptIndex, 0);
  });

  it('is at the end of the last when more was heard than there is', () => {
    const found = locate(list(1000, 1000), 5000);
    assert.deepEqual(found, { playedMs: 2000, promptIndex: 1, promptPlayedMs: 1000 });
  });

  it('is in a prompt of unknown length as far as that may be', () => {
    const found = locate(list(1000, undefined, 500), 5000);
    assert.deepEqual(found, { playedMs: 5000, promptIndex: 1, promptPlayedMs: 4000 });
  });
});
