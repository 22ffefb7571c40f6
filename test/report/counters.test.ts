import assert from 'node:assert/strict';
import { Counters } from '../../src/report/counters.js';

describe('Counters', () => {
  it('counts each name by itself, and nothing that has not happened', () => {
    const counters = new Counters();
    assert.deepEqual(counters.all(), {});
    counters.add('treatment-missing');
    counters.add('treatment-missing');
    counters.add('callback-ended');
    assert.deepEqual(counters.all(), { 'treatment-missing': 2, 'callback-ended': 1 });
  });
});
