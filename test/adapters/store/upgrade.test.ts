import assert from 'node:assert/strict';
import { mkdtemp, rename, rm } from 'node:fs/promises';
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

  it('goes back by the copy that was made before the upgrade', async () => {
    const old = MIGRATIONS.slice(0, -1);
    const rows = 'SELECT id, state, user_data FROM callbacks ORDER BY id';
    const database = openDatabase(file, 0);
    migrate(database, old);
    for (const sql of FIRST_ROWS) database.run(sql);
    const before = database.all(rows);
    const copy = join(folder, 'copy.db');
    // What `.backup` does, while it runs.
    database.exec(`VACUUM INTO '${copy}'`);
    database.close();
    const store = await openSqliteStore({ file });
    await assertUpgraded(store);
    await store.close();
    const newer = openDatabase(file, 0);
    assert.throws(() => migrate(newer, old), { code: 'STORE_UNREADABLE' });
    newer.close();
    for (const end of ['-wal', '-shm']) await rm(file + end, { force: true });
    await rename(copy, file);
    const again = openDatabase(file, 0);
    migrate(again, old);
    assert.deepEqual(again.all(rows), before);
    assert.equal(again.get('PRAGMA user_version')?.['user_version'], old.length);
    again.close();
  });

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
