import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIGRATIONS } from '../../../src/adapters/store/migrations.js';
import { migrate } from '../../../src/adapters/store/schema.js';
import { openDatabase } from '../../../src/adapters/store/sqlite-driver.js';
import { openSqliteStore } from '../../../src/adapters/store/sqlite-store.js';
import { assertUpgraded, FIRST_ROWS } from './upgrade.js';

describe('A SQLite file of another version', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-upgrade-'));
    file = join(folder, 'dialback.db');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  for (let version = 1; version < MIGRATIONS.length; version += 1) {
    it(`${version} is brought up to date and keeps its rows`, async () => {
      const database = openDatabase(file, 0);
      database.exec('PRAGMA synchronous = OFF');
      migrate(database, MIGRATIONS.slice(0, version));
      for (const sql of FIRST_ROWS) database.run(sql);
      database.close();
      const store = await openSqliteStore({ file });
      try {
        await assertUpgraded(store);
      } finally {
        await store.close();
      }
    });
  }

  it('is refused and left as it is when it is newer, with both versions named', async () => {
    const next = MIGRATIONS.length + 1;
    const database = openDatabase(file, 0);
    migrate(database, [...MIGRATIONS, 'CREATE TABLE of_tomorrow (id INTEGER PRIMARY KEY);']);
    database.close();
    await assert.rejects(openSqliteStore({ file }), {
      code: 'STORE_UNREADABLE',
      message: `The store has version ${next}; this program knows up to ${MIGRATIONS.length}.`,
    });
    const again = openDatabase(file, 0);
    assert.equal(again.get('PRAGMA user_version')?.['user_version'], next);
    assert.deepEqual(again.all('SELECT * FROM of_tomorrow'), []);
    again.close();
  });
});
