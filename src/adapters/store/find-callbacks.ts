/**
 * Turns a `CallbackQuery` into SQL. Only fixed text goes into the statement, every value is bound.
 */

import type { CallbackQuery, CallbackRecord } from '../../schedule/callback-store.js';
import { toCallback } from './rows.js';
import type { Database, SqlValue } from './sqlite-driver.js';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

/** The callbacks that match every part of the query, newest desired time first. */
export function findCallbacks(database: Database, query: CallbackQuery): CallbackRecord[] {
  const terms: string[] = [];
  const values: SqlValue[] = [];
  const add = (term: string, ...bound: SqlValue[]): void => {
    terms.push(term);
    values.push(...bound);
  };

  if (query.customerNumber !== undefined) add('customer_number = ?', query.customerNumber);
  if (query.serviceName !== undefined) add('service_name = ?', query.serviceName);
  if (query.desiredFromMs !== undefined) add('desired_at_ms >= ?', query.desiredFromMs);
  if (query.desiredToMs !== undefined) add('desired_at_ms <= ?', query.desiredToMs);
  if (query.states !== undefined) add(`state IN (${marks(query.states)})`, ...query.states);
  if (query.notStates !== undefined) {
    add(`state NOT IN (${marks(query.notStates)})`, ...query.notStates);
  }
  for (const [key, value] of Object.entries(query.lookupKeys ?? {})) {
    add('id IN (SELECT callback_id FROM lookup_keys WHERE key = ? AND value = ?)', key, value);
  }

  const where = terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`;
  const limit = Math.min(Math.max(query.limit ?? LIMIT_DEFAULT, 1), LIMIT_MAX);
  return database
    .all(
      `SELECT * FROM callbacks ${where} ORDER BY desired_at_ms DESC, seq DESC LIMIT ?`,
      ...values,
      limit,
    )
    .map(toCallback);
}

function marks(list: readonly unknown[]): string {
  return list.map(() => '?').join(', ');
}
