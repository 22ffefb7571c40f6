/** The box "Retry limit exceeded?": another dial after a pause, or the end. */

import { seconds } from './because.js';
import { decide, type RowId } from './decision-table.js';
import { countedAttempts, nextTry, retryAfterIn, retryResultOf } from './retry-policy.js';
import type { RetryResult, RetryRule } from './service-options.js';
import { callStateIn, type StepDraft } from './step-draft.js';
import type { BrokenOffBecause, Step } from './vocabulary.js';

/** Between attempts that were broken off: the trunk that failed is asked again, and `_dial_retry_timeout` may be 0. */
const BROKEN_OFF_PAUSE_MIN_MS = 5000;

/** Why the retry box was reached. */
export interface RetryCause {
  /** The row when there is another attempt. */
  readonly row: RowId;
  readonly because: string;
  /** A plugin or page asked for it: its delay counts, and beyond the limit the request is cancelled. */
  readonly reply?: { readonly delayMs?: number };
}

/** Clears the call and waits for the next attempt, or ends the callback when none is left. */
export function retryOrEnd(draft: StepDraft, cause: RetryCause): Step {
  const { context, service } = draft;
  const { retryAfterMs } = context;
  const attempt = countedAttempts(context);
  const { maxDialAttempts, dialRetryMs } = service;
  const { result, rule, sameResults } = countResult(draft);
  const delayMs = cause.reply?.delayMs;
  const next = nextTry({
    attemptsMade: attempt,
    maxDialAttempts,
    dialRetryMs,
    delayMs,
    rule,
    sameResults,
    isFromReply: cause.reply !== undefined,
    retryAfterMs,
  });
  const made = `${attempt} of _max_dial_attempts ${maxDialAttempts} made`;
  if (!next.again && next.limit === 'result') {
    const limit = `retry.${result ?? ''}.maxAttempts ${rule?.maxAttempts ?? 0}`;
    const because = `${cause.because}; ${sameResults} of ${limit} made`;
    return draft.end('FAIL_CALL_TO_CUSTOMER', 'retry.result-limit', because);
  }
  if (!next.again) {
    const because = `${cause.because}; ${made}, so none is left`;
    return cause.reply === undefined
      ? draft.end('FAIL_CALL_TO_CUSTOMER', 'retry.limit', because)
      : draft.end('CANCELLED', 'reply.retry.limit', because);
  }
  draft.clearCall('another attempt follows');
  draft.startTimer('retry', next.afterMs);
  const wanted =
    delayMs !== undefined
      ? { ms: delayMs, source: "the reply's delay" }
      : rule?.delayMs !== undefined
        ? { ms: rule.delayMs, source: `retry.${result ?? ''}.delayMs` }
        : { ms: dialRetryMs, source: '_dial_retry_timeout' };
  const source = next.afterMs === wanted.ms ? wanted.source : "the far end's Retry-After";
  const because = `${cause.because}; ${made}, ${source} is ${seconds(next.afterMs)}`;
  return draft.goTo({ name: 'waiting-to-retry' }, cause.row, because);
}

/**
 * The attempt was broken off before or between its INVITEs. A paused callback goes back to the store; else the next
 * attempt comes after the pause, as if this one had not been.
 */
export function comeAgain(draft: StepDraft, brokenOff: BrokenOffBecause): Step {
  const { context, service } = draft;
  const row = decide('broken-off', { brokenOff });
  context.brokenOff = (context.brokenOff ?? 0) + 1;
  draft.unqueue();
  switch (row) {
    case 'attempt.paused':
      draft.postpone(0);
      return draft.goTo({ name: 'waiting-to-retry' }, row, 'its service is paused');
    case 'attempt.no-trunk':
    case 'attempt.not-written':
    case 'attempt.no-endpoint': {
      const wantedMs = Math.max(service.dialRetryMs, BROKEN_OFF_PAUSE_MIN_MS);
      const afterMs = Math.max(wantedMs, retryAfterIn(context));
      draft.clearCall('another attempt follows');
      draft.startTimer('retry', afterMs);
      const because = `${WHY[row]}; the pause is ${seconds(afterMs)}`;
      return draft.goTo({ name: 'waiting-to-retry' }, row, because);
    }
  }
}

const WHY = {
  'attempt.no-trunk': 'no other trunk has room',
  'attempt.not-written': 'the store cannot write',
  'attempt.no-endpoint': 'the media server failed',
} as const;

/** Counts the attempt among those that ended alike, where the option `retry` limits them. */
function countResult({ context, service }: StepDraft): {
  readonly result: RetryResult | undefined;
  readonly rule: RetryRule | undefined;
  readonly sameResults: number;
} {
  const result = retryResultOf(callStateIn(context), service);
  const rule = result && service.retryRules[result];
  if (result === undefined || rule?.maxAttempts === undefined) {
    return { result, rule, sameResults: 0 };
  }
  const sameResults = (context.results?.[result] ?? 0) + 1;
  context.results = { ...context.results, [result]: sameResults };
  return { result, rule, sameResults };
}
