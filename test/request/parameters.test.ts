import assert from 'node:assert/strict';
import { readParameters } from '../../src/request/parameters.js';
import { RequestProblem } from '../../src/request/problem.js';

describe('readParameters', () => {
  it('keeps text as it is and makes text of everything else', () => {
    const parameters = readParameters({ a: 'x', b: 1, c: true, d: { e: [1] }, f: null });
    assert.deepEqual(Object.fromEntries(parameters), { a: 'x', b: '1', c: 'true', d: '{"e":[1]}' });
  });

  it('refuses a value nested deeper than anybody means', () => {
    const nested = JSON.parse('['.repeat(6000) + ']'.repeat(6000)) as unknown;
    assert.throws(
      () => readParameters({ deep: nested }),
      (error: unknown) => error instanceof RequestProblem && error.status === 400,
    );
  });
});
