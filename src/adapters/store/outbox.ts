/**
 * Notices in the store: written with what they tell, claimed by one process for a delivery, settled by
 * its outcome. Those of one callback to one target leave in their order.
 */

import {
  REMINDER,
  type Notice,
  type NoticeDraft,
  type NoticeOutcome,
  type NoticeQuery,
} from '../../schedule/notices.js';
import { all, get, marks, run, type SqlRow, type SqlValue, type Work } from './statements.js';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;
const WHY_MAX = 300;

/** @param drafts nothing is written for a target that is switched off; the sequence goes on */
export function* writeNotices(
  callbackId: string,
  serviceName: string,
  drafts: readonly NoticeDraft[] | undefined,
  nowMs: number,
): Work<void> {
  for (const draft of drafts ?? []) {
    yield* run('UPDATE callbacks SET notice_seq = notice_seq + 1 WHERE id = ?', callbackId);
    const counted = yield* get('SELECT notice_seq FROM callbacks WHERE id = ?', callbackId);
    const sequence = Number(counted?.['notice_seq']);
    const off = yield* get('SELECT 1 FROM targets_off WHERE target = ?', draft.target);
    if (off !== undefined) continue;
    yield* run(
      `INSERT INTO outbox (id, callback_id, callback_seq, service_name, event, target, data,
         created_at_ms, next_at_ms, deliveries_max) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      `${callbackId}.${sequence}`,
      callbackId,
      sequence,
      serviceName,
      draft.event,
      draft.target,
      JSON.stringify(draft.data),
      nowMs,
      draft.atMs,
      draft.deliveriesMax,
    );
  }
}

/** Takes what is due for delivery; should we die, it is due again after the lease. */
export function* claimNotices(nowMs: number, limit: number, leaseMs: number): Work<Notice[]> {
  const due = yield* all(
    `SELECT id FROM outbox WHERE is_dead = 0 AND next_at_ms <= ?
       AND NOT EXISTS (SELECT 1 FROM outbox AS earlier
         WHERE earlier.callback_id = outbox.callback_id AND earlier.target = outbox.target
           AND earlier.seq < outbox.seq AND earlier.is_dead = 0 AND earlier.event <> ?)
     ORDER BY next_at_ms, seq LIMIT ?`,
    nowMs,
    REMINDER,
    limit,
  );
  const claimed: Notice[] = [];
  for (const { id } of due) {
    // Another process may have been quicker: its change is seen here.
    const count = yield* run(
      `UPDATE outbox SET next_at_ms = ?, delivery_count = delivery_count + 1
       WHERE id = ? AND is_dead = 0 AND next_at_ms <= ?`,
      nowMs + leaseMs,
      id ?? null,
      nowMs,
    );
    const row =
      count === 1 ? yield* get('SELECT * FROM outbox WHERE id = ?', id ?? null) : undefined;
    if (row !== undefined) claimed.push(toNotice(row));
  }
  return claimed;
}

export function* settleNotices(outcomes: readonly NoticeOutcome[]): Work<undefined> {
  for (const outcome of outcomes) yield* settle(outcome);
}

function* settle(outcome: NoticeOutcome): Work<void> {
  const { id } = outcome;
  switch (outcome.kind) {
    case 'delivered':
      yield* run('DELETE FROM outbox WHERE id = ?', id);
      return;
    case 'retry':
      yield* run(
        'UPDATE outbox SET next_at_ms = ?, why = ? WHERE id = ?',
        outcome.atMs,
        outcome.why.slice(0, WHY_MAX),
        id,
      );
      return;
    case 'dead':
      yield* run(
        'UPDATE outbox SET is_dead = 1, why = ? WHERE id = ?',
        outcome.why.slice(0, WHY_MAX),
        id,
      );
      return;
    case 'gone': {
      const row = yield* get('SELECT target FROM outbox WHERE id = ?', id);
      if (row === undefined) return;
      const target = String(row['target']);
      yield* run(
        'INSERT INTO targets_off (target, at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING',
        target,
        outcome.atMs,
      );
      const why = outcome.why.slice(0, WHY_MAX);
      yield* run(
        'UPDATE outbox SET is_dead = 1, why = ? WHERE target = ? AND is_dead = 0',
        why,
        target,
      );
      return;
    }
    case 'replay':
      yield* run(
        'DELETE FROM targets_off WHERE target = (SELECT target FROM outbox WHERE id = ?)',
        id,
      );
      yield* run(
        'UPDATE outbox SET is_dead = 0, delivery_count = 0, next_at_ms = ? WHERE id = ? AND is_dead = 1',
        outcome.atMs,
        id,
      );
  }
}

export function* findNotices(query: NoticeQuery): Work<Notice[]> {
  const terms = ['1 = 1'];
  const values: SqlValue[] = [];
  const add = (term: string, ...bound: SqlValue[]): void => {
    terms.push(term);
    values.push(...bound);
  };
  const { serviceNames } = query;
  if (serviceNames?.length === 0) return [];
  if (query.isDead !== undefined) add('is_dead = ?', Number(query.isDead));
  if (query.callbackId !== undefined) add('callback_id = ?', query.callbackId);
  if (query.serviceName !== undefined) add('service_name = ?', query.serviceName);
  if (serviceNames) add(`service_name IN (${marks(serviceNames)})`, ...serviceNames);
  if (query.after !== undefined) add('seq > (SELECT seq FROM outbox WHERE id = ?)', query.after);
  const limit = Math.min(Math.max(query.limit ?? LIMIT_DEFAULT, 1), LIMIT_MAX);
  const rows = yield* all(
    `SELECT * FROM outbox WHERE ${terms.join(' AND ')} ORDER BY seq LIMIT ?`,
    ...values,
    limit,
  );
  return rows.map(toNotice);
}

function toNotice(row: SqlRow): Notice {
  const why = row['why'];
  return {
    id: String(row['id']),
    callbackId: String(row['callback_id']),
    sequence: Number(row['callback_seq']),
    serviceName: String(row['service_name']),
    event: String(row['event']),
    target: String(row['target']),
    data: JSON.parse(String(row['data'])) as Notice['data'],
    createdAtMs: Number(row['created_at_ms']),
    nextAtMs: Number(row['next_at_ms']),
    atMs: Number(row['next_at_ms']),
    deliveryCount: Number(row['delivery_count']),
    deliveriesMax: Number(row['deliveries_max']),
    isDead: Number(row['is_dead']) === 1,
    ...(why === null || why === undefined ? {} : { why: String(why) }),
  };
}
