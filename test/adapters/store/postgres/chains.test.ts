import assert from 'node:assert/strict';
import { chainsOf } from '../../../../src/adapters/store/postgres/chains.js';
import type { Operation } from '../../../../src/adapters/store/messages.js';
import { someCallback } from '../fixtures.js';

const accept = (id: string, more: Partial<Extract<Operation, { kind: 'accept' }>> = {}) =>
  ({ kind: 'accept', callback: someCallback({ id }), limits: {}, ...more }) as const;
const commit = (id: string) =>
  ({ kind: 'commit', id, change: {}, nowMs: 0, isDurable: true }) as const;

describe('operations of one transaction', () => {
  it('go side by side when they are about different callbacks', () => {
    assert.deepEqual(chainsOf([accept('a'), accept('b')]), [[0], [1]]);
    assert.deepEqual(chainsOf([commit('a'), commit('b')]), [[0], [1]]);
  });

  it('follow each other when they are about one callback', () => {
    assert.deepEqual(chainsOf([commit('a'), commit('b'), commit('a')]), [[0, 2], [1]]);
  });

  it('follow each other when a limit or a key looks at what the others write', () => {
    const limited = [
      accept('a', { limits: { queuedMax: 1 } }),
      accept('b'),
      accept('c', { limits: { counters: [{ key: 'k', max: 1, endsAtMs: 1 }] } }),
      accept('d', { idempotencyKey: 'same' }),
    ];
    assert.deepEqual(chainsOf(limited), [[0, 2, 3], [1]]);
  });
});
