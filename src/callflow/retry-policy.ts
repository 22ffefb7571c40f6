/**
 * Is there another dial attempt, and when? The box "Retry limit exceeded?" of the figure.
 *
 * It knows numbers only. Business hours, pacing and the number lock are checked by the scheduler when
 * the time has come; the callback's life is a timer of the flow.
 */

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
  /** The far end's wish (RFC 3261 20.33); counts when it is the longer one. */
  readonly retryAfterMs?: number;
}

export type NextTry =
  { readonly again: true; readonly afterMs: number } | { readonly again: false };

/**
 * Applies the page's rule "number of dial attempts > `_max_dial_attempts`" to the attempt that would
 * come next.
 */
export function isRetryLimitExceeded(attemptsMade: number, maxDialAttempts: number): boolean {
  return attemptsMade + 1 > maxDialAttempts;
}

/** Whether there is another try, and after how many milliseconds. */
export function nextTry(question: RetryQuestion): NextTry {
  if (isRetryLimitExceeded(question.attemptsMade, question.maxDialAttempts))
    return { again: false };
  const wantedMs = question.delayMs ?? question.dialRetryMs;
  const retryAfterMs = Math.min(question.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
  return { again: true, afterMs: Math.max(wantedMs, retryAfterMs, 0) };
}
