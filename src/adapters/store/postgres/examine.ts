/** For `doctor`: is the PostgreSQL there, are its settings safe, and whose clock is how far off? */

import pg from 'pg';
import { clientConfig } from './connections.js';

/** Above this, one process would dial noticeably earlier than another. */
const CLOCK_SKEW_MAX_MS = 2000;
const SCHEMA = 'dialback';

interface Facts {
  readonly version: string;
  readonly fsync: string;
  readonly commit: string;
  readonly is_standby: boolean;
  readonly now_ms: number;
  readonly has_tables: boolean;
}

/**
 * Changes nothing. @returns what was found
 * @throws Error with a sentence saying what is wrong; the URL, which may hold a password, is not in it
 */
export async function examinePostgres({ url }: { readonly url: string }): Promise<string> {
  const client = new pg.Client(clientConfig({ url, schema: SCHEMA }));
  await client.connect();
  try {
    const sentAtMs = Date.now();
    const { rows } = await client.query<Facts>(
      `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
         current_setting('synchronous_commit') AS commit, pg_is_in_recovery() AS is_standby,
         (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms,
         to_regclass('callbacks') IS NOT NULL AS has_tables`,
    );
    const facts = rows[0];
    if (facts === undefined) throw new Error('the server said nothing');
    refuseUnsafe(facts);
    const skewMs = Math.abs(facts.now_ms - (sentAtMs + Date.now()) / 2);
    if (skewMs > CLOCK_SKEW_MAX_MS) {
      throw new Error(`the server's clock and ours are ${Math.round(skewMs)} ms apart`);
    }
    const nodes = facts.has_tables ? `${await countNodes(client)} running` : 'tables not made yet';
    return `PostgreSQL ${facts.version}, ${nodes}`;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function refuseUnsafe({ fsync, commit, is_standby: isStandby }: Facts): void {
  if (isStandby) throw new Error('the server is a standby, which cannot be written');
  if (fsync !== 'on') throw new Error('fsync is off: a power cut would lose what was acknowledged');
  if (commit === 'off') {
    throw new Error('synchronous_commit is off: a power cut would lose what was acknowledged');
  }
}

async function countNodes(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*) AS count FROM nodes WHERE lease_until > now()',
  );
  return rows[0]?.count ?? 0;
}
