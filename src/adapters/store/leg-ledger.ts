/**
 * The ledger of legs on the wire, as SQL: begun before the INVITE, gone when the leg is over. What a
 * dead process left in it are orphans, which keep their numbers from being dialled for a while.
 */
import type { LegChange, LegRecord } from '../../schedule/callback-store.js';
import type { LegIdentity } from '../../ports.js';
import type { Database, SqlRow } from './sqlite-driver.js';

export function writeLeg(
  database: Database,
  callbackId: string,
  leg: LegChange,
  atMs: number,
): void {
  switch (leg.kind) {
    case 'begun':
      database.run(
        `INSERT INTO legs (call_id, callback_id, number, begun_at_ms, rings_until_ms)
         VALUES (?, ?, ?, ?, ?)`,
        leg.callId,
        callbackId,
        leg.number ?? null,
        atMs,
        leg.ringsUntilMs,
      );
      return;
    case 'facts':
      database.run(
        `UPDATE legs SET endpoint_id = coalesce(?, endpoint_id), identity = coalesce(?, identity)
         WHERE call_id = ?`,
        leg.endpointId ?? null,
        leg.identity === undefined ? null : JSON.stringify(leg.identity),
        leg.callId,
      );
      return;
    case 'over':
      database.run('DELETE FROM legs WHERE call_id = ?', leg.callId);
      return;
  }
}

/** @returns the callback whose leg to this number is not over, or whose orphan may still ring there */
export function legAt(database: Database, number: string, atMs: number): string | undefined {
  const row = database.get(
    `SELECT callback_id FROM legs
     WHERE number = ? AND (is_orphan = 0 OR rings_until_ms > ?)`,
    number,
    atMs,
  );
  return row === undefined ? undefined : String(row['callback_id']);
}

/** Makes an orphan of every leg and returns them, but for those that were one and rang out. */
export function takeOverLegs(database: Database, nowMs: number): LegRecord[] {
  database.run('DELETE FROM legs WHERE is_orphan = 1 AND rings_until_ms <= ?', nowMs);
  // With the clock set back meanwhile, a number would wait for what was only the clock.
  database.run(
    `UPDATE legs SET is_orphan = 1,
       rings_until_ms = min(rings_until_ms, ? + max(0, rings_until_ms - begun_at_ms))`,
    nowMs,
  );
  return database.all('SELECT * FROM legs ORDER BY seq').map(toLeg);
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
