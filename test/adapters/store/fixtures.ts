/** Callbacks, steps and attempts for tests of the store and of what stands on it. */

import assert from 'node:assert/strict';
import { TABLES_OF_A_CALLBACK } from '../../../src/adapters/store/operations.js';
import type { State } from '../../../src/callflow/vocabulary.js';
import type {
  CallbackStore,
  CommitResult,
  JournalStep,
  NewCallback,
} from '../../../src/schedule/callback-store.js';

export const NOON_MS = Date.UTC(2026, 0, 15, 12);
export const HOUR_MS = 3_600_000;

/** All that a test may have written. */
export const CLEANED_TABLES = [
  'callbacks',
  'inbound_calls',
  'limit_counters',
  'dial_rates',
  'pauses',
  'agents',
  'targets_off',
  ...TABLES_OF_A_CALLBACK,
] as const;

let nextId = 0;

export function someCallback(changes: Partial<NewCallback> = {}): NewCallback {
  nextId += 1;
  const customerNumber = changes.customerNumber ?? `+1555${String(nextId).padStart(7, '0')}`;
  return {
    id: `callback-${nextId}`,
    serviceName: 'sales',
    customerNumber,
    createdAtMs: NOON_MS,
    desiredAtMs: NOON_MS,
    expiresAtMs: NOON_MS + 24 * HOUR_MS,
    userData: { product: 'kettle' },
    lookupKeys: { _customer_number: customerNumber },
    requestOptions: {},
    ...changes,
  };
}

export function someStep(changes: Partial<JournalStep> = {}): JournalStep {
  return {
    atMs: NOON_MS + 1,
    event: { type: 'due', atMs: NOON_MS + 1 },
    row: 'due-dial',
    because: 'The desired time has come.',
    commands: [{ type: 'hang-up', legId: 'leg-1', why: 'test' }],
    stateName: 'dialing',
    ...changes,
  };
}

export const dialing: State = {
  name: 'dialing',
  context: { attempt: 1, nextId: 2, timers: {}, transferAttempts: 0, messagesLeft: 0 },
};

export const birth = {
  attempt: 1,
  callId: 'call-1',
  number: '915550001',
  startedAtMs: NOON_MS,
} as const;

/** The steps that most tests begin with. `store` may change between them (reopened). */
export class Bench {
  constructor(public store: CallbackStore) {}

  async accepted(changes: Partial<NewCallback> = {}): Promise<string> {
    return (await this.store.accept(someCallback(changes))).id;
  }

  async claimed(changes: Partial<NewCallback> = {}): Promise<string> {
    const id = await this.accepted(changes);
    const records = await this.store.claimDue(NOON_MS, 100);
    assert.ok(records.some((record) => record.id === id));
    return id;
  }

  /** When there will be something to claim. */
  async nextDueAtMs(): Promise<number | undefined> {
    const times = (await this.store.dueServices()).map(({ dueAtMs }) => dueAtMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** What precedes an INVITE: attempt and dial lock. */
  take(id: string, attempt = 1): Promise<CommitResult> {
    return this.store.commit(
      id,
      { dialLock: 'take', attempt: { ...birth, attempt, callId: `${id}-${attempt}` } },
      { durable: true },
    );
  }
}
