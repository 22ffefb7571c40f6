import assert from 'node:assert/strict';
import pg from 'pg';
import { MIGRATIONS, type Migration } from '../../../../src/adapters/store/migrations.js';
import { clientConfig } from '../../../../src/adapters/store/postgres/connections.js';
import { openPostgresStore } from '../../../../src/adapters/store/postgres/postgres-store.js';
import { migrate } from '../../../../src/adapters/store/postgres/schema.js';
import { assertUpgraded, FIRST_ROWS } from '../upgrade.js';
import { sharedServer, stopSharedServer, type PrivateServer } from './private-server.js';

after(stopSharedServer);

describe('PostgreSQL tables of another version', () => {
  const schema = 'of_another_version';
  /** Tables have a column for the process that owns a row from this version on. */
  const OWNERS = 9;
  let server: PrivateServer;
  before(async function () {
    server = await sharedServer(this);
  });
  afterEach(() => server.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));

  const make = async (steps: readonly Migration[], rows: readonly string[]): Promise<void> => {
    const client = new pg.Client(clientConfig({ url: server.url, schema }));
    await client.connect();
    try {
      await migrate(client, schema, steps);
      for (const sql of rows) await client.query(sql);
    } finally {
      await client.end();
    }
  };

  for (let version = OWNERS; version < MIGRATIONS.length; version += 1) {
    it(`${version} are brought up to date and keep their rows`, async () => {
      await make(MIGRATIONS.slice(0, version), FIRST_ROWS);
      const store = await openPostgresStore({ url: server.url, schema });
      try {
        // What nobody's lease covers is a dead process'.
        await store.takeOverLegs(0);
        await assertUpgraded(store);
      } finally {
        await store.close();
      }
    });
  }

  it('are refused when they are newer, with both versions named', async () => {
    await make([...MIGRATIONS, 'CREATE TABLE of_tomorrow (id INTEGER PRIMARY KEY);'], []);
    await assert.rejects(openPostgresStore({ url: server.url, schema }), {
      code: 'STORE_UNREADABLE',
      message: `The store has version ${MIGRATIONS.length + 1}; this program knows up to ${MIGRATIONS.length}.`,
    });
  });
});
