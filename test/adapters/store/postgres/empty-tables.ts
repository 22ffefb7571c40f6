import { CLEANED_TABLES } from '../fixtures.js';
import type { PrivateServer } from './private-server.js';

/** As if nothing had ever been asked for; the processes that share the store stay known. */
export async function emptyTables(server: PrivateServer, schema: string): Promise<void> {
  const tables = CLEANED_TABLES.map((table) => `${schema}.${table}`);
  await server.query(`TRUNCATE ${tables.join(', ')}`);
}
