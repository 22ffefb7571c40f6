/** PostgreSQL's words where they differ, and what sharing the store with other processes asks for. */

import { all, get, marks, run, type Dialect } from '../statements.js';
import { LEFT, type Giving } from './given-out.js';

/** Of a row with a `node`: whoever had it is not there any more. */
const IS_NOBODYS = 'node NOT IN (SELECT token FROM nodes)';

export interface DialectParts {
  /** Told whose work becomes ours when this is committed, by their marks. */
  readonly onAdopted: (ownerIds: readonly string[]) => void;
  readonly tellCancel: NonNullable<Dialect['tellCancel']>;
}

/**
 * @param node the token of the lease in force
 * @param giving for transactions that give callbacks out
 */
export function postgresDialect(
  node: () => number,
  { onAdopted, tellCancel }: DialectParts,
  { mark, unheard }: Giving = { mark: 0, unheard: [] },
): Dialect {
  return {
    forUpdate: 'FOR UPDATE',
    forUpdateOfFree: 'FOR UPDATE SKIP LOCKED',
    least: 'least',
    greatest: 'greatest',
    nowMs: 'floor(extract(epoch FROM clock_timestamp()) * 1000)::BIGINT',
    *alone(name) {
      yield* get('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', `dialback ${name}`);
    },
    get node() {
      return node();
    },
    /**
     * The row lock keeps others from taking over before the transaction has ended; a renewal, which
     * does not touch the key, goes on meanwhile.
     */
    *holdsLease() {
      const row = yield* get(
        'SELECT 1 FROM nodes WHERE token = ? AND lease_until > now() FOR KEY SHARE',
        node(),
      );
      return row !== undefined;
    },
    tellCancel,
    asGiven: `, is_left = ${mark}`,
    /** From now on all of it is ours, and should we die, somebody else's in the same way. */
    *adopt() {
      const gone = yield* all(
        `DELETE FROM nodes WHERE token IN
           (SELECT token FROM nodes WHERE lease_until < now() AND token <> ? FOR UPDATE SKIP LOCKED)
         RETURNING owner_id`,
        node(),
      );
      yield* run(`UPDATE legs SET is_orphan = 1, node = ? WHERE ${IS_NOBODYS}`, node());
      yield* run(
        `UPDATE callbacks SET is_left = 1, node = ? WHERE claimed = 1 AND ${IS_NOBODYS}`,
        node(),
      );
      // Whoever lost a lease and has another ended what it had, and goes on under the same mark.
      const alive = yield* all('SELECT DISTINCT owner_id FROM nodes WHERE lease_until > now()');
      const isAlive = new Set(alive.map((row) => row['owner_id']));
      const ownerIds = gone.map((row) => row['owner_id']).filter((id) => !isAlive.has(id ?? null));
      onAdopted(ownerIds.map(String));
    },
    isOfTheGone: IS_NOBODYS,
    /** A claim that is about to be committed still has its lease's row: that is waited for. */
    *leftovers() {
      if (unheard.length > 0) yield* get('SELECT 1 FROM nodes WHERE token = ? FOR UPDATE', node());
      const states = [LEFT, ...unheard];
      const isLeft = `claimed = 1 AND node = ? AND is_left IN (${marks(states)})`;
      const rows = yield* all(
        `SELECT * FROM callbacks WHERE ${isLeft} AND state <> 'COMPLETED' ORDER BY seq`,
        ...[node(), ...states],
      );
      yield* run(`UPDATE callbacks SET is_left = ? WHERE ${isLeft}`, mark, node(), ...states);
      return rows;
    },
    probe: "INSERT INTO probe VALUES (decode(repeat('00', 65536), 'hex'))",
  };
}
