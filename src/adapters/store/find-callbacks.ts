/**
 * Turns a `CallbackQuery` into SQL. Only fixed text goes into the statement, every value is bound.
 */

import type { CallbackQuery, CallbackRecord } from '../../schedule/callback-store.js';
import { toCallback } from './rows.js';
import { all, marks, type SqlValue, type Work } from './statements.js';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

const BY_DESIRED_TIME = { column: 'desired_at_ms', next: '<', way: 'DESC' } as const;
const BY_END = { column: 'completed_at_ms', next: '>', way: 'ASC' } as const;

/** The callbacks that match every part of the query, newest desired time first. */
export function* findCallbacks(query: CallbackQuery): Work<CallbackRecord[]> {
  // A list without an entry matches nothing; not every database takes `IN ()`.
  const { serviceNames, states, reasons } = query;
  if ([serviceNames, states, reasons].some((list) => list?.length === 0)) return [];
  const terms: string[] = [];
  const values: SqlValue[] = [];
  const add = (term: string, ...bound: SqlValue[]): void => {
    terms.push(term);
    values.push(...bound);
  };

  if (query.customerNumber !== undefined) add('customer_number = ?', query.customerNumber);
  if (query.serviceName !== undefined) add('service_name = ?', query.serviceName);
  if (serviceNames) add(`service_name IN (${marks(serviceNames)})`, ...serviceNames);
  if (query.desiredFromMs !== undefined) add('desired_at_ms >= ?', query.desiredFromMs);
  if (query.desiredToMs !== undefined) add('desired_at_ms <= ?', query.desiredToMs);
  if (states) add(`state IN (${marks(states)})`, ...states);
  if (query.notStates !== undefined && query.notStates.length > 0) {
    add(`state NOT IN (${marks(query.notStates)})`, ...query.notStates);
  }
  for (const [key, value] of Object.entries(query.lookupKeys ?? {})) {
    add('id IN (SELECT callback_id FROM lookup_keys WHERE key = ? AND value = ?)', key, value);
  }
  for (const [key, unwanted] of Object.entries(query.notLookupKeys ?? {})) {
    if (unwanted.length === 0) continue;
    const among = `value IN (${marks(unwanted)})`;
    const holders = `SELECT callback_id FROM lookup_keys WHERE key = ? AND ${among}`;
    add(`id NOT IN (${holders})`, key, ...unwanted);
  }
  if (reasons) add(`reason IN (${marks(reasons)})`, ...reasons);
  const { completedFromMs, completedToMs } = query;
  const isByEnd = completedFromMs !== undefined || completedToMs !== undefined;
  if (isByEnd) add('completed_at_ms IS NOT NULL AND completed_at_ms >= ?', completedFromMs ?? 0);
  if (completedToMs !== undefined) add('completed_at_ms < ?', completedToMs);
  const order = isByEnd ? BY_END : BY_DESIRED_TIME;
  if (query.after !== undefined) {
    const last = `SELECT ${order.column}, seq FROM callbacks WHERE id = ?`;
    add(`(${order.column}, seq) ${order.next} (${last})`, query.after);
  }

  const where = terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`;
  const limit = Math.min(Math.max(query.limit ?? LIMIT_DEFAULT, 1), LIMIT_MAX);
  const rows = yield* all(
    `SELECT * FROM callbacks ${where}
     ORDER BY ${order.column} ${order.way}, seq ${order.way} LIMIT ?`,
    ...values,
    limit,
  );
  return rows.map(toCallback);
}
