import assert from 'node:assert/strict';
import { examinePostgres } from '../../../../src/adapters/store/postgres/examine.js';
import { openPostgresStore } from '../../../../src/adapters/store/postgres/postgres-store.js';
import {
  LOCKED_DATABASE,
  sharedServer,
  stopSharedServer,
  type PrivateServer,
} from './private-server.js';

after(stopSharedServer);

describe('examinePostgres', () => {
  let server: PrivateServer;
  before(async function () {
    server = await sharedServer(this);
    await server.query(`DROP SCHEMA IF EXISTS dialback CASCADE`);
  });
  const whyNot = async (url: string): Promise<string> => {
    const error: unknown = await examinePostgres({ url }).then(
      (found) => assert.fail(found),
      (why: unknown) => why,
    );
    assert.ok(error instanceof Error);
    return error.message;
  };

  it('tells the version and who is there, and makes nothing', async () => {
    assert.match(await examinePostgres(server), /^PostgreSQL \d+\.\d+.*, tables not made yet$/);
    assert.match(await examinePostgres(server), /tables not made yet$/);
    const store = await openPostgresStore({ url: server.url });
    assert.match(await examinePostgres(server), /, 1 running$/);
    await store.close();
    assert.match(await examinePostgres(server), /, 0 running$/);
  });

  it('refuses settings that would lose what was acknowledged', async () => {
    await server.query('ALTER ROLE postgres SET synchronous_commit = off');
    try {
      assert.match(await whyNot(server.url), /synchronous_commit is off/);
    } finally {
      await server.query('ALTER ROLE postgres RESET synchronous_commit');
    }
  });

  it('says that nobody answers there, or that there is no such database', async () => {
    assert.match(await whyNot('postgres://a:secret@127.0.0.1:1/a'), /ECONNREFUSED/);
    assert.match(await whyNot(server.url.replace(/postgres$/, 'nowhere')), /"nowhere".*not exist/);
  });

  it('says that the password is wrong, without showing it', async () => {
    await server.query(`CREATE DATABASE ${LOCKED_DATABASE}`);
    await server.query(`CREATE ROLE caller LOGIN PASSWORD 'right'`);
    const { host } = new URL(server.url);
    const url = (password: string) => `postgres://caller:${password}@${host}/${LOCKED_DATABASE}`;
    assert.match(await examinePostgres({ url: url('right') }), /^PostgreSQL/);
    const why = await whyNot(url('wr0ng'));
    assert.match(why, /password authentication failed/);
    assert.ok(!why.includes('wr0ng'));
  });
});
