/** What is due and may be claimed: by whom it is waited for, how much of it, and when there will be more. */

import type { CallbackRecord } from '../../schedule/callback-store.js';
import type { DueService } from '../../schedule/due-services.js';
import { ALL_SERVICES } from '../../schedule/pauses.js';
import type { Operation } from './messages.js';
import { holdDue, pausedServices } from './pauses.js';
import { toCallback } from './rows.js';
import { all, marks, run, type Dialect, type SqlRow, type Work } from './statements.js';

/** Rows looked at in one go when few are wanted: some may be for one number. */
const CLAIM_PAGE_MIN = 20;

/** The term of the partial index `callbacks_due`, word for word, and a number nobody else holds. */
const CLAIMABLE = `claimed = 0 AND state IN ('SCHEDULED', 'QUEUED')
  AND NOT EXISTS (SELECT 1 FROM dial_locks
    WHERE dial_locks.number = callbacks.customer_number
      AND dial_locks.callback_id <> callbacks.id)`;

export function* claimDue(
  dialect: Dialect,
  { nowMs, limit, of }: Extract<Operation, { kind: 'claim-due' }>,
): Work<CallbackRecord[]> {
  if (limit < 1) return [];
  // What is claimed under a lease that has been taken over would be nobody's.
  if (dialect.holdsLease !== undefined && !(yield* dialect.holdsLease())) return [];
  yield* holdDue(nowMs);
  const [only, names] =
    of === undefined ? ['', []] : ['AND service_name = ?', [of.serviceName] as const];
  const idByNumber = new Map<string, string>();
  const page = Math.max(limit, CLAIM_PAGE_MIN);
  let last: SqlRow = { due_at_ms: of?.dueFromMs ?? Number.MIN_SAFE_INTEGER, seq: 0 };
  for (let count = page; count === page && idByNumber.size < limit;) {
    const due = yield* all(
      `SELECT id, customer_number, due_at_ms, seq FROM callbacks
       WHERE ${CLAIMABLE} ${only} AND due_at_ms <= ? AND (due_at_ms, seq) > (?, ?)
       ORDER BY due_at_ms, seq LIMIT ? ${dialect.forUpdateOfFree}`,
      ...names,
      nowMs,
      last['due_at_ms'] ?? null,
      last['seq'] ?? null,
      page,
    );
    for (const row of due) {
      const number = String(row['customer_number']);
      if (idByNumber.has(number)) continue;
      idByNumber.set(number, String(row['id']));
      if (idByNumber.size >= limit) break;
    }
    count = due.length;
    last = due.at(-1) ?? last;
  }
  const ids = [...idByNumber.values()];
  if (ids.length === 0) return [];
  yield* run(
    `UPDATE callbacks SET claimed = 1, node = ?, state = 'QUEUED', updated_at_ms = ?${dialect.asGiven}
     WHERE id IN (${marks(ids)})`,
    dialect.node,
    nowMs,
    ...ids,
  );
  const rows = yield* all(
    `SELECT * FROM callbacks WHERE id IN (${marks(ids)}) ORDER BY due_at_ms, seq`,
    ...ids,
  );
  return rows.map(toCallback);
}

/** From one name to the next in the index, however many callbacks each has. */
export function* dueServices(): Work<DueService[]> {
  const paused = new Set(yield* pausedServices());
  if (paused.has(ALL_SERVICES)) return [];
  const inIndex = `claimed = 0 AND state IN ('SCHEDULED', 'QUEUED')`;
  const rows = yield* all(
    `WITH RECURSIVE names (name) AS (
       SELECT min(service_name) FROM callbacks WHERE ${inIndex}
       UNION ALL
       SELECT (SELECT min(service_name) FROM callbacks
               WHERE ${inIndex} AND service_name > names.name)
       FROM names WHERE names.name IS NOT NULL
     )
     SELECT name, (SELECT due_at_ms FROM callbacks
                   WHERE service_name = names.name AND ${CLAIMABLE}
                   ORDER BY due_at_ms, seq LIMIT 1) AS due_at_ms
     FROM names WHERE name IS NOT NULL`,
  );
  return rows.flatMap(({ name, due_at_ms: dueAtMs }) =>
    dueAtMs === null || dueAtMs === undefined || paused.has(String(name))
      ? []
      : [{ serviceName: String(name), dueAtMs: Number(dueAtMs) }],
  );
}
