import { openPostgresStore } from '../../../../src/adapters/store/postgres/postgres-store.js';
import type { CallbackStore } from '../../../../src/schedule/callback-store.js';
import { describeStore } from '../conformance.js';
import { emptyTables } from './empty-tables.js';
import { sharedServer, stopSharedServer, type PrivateServer } from './private-server.js';

after(stopSharedServer);

describe('PostgreSQL behind the store interface', () => {
  let server: PrivateServer;
  let store: CallbackStore | undefined;
  const schema = 'conformance';
  // Work is looked for now and then; a test counts how often it is told of it.
  const open = () =>
    openPostgresStore({ url: server.url, schema, leaseMs: 300_000, tickMs: 60_000 });

  before(async function () {
    server = await sharedServer(this);
  });
  after(() => store?.close());

  // Connecting and migrating for each test would be most of the suite's time.
  describeStore('The PostgreSQL store', async () => {
    if (store?.isWritable) await emptyTables(server, schema);
    else store = await open();
    return {
      store,
      async reopen() {
        await store?.close();
        store = await open();
        return store;
      },
      async dispose() {
        if (store?.isWritable) return;
        await emptyTables(server, schema);
      },
    };
  });
});
