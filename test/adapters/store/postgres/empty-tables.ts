import { TABLES_OF_A_CALLBACK } from '../../../../src/adapters/store/operations.js';
import type { PrivateServer } from './private-server.js';

/** As if nothing had ever been asked for; the processes that share the store stay known. */
export async function emptyTables(server: PrivateServer, schema: string): Promise<void> {
  const tables = ['callbacks', 'limit_counters', ...TABLES_OF_A_CALLBACK].map(
    (table) => `${schema}.${table}`,
  );
  await server.query(`TRUNCATE ${tables.join(', ')}`);
}
