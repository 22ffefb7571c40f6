/**
 * The SIP side of a callback's story, as far as its attempts know it, one line a message. Only what
 * was kept is shown: who ended an answered call, for one, stands in the steps and not here.
 */

import type { AttemptRecord } from '../schedule/callback-store.js';

export interface LadderLine {
  readonly atMs: number;
  readonly attempt: number;
  readonly callId: string;
  /** `->` from us to the customer, `<-` from the customer to us, `--` not kept. */
  readonly direction: '->' | '<-' | '--';
  readonly message: string;
}

/** The lines of all attempts in the order of time. */
export function ladderOf(attempts: readonly AttemptRecord[]): LadderLine[] {
  return attempts.flatMap(linesOf).sort((a, b) => a.atMs - b.atMs);
}

function linesOf(record: AttemptRecord): LadderLine[] {
  const { callId, attempt, startedAtMs, answeredAtMs, endedAtMs } = record;
  const line = (atMs: number, direction: LadderLine['direction'], message: string): LadderLine => ({
    atMs,
    attempt,
    callId,
    direction,
    message,
  });

  const lines = [line(startedAtMs, '->', `INVITE ${record.number}`)];
  if (answeredAtMs !== undefined) lines.push(line(answeredAtMs, '<-', '200 OK'));
  if (endedAtMs === undefined) return lines;
  const wasRefused = answeredAtMs === undefined && record.sipStatus !== undefined;
  lines.push(
    wasRefused
      ? line(endedAtMs, '<-', `${record.sipStatus} ${record.sipReason ?? ''}`.trim())
      : line(endedAtMs, '--', endOf(record)),
  );
  return lines;
}

function endOf({ answeredAtMs, outcome, q850Cause }: AttemptRecord): string {
  const what = answeredAtMs === undefined ? 'ended without a final response' : 'call ended';
  const facts = [outcome, q850Cause === undefined ? undefined : `Q.850 ${q850Cause}`];
  const known = facts.filter((fact) => fact !== undefined);
  return known.length === 0 ? what : `${what} (${known.join(', ')})`;
}
