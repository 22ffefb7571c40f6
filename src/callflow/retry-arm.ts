/** The box "Retry limit exceeded?": another dial after a pause, or the end. */

import { seconds } from './because.js';
import type { RowId } from './decision-table.js';
import { nextTry } from './retry-policy.js';
import type { StepDraft } from './step-draft.js';
import type { Step } from './vocabulary.js';

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
  const { attempt, retryAfterMs } = context;
  const { maxDialAttempts, dialRetryMs } = service;
  const delayMs = cause.reply?.delayMs;
  const next = nextTry({
    attemptsMade: attempt,
    maxDialAttempts,
    dialRetryMs,
    delayMs,
    retryAfterMs,
  });
  const made = `${attempt} of _max_dial_attempts ${maxDialAttempts} made`;
  if (!next.again) {
    const because = `${cause.because}; ${made}, so none is left`;
    return cause.reply === undefined
      ? draft.end('FAIL_CALL_TO_CUSTOMER', 'retry.limit', because)
      : draft.end('CANCELLED', 'reply.retry.limit', because);
  }
  draft.clearCall('another attempt follows');
  draft.startTimer('retry', next.afterMs);
  const source = pauseSource(next.afterMs, delayMs ?? dialRetryMs, delayMs !== undefined);
  const because = `${cause.because}; ${made}, ${source} is ${seconds(next.afterMs)}`;
  return draft.goTo({ name: 'waiting-to-retry' }, cause.row, because);
}

function pauseSource(afterMs: number, wantedMs: number, isFromReply: boolean): string {
  if (afterMs !== wantedMs) return "the far end's Retry-After";
  return isFromReply ? "the reply's delay" : '_dial_retry_timeout';
}
