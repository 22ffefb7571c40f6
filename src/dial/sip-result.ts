/**
 * What a failed INVITE means for the callback, as data: SIP status and Q.850 cause to an answer. The
 * cause is asked first where it says more than the status does (a gateway's 480 with cause 17 is a busy
 * customer), but never against a status that is itself precise. What was heard before the failure is
 * asked where signalling leaves it open (heard-result.ts).
 *
 * Sources: RFC 3261 section 21, RFC 3398 section 7.2.4.1 (status and ISUP cause), Genesys' call
 * state enumeration. Expected results only: nothing here throws.
 */
import { callStateOfAnswer, type AnswerWord, type CallState } from '../callflow/call-state.js';
import type { EarlyMediaSound } from '../cpd/types.js';
import type { InviteFailure } from '../ports.js';
import { answerOfSound } from './heard-result.js';

interface SipResultRow {
  readonly status: number;
  readonly answer: AnswerWord;
  readonly why: string;
}

interface CauseRow {
  readonly cause: number;
  readonly answer: AnswerWord;
  readonly why: string;
}

/** Statuses that say it themselves; a Q.850 cause does not overrule them. */
export const SIP_RESULTS: readonly SipResultRow[] = [
  { status: 486, answer: 'busy', why: 'busy here' },
  { status: 600, answer: 'busy', why: 'busy everywhere' },
  { status: 603, answer: 'declined', why: 'declined' },
  { status: 607, answer: 'declined', why: 'unwanted (RFC 8197)' },
  { status: 608, answer: 'declined', why: 'rejected (RFC 8688)' },
  { status: 404, answer: 'sit-invalid-number', why: 'no such number' },
  { status: 484, answer: 'sit-invalid-number', why: 'number incomplete' },
  { status: 604, answer: 'sit-invalid-number', why: 'does not exist anywhere' },
  { status: 410, answer: 'sit-intercept', why: 'number gone' },
  { status: 487, answer: 'no-answer', why: 'request terminated' },
];

/** Causes that decide for every other status. ITU-T Q.850 table 1. */
export const Q850_RESULTS: readonly CauseRow[] = [
  { cause: 1, answer: 'sit-invalid-number', why: 'unallocated number' },
  { cause: 17, answer: 'busy', why: 'user busy' },
  { cause: 18, answer: 'no-answer', why: 'no user responding' },
  { cause: 19, answer: 'no-answer', why: 'no answer, user alerted' },
  { cause: 20, answer: 'no-answer', why: 'subscriber absent' },
  { cause: 21, answer: 'declined', why: 'call rejected' },
  { cause: 22, answer: 'sit-intercept', why: 'number changed' },
  { cause: 28, answer: 'sit-invalid-number', why: 'invalid number format' },
  { cause: 34, answer: 'sit-no-circuit', why: 'no circuit available' },
  { cause: 38, answer: 'sit-no-circuit', why: 'network out of order' },
  { cause: 42, answer: 'sit-reorder', why: 'switching equipment congestion' },
  { cause: 44, answer: 'sit-no-circuit', why: 'requested circuit not available' },
];

/** Statuses for which only a missing cause leaves the status to decide. */
const FALLBACKS: readonly SipResultRow[] = [
  { status: 408, answer: 'no-answer', why: 'request timeout' },
  { status: 480, answer: 'no-answer', why: 'temporarily unavailable' },
  { status: 503, answer: 'sit-no-circuit', why: 'service unavailable' },
];

/**
 * @param failure a final response of 300 or above
 * @param heard what the early media amounted to, if anything was heard
 * @returns the call state and, in words, which fact decided
 */
export function callStateOfFailure(
  failure: InviteFailure,
  heard?: EarlyMediaSound,
): { callState: CallState; why: string } {
  const refined = heard && isOpen(failure) ? answerOfSound(heard, failure.status) : undefined;
  if (refined) return decided(refined, `SIP ${failure.status}`, `${heard} heard before it`);
  const precise = SIP_RESULTS.find((row) => row.status === failure.status);
  if (precise) return decided(precise.answer, `SIP ${failure.status}`, precise.why);
  const cause = Q850_RESULTS.find((row) => row.cause === failure.q850Cause);
  if (cause) return decided(cause.answer, `Q.850 cause ${cause.cause}`, cause.why);
  const fallback = FALLBACKS.find((row) => row.status === failure.status);
  if (fallback) return decided(fallback.answer, `SIP ${failure.status}`, fallback.why);
  return decided('error', `SIP ${failure.status}`, failure.reason || 'refused');
}

/** Whether signalling leaves open what happened. 404 comes with cause 1 by rule (RFC 3398, 8.2.6.1). */
function isOpen({ status, q850Cause }: InviteFailure): boolean {
  return status === 404 || !Q850_RESULTS.some((row) => row.cause === q850Cause);
}

function decided(answer: AnswerWord, fact: string, why: string) {
  return { callState: callStateOfAnswer(answer), why: `${fact}: ${why}` };
}
