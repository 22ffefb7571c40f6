/** What a store of an earlier version holds, and what has to be left of it after an upgrade. */
import assert from 'node:assert/strict';
import type { CallbackStore } from '../../../src/schedule/callback-store.js';
import { Bench, NOON_MS } from './fixtures.js';

/** Rows as the first version had them: a callback that waits, and one whose process died in a call. */
export const FIRST_ROWS = [
  ...(['waits', 'calls'] as const).map(
    (id) => `INSERT INTO callbacks (id, service_name, customer_number, created_at_ms, desired_at_ms,
        expires_at_ms, user_data, lookup_keys, request_options, state, due_at_ms, claimed,
        updated_at_ms)
      VALUES ('${id}', 'sales', '+1555-${id}', 1, ${NOON_MS}, ${NOON_MS + 1}, '{"product":"kettle"}',
        '{"order":"12"}', '{}', 'QUEUED', ${NOON_MS}, ${id === 'calls' ? 1 : 0}, 1)`,
  ),
  "INSERT INTO lookup_keys VALUES ('order', '12', 'waits')",
  `INSERT INTO attempts (callback_id, attempt, call_id, number, started_at_ms)
    VALUES ('calls', 1, 'call-1', '+1555-calls', ${NOON_MS})`,
  "INSERT INTO dial_locks (number, callback_id) VALUES ('+1555-calls', 'calls')",
  "INSERT INTO idempotency_keys VALUES ('key', 'print', 'waits')",
];

export async function assertUpgraded(store: CallbackStore): Promise<void> {
  const [waits] = await store.find({ lookupKeys: { order: '12' } });
  assert.equal(waits?.id, 'waits');
  assert.deepEqual(waits.userData, { product: 'kettle' });
  assert.equal((await store.acceptedBefore('key', 'print'))?.id, 'waits');
  const leftovers = await store.takeOverLeftovers();
  assert.deepEqual(
    leftovers.map(({ id, openAttempt }) => [id, openAttempt?.callId]),
    [['calls', 'call-1']],
  );
  // And what came with later versions works on what was there before.
  await store.setPaused('sales', true, NOON_MS);
  assert.deepEqual(await store.claimDue(NOON_MS, 10), []);
  await store.setPaused('sales', false, NOON_MS);
  assert.deepEqual(
    (await store.claimDue(NOON_MS, 10)).map(({ id }) => id),
    ['waits'],
  );
  assert.deepEqual(await new Bench(store).take('waits'), { ok: true });
}
