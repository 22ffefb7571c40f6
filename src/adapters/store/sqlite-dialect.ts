/** SQLite's words where they differ, and what is simple because one process has the file alone. */

import { all, run, type Dialect } from './statements.js';

export const SQLITE: Dialect = {
  forUpdate: '',
  forUpdateOfFree: '',
  least: 'min',
  greatest: 'max',
  nowMs: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
  // Transactions are one after the other anyway.
  *alone() {},
  node: 0,
  asGiven: '',
  *adopt() {
    yield* run('UPDATE legs SET is_orphan = 1');
  },
  // Asked at the start only: whatever is there was left by a run that is over.
  isOfTheGone: '1 = 1',
  *leftovers() {
    return yield* all(
      `SELECT * FROM callbacks WHERE claimed = 1 AND state <> 'COMPLETED' ORDER BY seq`,
    );
  },
  probe: 'INSERT INTO probe VALUES (zeroblob(65536))',
};
