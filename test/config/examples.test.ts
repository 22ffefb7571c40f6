import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { checkConfig } from '../../src/config/check-config.js';
import { loadConfig } from '../../src/config/load-config.js';

const folder = new URL('../../config/examples/', import.meta.url);
const env = {
  DRACHTIO_SECRET: 'a-secret',
  FREESWITCH_SECRET: 'a-secret',
  TRUNK_PASSWORD: 'a-secret',
  DATABASE_PASSWORD: 'a-secret',
  WEBSITE_KEY: '0123456789abcdef',
};

describe('the examples', () => {
  for (const name of readdirSync(folder)) {
    it(`load without a warning: ${name}`, async () => {
      const config = await loadConfig(new URL(name, folder).pathname, { env });
      assert.deepEqual(config.warnings, []);
      assert(Object.keys(config.services).length > 0);
    });
  }

  /** Its plugin and page are served by nobody here. */
  const needsServers = new Set(['plugin.yaml']);
  for (const name of readdirSync(folder).filter((file) => !needsServers.has(file))) {
    it(`have no findings but what their comments say: ${name}`, async () => {
      const config = await loadConfig(new URL(name, folder).pathname, { env });
      assert.deepEqual(
        (await checkConfig(config)).map(({ code, path }) => [code, path]),
        [],
      );
    });
  }

  it('show real servers with a pool, a spare trunk and keys', async () => {
    const config = await loadConfig(new URL('servers.yaml', folder).pathname, { env });
    assert.equal(config.engine, 'servers');
    assert.equal(config.drachtio?.port, 9022);
    assert.deepEqual(
      config.freeswitch.map(({ port, profile }) => [port, profile]),
      [
        [8021, 'drachtio_mrf'],
        [8021, 'drachtio_mrf'],
      ],
    );
    assert.deepEqual(
      config.trunks.map(({ priority }) => priority),
      [1, 2],
    );
    assert.equal(config.http.auth.kind, 'keys');
    assert.equal(config.store.kind, 'postgres');
  });
});
