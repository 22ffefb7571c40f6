/**
 * The SIP side of a callback's story, one line a message: what the signalling server sent and received
 * where the trail has it, else (an old record) what the attempts themselves know.
 */

import type { LegRole, TrailEntry } from '../report/trail.js';
import type { AttemptRecord } from '../schedule/callback-store.js';

export interface LadderLine {
  readonly atMs: number;
  readonly attempt: number;
  readonly leg: LegRole;
  readonly callId: string;
  /** `->` from us, `<-` to us, `--` not a message: what became of the attempt. */
  readonly direction: '->' | '<-' | '--';
  readonly message: string;
  readonly cseq?: string;
  /** `udp/192.0.2.1:5060`. */
  readonly peer?: string;
  /** Session description and Reason header, in a line. */
  readonly detail?: string;
}

/** What was done to the media of a leg, or heard on it. */
export interface MediaLine {
  readonly atMs: number;
  readonly attempt: number;
  readonly leg: LegRole;
  readonly what: string;
  readonly detail?: string;
}

/** The lines of all attempts and of the legs to agents, in the order of time. */
export function ladderOf(
  attempts: readonly AttemptRecord[],
  trail: readonly TrailEntry[] = [],
): LadderLine[] {
  const seen = new Set<string>();
  const lines: LadderLine[] = [];
  for (const entry of trail) {
    if (entry.kind !== 'sip') continue;
    seen.add(entry.callId);
    const { kind: _, ...line } = entry;
    lines.push({ ...line, attempt: attemptAt(attempts, entry) });
  }
  for (const record of attempts) {
    if (!seen.has(record.callId)) lines.push(...linesOf(record));
    else if (record.outcome === 'NODE_LOST') lines.push(...linesOf(record).slice(-1));
  }
  return lines.sort((a, b) => a.atMs - b.atMs);
}

/** The media side, in the order of time. */
export function mediaOf(
  attempts: readonly AttemptRecord[],
  trail: readonly TrailEntry[],
): MediaLine[] {
  return trail.flatMap((entry) => {
    if (entry.kind !== 'media') return [];
    const { atMs, leg, what, detail } = entry;
    return [{ atMs, attempt: attemptAt(attempts, entry), leg, what, detail }];
  });
}

/** An agent's leg belongs to the attempt that had the customer on the line then. */
function attemptAt(attempts: readonly AttemptRecord[], entry: TrailEntry): number {
  const own = attempts.find(({ callId }) => callId === entry.callId);
  const before = attempts.filter(({ startedAtMs }) => startedAtMs <= entry.atMs);
  return (own ?? before.at(-1))?.attempt ?? 0;
}

function linesOf(record: AttemptRecord): LadderLine[] {
  const { callId, attempt, startedAtMs, answeredAtMs, endedAtMs } = record;
  const line = (atMs: number, direction: LadderLine['direction'], message: string): LadderLine => ({
    atMs,
    attempt,
    leg: 'customer',
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
