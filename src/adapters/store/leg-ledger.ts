/**
 * The ledger of legs on the wire, as SQL: begun before the INVITE, gone when the leg is over. What a
 * dead process left in it are orphans, which keep their numbers from being dialled for a while.
 */
import type { LegChange, LegRecord } from '../../schedule/callback-store.js';
import type { LegIdentity } from '../../ports.js';
import { all, get, run, type Dialect, type SqlRow, type Work } from './statements.js';

export function* writeLeg(
  { node }: Dialect,
  callbackId: string,
  leg: LegChange,
  atMs: number,
): Work<void> {
  switch (leg.kind) {
    case 'begun':
      // Again when nobody knows whether the first time was written: the connection broke in between.
      yield* run(
        `INSERT INTO legs (call_id, callback_id, number, begun_at_ms, rings_until_ms, node)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (call_id) DO NOTHING`,
        leg.callId,
        callbackId,
        leg.number ?? null,
        atMs,
        leg.ringsUntilMs,
        node,
      );
      return;
    case 'facts':
      yield* run(
        `UPDATE legs SET endpoint_id = coalesce(?, endpoint_id), identity = coalesce(?, identity)
         WHERE call_id = ? AND callback_id = ?`,
        leg.endpointId ?? null,
        leg.identity === undefined ? null : JSON.stringify(leg.identity),
        leg.callId,
        callbackId,
      );
      return;
    case 'over':
      // The Call-ID of a call from outside is the caller's choice, which may be that of a leg of ours.
      yield* run('DELETE FROM legs WHERE call_id = ? AND callback_id = ?', leg.callId, callbackId);
      return;
  }
}

/**
 * @param callId a leg that does not count: the one about to be begun
 * @returns the callback whose leg to this number is not over, or whose orphan may still ring there
 */
export function* legAt(number: string, atMs: number, callId: string): Work<string | undefined> {
  const row = yield* get(
    `SELECT callback_id FROM legs
     WHERE number = ? AND (is_orphan = 0 OR rings_until_ms > ?) AND call_id <> ?`,
    number,
    atMs,
    callId,
  );
  return row === undefined ? undefined : String(row['callback_id']);
}

/** The orphans that are ours to end, but for those that were known already and rang out. */
export function* takeOverLegs(dialect: Dialect, nowMs: number): Work<LegRecord[]> {
  yield* run('DELETE FROM legs WHERE is_orphan = 1 AND rings_until_ms <= ?', nowMs);
  yield* dialect.adopt();
  // With the clock set back meanwhile, a number would wait for what was only the clock.
  yield* run(
    `UPDATE legs SET rings_until_ms = ${dialect.least}(rings_until_ms,
       ? + ${dialect.greatest}(0, rings_until_ms - begun_at_ms))
     WHERE is_orphan = 1 AND node = ?`,
    nowMs,
    dialect.node,
  );
  const rows = yield* all(
    'SELECT * FROM legs WHERE is_orphan = 1 AND node = ? ORDER BY seq',
    dialect.node,
  );
  return rows.map(toLeg);
}

function toLeg(row: SqlRow): LegRecord {
  const text = (column: string): string | undefined => {
    const value = row[column];
    return typeof value === 'string' ? value : undefined;
  };
  const [number, endpointId, identity] = [text('number'), text('endpoint_id'), text('identity')];
  return {
    callId: String(row['call_id']),
    callbackId: String(row['callback_id']),
    ringsUntilMs: Number(row['rings_until_ms']),
    ...(number === undefined ? {} : { number }),
    ...(endpointId === undefined ? {} : { endpointId }),
    ...(identity === undefined ? {} : { identity: JSON.parse(identity) as LegIdentity }),
  };
}
