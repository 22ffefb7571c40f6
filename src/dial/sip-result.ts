/**
 * What a failed INVITE means for the callback, as data: SIP status and Q.850 cause to Genesys' call
 * state. The cause is asked first where it says more than the status does (a gateway's 480 with
 * cause 17 is a busy customer), but never against a status that is itself precise.
 *
 * Sources: RFC 3261 section 21, RFC 3398 section 7.2.4.1 (status and ISUP cause), Genesys' call
 * state enumeration. Expected results only: nothing here throws.
 */
import { CALL_STATE, type CallState } from '../callflow/call-state.js';
import type { InviteFailure } from '../ports.js';

interface SipResultRow {
  readonly status: number;
  readonly callState: CallState;
  readonly why: string;
}

interface CauseRow {
  readonly cause: number;
  readonly callState: CallState;
  readonly why: string;
}

/** Statuses that say it themselves; a Q.850 cause does not overrule them. */
export const SIP_RESULTS: readonly SipResultRow[] = [
  { status: 486, callState: CALL_STATE.Busy, why: 'busy here' },
  { status: 600, callState: CALL_STATE.Busy, why: 'busy everywhere' },
  { status: 603, callState: CALL_STATE.Dropped, why: 'declined' },
  { status: 607, callState: CALL_STATE.Dropped, why: 'unwanted (RFC 8197)' },
  { status: 608, callState: CALL_STATE.Dropped, why: 'rejected (RFC 8688)' },
  { status: 404, callState: CALL_STATE.SitInvalidNum, why: 'no such number' },
  { status: 484, callState: CALL_STATE.SitInvalidNum, why: 'number incomplete' },
  { status: 604, callState: CALL_STATE.SitInvalidNum, why: 'does not exist anywhere' },
  { status: 410, callState: CALL_STATE.SitIntercept, why: 'number gone' },
  { status: 487, callState: CALL_STATE.NoAnswer, why: 'request terminated' },
];

/** Causes that decide for every other status. ITU-T Q.850 table 1. */
export const Q850_RESULTS: readonly CauseRow[] = [
  { cause: 1, callState: CALL_STATE.SitInvalidNum, why: 'unallocated number' },
  { cause: 17, callState: CALL_STATE.Busy, why: 'user busy' },
  { cause: 18, callState: CALL_STATE.NoAnswer, why: 'no user responding' },
  { cause: 19, callState: CALL_STATE.NoAnswer, why: 'no answer, user alerted' },
  { cause: 20, callState: CALL_STATE.NoAnswer, why: 'subscriber absent' },
  { cause: 21, callState: CALL_STATE.Dropped, why: 'call rejected' },
  { cause: 22, callState: CALL_STATE.SitIntercept, why: 'number changed' },
  { cause: 28, callState: CALL_STATE.SitInvalidNum, why: 'invalid number format' },
  { cause: 34, callState: CALL_STATE.SitNoCircuit, why: 'no circuit available' },
  { cause: 38, callState: CALL_STATE.SitNoCircuit, why: 'network out of order' },
  { cause: 42, callState: CALL_STATE.SitReorder, why: 'switching equipment congestion' },
  { cause: 44, callState: CALL_STATE.SitNoCircuit, why: 'requested circuit not available' },
];

/** Statuses for which only a missing cause leaves the status to decide. */
const FALLBACKS: readonly SipResultRow[] = [
  { status: 408, callState: CALL_STATE.NoAnswer, why: 'request timeout' },
  { status: 480, callState: CALL_STATE.NoAnswer, why: 'temporarily unavailable' },
  { status: 503, callState: CALL_STATE.SitNoCircuit, why: 'service unavailable' },
];

/**
 * @param failure a final response of 300 or above
 * @returns the call state and, in words, which fact decided
 */
export function callStateOfFailure(failure: InviteFailure): { callState: CallState; why: string } {
  const precise = SIP_RESULTS.find((row) => row.status === failure.status);
  if (precise) return decided(precise.callState, `SIP ${failure.status}`, precise.why);
  const cause = Q850_RESULTS.find((row) => row.cause === failure.q850Cause);
  if (cause) return decided(cause.callState, `Q.850 cause ${cause.cause}`, cause.why);
  const fallback = FALLBACKS.find((row) => row.status === failure.status);
  if (fallback) return decided(fallback.callState, `SIP ${failure.status}`, fallback.why);
  return decided(CALL_STATE.GeneralError, `SIP ${failure.status}`, failure.reason || 'refused');
}

function decided(callState: CallState, fact: string, why: string) {
  return { callState, why: `${fact}: ${why}` };
}
