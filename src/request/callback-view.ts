/**
 * A stored callback as clients see it: once in the words of GMS' query API, once in our own. What the
 * core keeps for itself (state snapshots) never leaves.
 */

import type { AttemptRecord, CallbackRecord } from '../schedule/callback-store.js';

/** GMS' record. Source: "Callback Services API", query. */
export type GenesysView = Readonly<Record<string, string>>;

/** @param returnedKeys user data to add, `returned-keys` of the query */
export function toGenesysView(
  record: CallbackRecord,
  returnedKeys: readonly string[] = [],
): GenesysView {
  const wanted = returnedKeys.filter((key) => Object.hasOwn(record.userData, key));
  return {
    ...record.lookupKeys,
    ...Object.fromEntries(wanted.map((key) => [key, record.userData[key] ?? ''])),
    _id: record.id,
    _service_name: record.serviceName,
    _customer_number: record.customerNumber,
    _callback_state: record.state,
    ...(record.reason === undefined ? {} : { _callback_reason: record.reason }),
    _desired_time: toIso(record.desiredAtMs),
    _expiration_time: toIso(record.expiresAtMs),
    _url: `/genesys/1/service/callback/${encodeURIComponent(record.serviceName)}/${record.id}`,
  };
}

/** Our own record, times in milliseconds since the epoch. */
export type CallbackView = Omit<CallbackRecord, 'flowState'> & { readonly flow?: string };

export function toCallbackView({ flowState, ...record }: CallbackRecord): CallbackView {
  return flowState === undefined ? record : { ...record, flow: flowState.name };
}

/** An attempt with the durations of its hand-off, milliseconds. */
export interface AttemptView extends AttemptRecord {
  /** From the first search for somebody to the connection, or to the end without one. */
  readonly waitMs?: number;
  /** From the connection to the end, where the call was ours until then. */
  readonly talkMs?: number;
}

export function toAttemptView(attempt: AttemptRecord): AttemptView {
  const { waitingSinceMs, connectedAtMs, endedAtMs } = attempt;
  const waitedUntilMs = connectedAtMs ?? endedAtMs;
  const hasWaited = waitingSinceMs !== undefined && waitedUntilMs !== undefined;
  const hasTalked = connectedAtMs !== undefined && endedAtMs !== undefined;
  return {
    ...attempt,
    ...(hasWaited && { waitMs: waitedUntilMs - waitingSinceMs }),
    ...(hasTalked && { talkMs: endedAtMs - connectedAtMs }),
  };
}

function toIso(atMs: number): string {
  return new Date(atMs).toISOString();
}
