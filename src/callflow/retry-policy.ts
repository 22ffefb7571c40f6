/**
 * Is there another dial attempt, and when? The box "Retry limit exceeded?" of the figure.
 *
 * It knows numbers only. Hours are looked at when the time has come, pacing and the number lock by who
 * performs the dial; the callback's life is a timer of the flow.
 */

import { branchOf, CALL_STATE, type Branch, type CallState } from './call-state.js';
import type { RetryResult, RetryRule, ServiceOptions } from './service-options.js';

const SECOND_MS = 1000;
const HOUR_MS = 60 * 60 * SECOND_MS;

/** Longest Retry-After that is honoured: a far end must not be able to park a callback for good. */
export const RETRY_AFTER_MAX_MS = HOUR_MS;

export interface RetryQuestion {
  /** Dials made so far, the latest included. */
  readonly attemptsMade: number;
  /** `_max_dial_attempts`: a total, not a count of re-dials. */
  readonly maxDialAttempts: number;
  /** `_dial_retry_timeout`. */
  readonly dialRetryMs: number;
  /** A plugin's or page's `delay`, valid for the next attempt only. */
  readonly delayMs?: number;
  /** Of the latest result. A reply goes before its delay, and is not held to its limit. */
  readonly rule?: RetryRule | undefined;
  /** Attempts that ended with the latest result, it included. */
  readonly sameResults?: number;
  readonly isFromReply?: boolean;
  /** The far end's wish (RFC 3261 20.33); counts when it is the longer one. */
  readonly retryAfterMs?: number;
}

export type NextTry =
  | { readonly again: true; readonly afterMs: number }
  /** `result`: too many attempts ended like the latest; else there were too many in all. */
  | { readonly again: false; readonly limit: 'attempts' | 'result' };

/**
 * Applies the page's rule "number of dial attempts > `_max_dial_attempts`" to the attempt that would
 * come next.
 */
export function isRetryLimitExceeded(attemptsMade: number, maxDialAttempts: number): boolean {
  return attemptsMade + 1 > maxDialAttempts;
}

/** Attempts that use up `_max_dial_attempts`, the running one included. */
export function countedAttempts({
  attempt,
  brokenOff = 0,
}: {
  readonly attempt: number;
  readonly brokenOff?: number;
}): number {
  return attempt - brokenOff;
}

/** A trunk that always fails, beside another that is always full, would else be dialled for ever. */
const MADE_UP_FOR_MAX = 10;

/** Whether one more attempt that was broken off without a pause of its service is not counted. */
export function mayBeMadeUpFor({ brokenOff = 0 }: { readonly brokenOff?: number }): boolean {
  return brokenOff < MADE_UP_FOR_MAX;
}

/** @returns the result as the option `retry` tells them apart; undefined for a human or a fax */
export function retryResultOf(
  callState: CallState,
  { silenceAs, unknownAs }: Pick<ServiceOptions, 'silenceAs' | 'unknownAs'>,
): RetryResult | undefined {
  if (callState === CALL_STATE.Silence) return RESULT_OF_BRANCH[silenceAs];
  if (callState === CALL_STATE.Unknown) return RESULT_OF_BRANCH[unknownAs];
  if (callState === CALL_STATE.Ok) return undefined;
  return RESULT_OF_BRANCH[branchOf(callState, false, { silenceAs, unknownAs })];
}

const RESULT_OF_BRANCH: Readonly<Record<Branch, RetryResult | undefined>> = {
  human: undefined,
  machine: 'machine',
  fax: undefined,
  busy: 'busy',
  'no-answer': 'noAnswer',
  sit: 'sit',
  'sit-permanent': 'sit',
  error: 'error',
};

/** Whether there is another try, and after how many milliseconds. */
export function nextTry(question: RetryQuestion): NextTry {
  if (isRetryLimitExceeded(question.attemptsMade, question.maxDialAttempts))
    return { again: false, limit: 'attempts' };
  const { rule, sameResults = 0, isFromReply = false } = question;
  if (!isFromReply && sameResults >= (rule?.maxAttempts ?? Infinity))
    return { again: false, limit: 'result' };
  const wantedMs = question.delayMs ?? rule?.delayMs ?? question.dialRetryMs;
  return { again: true, afterMs: Math.max(wantedMs, retryAfterIn(question), 0) };
}

/** What the far end asked for, as far as it is honoured. */
export function retryAfterIn({ retryAfterMs = 0 }: { readonly retryAfterMs?: number }): number {
  return Math.min(retryAfterMs, RETRY_AFTER_MAX_MS);
}
