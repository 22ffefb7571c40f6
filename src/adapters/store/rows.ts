/**
 * Rows to records and back. Columns are named here and in the schema only.
 */

import type {
  AttemptRecord,
  CallbackRecord,
  CallbackState,
  CancelledBy,
  JournalStep,
} from '../../schedule/callback-store.js';
import type { Command, Event, State } from '../../callflow/vocabulary.js';
import type { TrailEntry } from '../../report/trail.js';
import type { SqlRow, SqlValue } from './statements.js';

export function text(row: SqlRow, column: string): string {
  return String(row[column]);
}

export function integer(row: SqlRow, column: string): number {
  return Number(row[column]);
}

export function optionalText(row: SqlRow, column: string): string | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : String(value);
}

export function optionalInteger(row: SqlRow, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : Number(value);
}

/** Columns written by us as JSON of a known shape. */
function json(row: SqlRow, column: string): unknown {
  return JSON.parse(text(row, column));
}

/** Leaves out what has no value, so that records read back equal the ones that went in. */
export function compact<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

export function toCallback(row: SqlRow): CallbackRecord {
  const flowState = optionalText(row, 'flow_state');
  return compact<CallbackRecord>({
    id: text(row, 'id'),
    serviceName: text(row, 'service_name'),
    customerNumber: text(row, 'customer_number'),
    createdAtMs: integer(row, 'created_at_ms'),
    desiredAtMs: integer(row, 'desired_at_ms'),
    expiresAtMs: integer(row, 'expires_at_ms'),
    userData: json(row, 'user_data') as Record<string, string>,
    lookupKeys: json(row, 'lookup_keys') as Record<string, string>,
    requestOptions: json(row, 'request_options') as Record<string, string>,
    state: text(row, 'state') as CallbackState,
    reason: optionalText(row, 'reason'),
    dueAtMs: integer(row, 'due_at_ms'),
    attemptCount: integer(row, 'attempt_count'),
    callState: optionalInteger(row, 'call_state'),
    flowState: flowState === undefined ? undefined : (JSON.parse(flowState) as State),
    claimed: integer(row, 'claimed') === 1,
    cancelRequested: optionalText(row, 'cancel_requested') as CancelledBy | undefined,
    updatedAtMs: integer(row, 'updated_at_ms'),
    completedAtMs: optionalInteger(row, 'completed_at_ms'),
  });
}

export function toAttempt(row: SqlRow): AttemptRecord {
  const tries = optionalText(row, 'tries');
  return compact<AttemptRecord>({
    callbackId: text(row, 'callback_id'),
    attempt: integer(row, 'attempt'),
    callId: text(row, 'call_id'),
    number: text(row, 'number'),
    trunk: optionalText(row, 'trunk'),
    startedAtMs: integer(row, 'started_at_ms'),
    rangAtMs: optionalInteger(row, 'rang_at_ms'),
    earlyMediaAtMs: optionalInteger(row, 'early_media_at_ms'),
    postDialDelayMs: optionalInteger(row, 'post_dial_delay_ms'),
    answeredAtMs: optionalInteger(row, 'answered_at_ms'),
    endedAtMs: optionalInteger(row, 'ended_at_ms'),
    callState: optionalInteger(row, 'call_state'),
    outcome: optionalText(row, 'outcome'),
    sipStatus: optionalInteger(row, 'sip_status'),
    sipReason: optionalText(row, 'sip_reason'),
    q850Cause: optionalInteger(row, 'q850_cause'),
    farReason: optionalText(row, 'far_reason'),
    tries: tries === undefined ? undefined : (JSON.parse(tries) as AttemptRecord['tries']),
    localTag: optionalText(row, 'local_tag'),
    remoteTag: optionalText(row, 'remote_tag'),
    cpdReason: optionalText(row, 'cpd_reason'),
    audioTap: optionalText(row, 'audio_tap') as AttemptRecord['audioTap'],
    message: optionalText(row, 'message') as AttemptRecord['message'],
    endpointId: optionalText(row, 'endpoint_id'),
    waitingSinceMs: optionalInteger(row, 'waiting_since_ms'),
    connectedAtMs: optionalInteger(row, 'connected_at_ms'),
    connectedTo: optionalText(row, 'connected_to'),
    transfer: optionalText(row, 'transfer') as AttemptRecord['transfer'],
    transferDetail: optionalText(row, 'transfer_detail'),
    talkEndedBy: optionalText(row, 'talk_ended_by') as AttemptRecord['talkEndedBy'],
  });
}

export function toStep(row: SqlRow): JournalStep {
  return {
    atMs: integer(row, 'at_ms'),
    event: json(row, 'event') as Event,
    row: text(row, 'row'),
    because: text(row, 'because'),
    commands: json(row, 'commands') as Command[],
    stateName: text(row, 'state_name'),
  };
}

export function toTrailEntry(row: SqlRow): TrailEntry {
  return json(row, 'entry') as TrailEntry;
}

/** Fields of an attempt that may be added after its birth, with their columns. */
export const ATTEMPT_COLUMNS = {
  trunk: 'trunk',
  rangAtMs: 'rang_at_ms',
  earlyMediaAtMs: 'early_media_at_ms',
  postDialDelayMs: 'post_dial_delay_ms',
  answeredAtMs: 'answered_at_ms',
  endedAtMs: 'ended_at_ms',
  callState: 'call_state',
  outcome: 'outcome',
  sipStatus: 'sip_status',
  sipReason: 'sip_reason',
  q850Cause: 'q850_cause',
  farReason: 'far_reason',
  tries: 'tries',
  localTag: 'local_tag',
  remoteTag: 'remote_tag',
  cpdReason: 'cpd_reason',
  audioTap: 'audio_tap',
  message: 'message',
  endpointId: 'endpoint_id',
  waitingSinceMs: 'waiting_since_ms',
  connectedAtMs: 'connected_at_ms',
  connectedTo: 'connected_to',
  transfer: 'transfer',
  transferDetail: 'transfer_detail',
  talkEndedBy: 'talk_ended_by',
} as const satisfies Partial<Record<keyof AttemptRecord, string>>;

/** The columns and values of the fields that are present. */
export function present<F extends string>(
  columns: Readonly<Record<F, string>>,
  values: Readonly<Partial<Record<F, SqlValue>>>,
): { readonly columns: string[]; readonly values: SqlValue[] } {
  const found = (Object.keys(columns) as F[]).filter((field) => values[field] !== undefined);
  return {
    columns: found.map((field) => columns[field]),
    values: found.map((field) => values[field] as SqlValue),
  };
}
