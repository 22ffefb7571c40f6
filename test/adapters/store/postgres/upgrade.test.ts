import assert from 'node:assert/strict';
import pg from 'pg';
import { MIGRATIONS, type Migration } from '../../../../src/adapters/store/migrations.js';
import { clientConfig } from '../../../../src/adapters/store/postgres/connections.js';
import { openPostgresStore } from '../../../../src/adapters/store/postgres/postgres-store.js';
import { LOCK, migrate } from '../../../../src/adapters/store/postgres/schema.js';
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

  it('may take as long as they need, but for the locks of others', async () => {
    const limit = (name: string) => `current_setting('${name}_timeout') AS of_${name}`;
    const step = `CREATE TABLE limits AS SELECT ${limit('statement')}, ${limit('lock')};`;
    await make([step], []);
    const [limits] = await server.query(`SELECT * FROM ${schema}.limits`);
    assert.deepEqual(limits, { of_statement: '0', of_lock: '5s' });
  });

  it('are waited for while another process brings them up to date', async function () {
    this.timeout(60_000);
    const other = new pg.Client({ connectionString: server.url });
    await other.connect();
    await other.query(`BEGIN; SELECT pg_advisory_xact_lock(${LOCK})`);
    const opening = openPostgresStore({ url: server.url, schema });
    opening.catch(() => undefined);
    // Longer than any other statement may wait.
    await other.query('SELECT pg_sleep(12)');
    await other.end();
    await (await opening).close();
  });

  it('are made in a schema that is there by whoever may make nothing else', async () => {
    await server.query(`CREATE ROLE tenant LOGIN; CREATE SCHEMA ${schema} AUTHORIZATION tenant`);
    const url = server.url.replace('postgres@', 'tenant@');
    await (await openPostgresStore({ url, schema })).close();
  });

  it('are refused when they are newer, with both versions named', async () => {
    await make([...MIGRATIONS, 'CREATE TABLE of_tomorrow (id INTEGER PRIMARY KEY);'], []);
    await assert.rejects(openPostgresStore({ url: server.url, schema }), {
      code: 'STORE_UNREADABLE',
      message: `The store has version ${MIGRATIONS.length + 1}; this program knows up to ${MIGRATIONS.length}.`,
    });
  });
});
