/**
 * Accepts, claims and "dials" callbacks without end, and prints each id once the store has
 * acknowledged it. Started and killed by the crash test.
 */

import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../../src/adapters/store/sqlite-store.js';
import { someCallback } from './fixtures.js';

const STDOUT = 1;
const store = await openSqliteStore({ file: process.argv[2] ?? '' });

async function acceptForever(lane: number): Promise<never> {
  for (let index = 0; ; index += 1) {
    const callback = someCallback({ id: `${lane}-${index}` });
    await store.accept(callback);
    writeSync(STDOUT, `${callback.id}\n`);
    if (index % 10 !== 0) continue;
    for (const { id } of await store.claimDue(callback.createdAtMs, 1)) {
      const attempt = { attempt: 1, callId: id, number: '1', startedAtMs: 0 };
      await store.commit(id, { dialLock: 'take', attempt }, { durable: true });
    }
  }
}

await Promise.all([0, 1, 2, 3].map(acceptForever));
