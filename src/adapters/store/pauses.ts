/**
 * Services of which nothing is dialled. What is due of them waits as PAUSED, outside the index of what
 * can be claimed, and is QUEUED again when nothing pauses it any more.
 */

import { ALL_SERVICES } from '../../schedule/pauses.js';
import { all, get, marks, run, type Work } from './statements.js';

export function* pausedServices(): Work<string[]> {
  const rows = yield* all('SELECT service_name FROM pauses ORDER BY service_name');
  return rows.map((row) => String(row['service_name']));
}

export function* isPaused(serviceName: string): Work<boolean> {
  const row = yield* get(
    'SELECT 1 FROM pauses WHERE service_name IN (?, ?)',
    serviceName,
    ALL_SERVICES,
  );
  return row !== undefined;
}

export function* setPaused(serviceName: string, isOn: boolean, nowMs: number): Work<undefined> {
  if (isOn) {
    const sql = 'INSERT INTO pauses (service_name, at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING';
    yield* run(sql, serviceName, nowMs);
    yield* holdDue(nowMs);
    return;
  }
  yield* run('DELETE FROM pauses WHERE service_name = ?', serviceName);
  const names = yield* pausedServices();
  if (names.includes(ALL_SERVICES)) return;
  const others = names.length === 0 ? '' : `AND service_name NOT IN (${marks(names)})`;
  yield* run(
    `UPDATE callbacks SET state = CASE WHEN due_at_ms > ? THEN 'SCHEDULED' ELSE 'QUEUED' END,
       updated_at_ms = ? WHERE state = 'PAUSED' AND claimed = 0 ${others}`,
    nowMs,
    nowMs,
    ...names,
  );
}

/** Makes PAUSED of what is due and must not be claimed. @returns the paused services */
export function* holdDue(nowMs: number): Work<string[]> {
  const names = yield* pausedServices();
  if (names.length === 0) return names;
  const which = names.includes(ALL_SERVICES) ? [] : names;
  const only = which.length === 0 ? '' : `AND service_name IN (${marks(which)})`;
  yield* run(
    `UPDATE callbacks SET state = 'PAUSED', updated_at_ms = ?
     WHERE claimed = 0 AND state IN ('SCHEDULED', 'QUEUED') AND due_at_ms <= ? ${only}`,
    nowMs,
    nowMs,
    ...which,
  );
  return names;
}
