import assert from 'node:assert/strict';
import { locate } from '../../src/holder/prompt-run.js';

const list = (...lengths: readonly (number | undefined)[]) =>
  lengths.map((lengthMs) => ({ lengthMs }));

describe('where a list of prompts was stopped', () => {
  it('is the media server’s count in the file that the clock points at', () => {
    const found = locate(list(2000, 300, 4000), 2950, 610);
    assert.deepEqual(found, { playedMs: 2910, promptIndex: 2, promptPlayedMs: 610 });
  });

  it('does not trust the clock where it is off by less than a prompt', () => {
    assert.equal(locate(list(2000, 2000), 1950, 20).playedMs, 2020);
    assert.equal(locate(list(2000, 2000), 2050, 1990).playedMs, 1990);
  });

  it('is the clock’s guess when the media server said nothing', () => {
    const found = locate(list(2000, 1000), 2400, undefined);
    assert.deepEqual(found, { playedMs: 2400, promptIndex: 1, promptPlayedMs: 400 });
  });

  it('ends in the last prompt when more was heard than there is', () => {
    assert.equal(locate(list(1000, 1000), 5000, undefined).playedMs, 2000);
    assert.equal(locate(list(undefined), 700, 650).playedMs, 650);
  });
});
