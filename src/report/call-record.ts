/**
 * One line about one callback that is over, for reports: Genesys' reporting keys where we know what
 * they stand for, and the facts of the attempts. Pure. Times are seconds since the epoch and durations
 * seconds, as theirs are. Source of the keys: Callback User's Guide, "Reporting"; five attempts have one.
 */
import type { AttemptRecord, CallbackRecord } from '../schedule/callback-store.js';
import type { EndedInboundCallRecord } from '../schedule/inbound-calls.js';

export type CallRecord = Readonly<Record<string, string | number>>;

const DIALS_MAX = 5;
const MS = 1000;

const OFFERED = ['_CB_EWT_WHEN_CALLBACK_WAS_OFFERED', '_CB_POS_WHEN_CALLBACK_WAS_OFFERED'];

/** In the order of the columns; the same for every record. */
export const RECORD_COLUMNS: readonly string[] = [
  '_CB_SERVICE_ID',
  '_CB_FINAL_RECORD',
  'service',
  'customer_number',
  'state',
  'reason',
  'call_state',
  'attempts',
  '_CB_T_CALLBACK_OFFERED',
  '_CB_T_CALLBACK_ACCEPTED',
  'desired_at',
  'completed_at',
  '_CB_D_CALLBACK_OFFER',
  '_CB_D_WAITING_FOR_AGENT_OFFLINE',
  '_CB_D_ESTABLISH_MEDIA_IXN',
  '_CB_D_CUSTOMER_CONNECTED_WAITING_FOR_AGENT',
  'talk',
  ...Array.from({ length: DIALS_MAX }, (_, index) => `_CB_DIAL_${index + 1}_RESULT`),
  '_CB_DIM_DIAL_DIALOG_RESULT',
  '_CB_DIM_CALL_DIRECTION',
  'trunk',
  'sip_status',
  'connected_to',
  'transfer',
  // Columns are only ever added behind the last.
  'dialled_number',
  ...OFFERED,
];

/** Where a customer would stand in the queue. */
export interface Standing {
  readonly position: number;
  /** Undefined without an estimate. */
  readonly ewtMs: number | undefined;
}

/**
 * The record of a callback that begins. What was told when it was offered knows whoever offered it: an
 * IVR may bring it with the request, where the service keeps these keys (`_customer_lookup_keys`).
 */
export function startRecord(
  record: CallbackRecord,
  atMs: number,
  standing: Standing | undefined,
): CallRecord {
  return present({
    ...offerOf(record),
    _CB_FINAL_RECORD: 0,
    state: 'QUEUED',
    attempts: record.attemptCount,
    started_at: secondsOf(atMs),
    _CB_EWT_WHEN_READY_TO_START_MEDIA_IXN: standing?.ewtMs && Math.round(standing.ewtMs / MS),
    _CB_POS_WHEN_READY_TO_START_MEDIA_IXN: standing?.position,
    _CB_DIM_CALL_DIRECTION: 'USERTERMINATED',
  });
}

/** It has no callback: what Genesys would call `_CB_SERVICE_ID` is `inbound_id`. */
export function inboundRecord(call: EndedInboundCallRecord): CallRecord {
  const { startedAtMs, connectedAtMs, endedAtMs, outcome } = call;
  // Nobody saw the end of a lost one.
  const seenUntilMs = outcome === 'lost' ? undefined : endedAtMs;
  return present({
    inbound_id: call.id,
    sip_call_id: call.callId,
    service: call.serviceName,
    customer_number: call.number,
    outcome,
    why: call.why,
    started_at: secondsOf(startedAtMs),
    completed_at: secondsOf(endedAtMs),
    _CB_D_CUSTOMER_CONNECTED_WAITING_FOR_AGENT: spanOf(startedAtMs, connectedAtMs ?? seenUntilMs),
    talk: spanOf(connectedAtMs, seenUntilMs),
    connected_to: call.connectedTo,
    _CB_DIM_CALL_DIRECTION: 'USERORIGINATED',
  });
}

/** What both records have. */
function offerOf(record: CallbackRecord): Fields {
  const { lookupKeys } = record;
  return {
    _CB_SERVICE_ID: record.id,
    service: record.serviceName,
    customer_number: record.customerNumber,
    _CB_T_CALLBACK_OFFERED: secondsOf(record.createdAtMs),
    _CB_T_CALLBACK_ACCEPTED: secondsOf(record.createdAtMs),
    desired_at: secondsOf(record.desiredAtMs),
    // Whoever asks over HTTP has decided already.
    _CB_D_CALLBACK_OFFER: 0,
    ...Object.fromEntries(OFFERED.map((key) => [key, lookupKeys[key]])),
  };
}

type Fields = Readonly<Record<string, string | number | undefined>>;

function present(fields: Fields): CallRecord {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string | number] => {
      const [, value] = entry;
      return value !== undefined;
    }),
  );
}

export function callRecord(record: CallbackRecord, attempts: readonly AttemptRecord[]): CallRecord {
  const last = attempts.at(-1);
  const talk = spanOf(last?.connectedAtMs, last?.endedAtMs);
  return present({
    ...offerOf(record),
    _CB_FINAL_RECORD: 1,
    dialled_number: last?.number,
    state: record.state,
    reason: record.reason,
    call_state: record.callState,
    attempts: record.attemptCount,
    completed_at: secondsOf(record.completedAtMs),
    _CB_D_WAITING_FOR_AGENT_OFFLINE: spanOf(record.desiredAtMs, attempts[0]?.startedAtMs),
    _CB_D_ESTABLISH_MEDIA_IXN: spanOf(last?.startedAtMs, last?.answeredAtMs),
    _CB_D_CUSTOMER_CONNECTED_WAITING_FOR_AGENT: spanOf(
      last?.waitingSinceMs,
      last?.connectedAtMs ?? last?.endedAtMs,
    ),
    talk,
    ...Object.fromEntries(
      attempts
        .slice(0, DIALS_MAX)
        .map((attempt, index) => [`_CB_DIAL_${index + 1}_RESULT`, dialResult(attempt)]),
    ),
    _CB_DIM_DIAL_DIALOG_RESULT: dialogResult(record),
    _CB_DIM_CALL_DIRECTION: 'USERTERMINATED',
    trunk: last?.trunk,
    sip_status: last?.sipStatus,
    connected_to: last?.connectedTo,
    transfer: last?.transfer,
  });
}

/** Genesys' words for the call states of a dial. */
const DIAL_RESULTS: Readonly<Record<number, string>> = {
  0: 'PERSON',
  5: 'CONNECTED',
  6: 'BUSY',
  7: 'NO_ANSWER',
  9: 'ANSWERING_MACHINE',
  17: 'FAX',
  26: 'NO_ANSWER',
  28: 'UNKNOWN',
  32: 'UNKNOWN',
  41: 'CREATE_CALL_ERROR',
};
const ERROR_TONES: ReadonlySet<number> = new Set([8, 11, 12, 13, 14, 15, 16]);

function dialResult({ callState, connectedAtMs }: AttemptRecord): string {
  if (callState === undefined) return 'UNKNOWN';
  if (connectedAtMs !== undefined) return 'CONNECTED';
  if (ERROR_TONES.has(callState)) return 'ERROR_TONE';
  return DIAL_RESULTS[callState] ?? 'CREATE_CALL_ERROR';
}

function dialogResult({ reason }: CallbackRecord): string {
  if (reason === 'AGENT_CONNECTED') return 'RIGHT_PERSON';
  if (reason === 'ROUTED_TO_RP') return 'TRANSFERRED_TO_RP';
  return reason?.startsWith('CANCELLED') ? 'CANCELLED' : 'UNKNOWN';
}

function secondsOf(atMs: number | undefined): number | undefined {
  return atMs === undefined ? undefined : Math.floor(atMs / MS);
}

function spanOf(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  if (fromMs === undefined || toMs === undefined) return undefined;
  return Math.max(0, Math.round((toMs - fromMs) / MS));
}

/** A line of comma-separated values (RFC 4180). */
export function csvLine(values: readonly (string | number | undefined)[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}

/**
 * A text that a spreadsheet would take for a formula is made plain by an apostrophe before it; a number
 * in E.164 is none. Source: OWASP, "CSV Injection".
 */
function csvCell(value: string | number | undefined): string {
  if (value === undefined) return '';
  const text = String(value);
  const isNumber = typeof value === 'number' || /^\+[0-9]{1,15}$/.test(text);
  const safe = !isNumber && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
