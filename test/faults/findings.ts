/** What a fault campaign has to answer for, from the store, the far end and the times of the faults. */
import type { HeardCall } from '../../src/farend/far-end.js';
import type { AttemptRecord, CallbackRecord } from '../../src/schedule/callback-store.js';
import type { Verdict } from '../crash/verdict.js';

/** Who has a number when nothing is wrong. */
export type Party = 'human' | 'machine' | 'busy' | 'no answer' | 'fax' | 'leaves';

export interface FaultPeriod {
  readonly n: number;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly healedAtMs: number;
  /** Calls at the far end when it began. */
  readonly callsUp: number;
}

export interface Finding {
  readonly what: string;
  readonly callbackId?: string;
}

export interface Evidence {
  readonly verdict: Verdict;
  readonly callbacks: readonly CallbackRecord[];
  readonly attempts: readonly AttemptRecord[];
  readonly calls: readonly HeardCall[];
  /** Left on FreeSWITCH, as it lists them. */
  readonly channels: readonly string[];
  readonly periods: readonly FaultPeriod[];
  readonly maxAttempts: number;
  readonly partyOf: (number: string) => Party;
}

/** Longest life of a leg after what it hung on is back. */
export const GHOST_AFTER_MS = 35_000;
/** A fault is felt for so long after it was healed: legs found lost, connections made again. */
export const AFTERMATH_MS = 12_000;

/** The one reason of a callback that no fault has touched. */
const REASON: Readonly<Record<Party, string>> = {
  human: 'AGENT_CONNECTED',
  machine: 'FAIL_CALL_TO_CUSTOMER',
  busy: 'FAIL_CALL_TO_CUSTOMER',
  'no answer': 'FAIL_CALL_TO_CUSTOMER',
  fax: 'FAIL_FAX_REACHED',
  leaves: 'FAIL_INTERACTION_DELETED',
};

/**
 * What a fault may make of it besides: the attempts spent, no agent reached, the call gone under way; and
 * an agent for whoever answered and vanished, because silence counts as a person.
 */
const REASONS_AFTER_FAULT = new Set([
  'AGENT_CONNECTED',
  'FAIL_CALL_TO_CUSTOMER',
  'FAIL_TARGET_NOT_FOUND',
  'FAIL_AGENT_CONNECT',
  'FAIL_INTERACTION_DELETED',
  'FAIL_ERROR',
]);

export function findings(evidence: Evidence): Finding[] {
  const { verdict, channels } = evidence;
  const list = (what: string, ids: readonly string[]): Finding[] =>
    ids.map((id) => ({ what: `${what}: ${id}` }));
  return [
    ...verdict.lost.map((callbackId) => ({ what: 'not completed', callbackId })),
    ...list('INVITE without an attempt of its own', verdict.strayInvites),
    ...list('two legs at one number', verdict.overlaps),
    ...verdict.undecided.map((id) => ({
      what: `attempt without an outcome: ${id}`,
      callbackId: id.split('/')[0]!,
    })),
    ...ghosts(evidence),
    ...list('channel left on FreeSWITCH', channels),
    ...wrongReasons(evidence),
  ];
}

/** Legs that lived too long after the end of a fault that found them up, or that live still. */
function ghosts({ calls, periods, attempts }: Evidence): Finding[] {
  const owners = new Map(attempts.map(({ callId, callbackId }) => [callId, callbackId]));
  return calls.flatMap((call) => {
    const { startedAtEpochMs: startMs, endedAtMs, callId, userPart } = call;
    const endMs = endedAtMs === undefined ? Infinity : startMs + endedAtMs;
    const met = periods.filter(({ atMs, healedAtMs }) => startMs < healedAtMs && endMs > atMs);
    const lastHealedMs = Math.max(startMs, ...met.map(({ healedAtMs }) => healedAtMs));
    const livedMs = endMs - lastHealedMs;
    if (livedMs <= GHOST_AFTER_MS) return [];
    const callbackId = owners.get(callId);
    const howLong = livedMs === Infinity ? 'to the end' : `for ${Math.round(livedMs)} ms`;
    return [
      {
        what: `leg ${callId} to ${userPart} lived on ${howLong}: ${ladderOf(call)}`,
        ...(callbackId === undefined ? {} : { callbackId }),
      },
    ];
  });
}

function ladderOf({ startedAtEpochMs, ladder }: HeardCall): string {
  const steps = ladder.map(({ atMs, what }) => `${atMs} ms ${what}`);
  return [`from ${new Date(startedAtEpochMs).toISOString()}`, ...steps].join(', ');
}

function wrongReasons(evidence: Evidence): Finding[] {
  return evidence.callbacks.flatMap((callback) => {
    const { id, reason, customerNumber } = callback;
    if (reason === undefined) return []; // not completed: told above
    const own = evidence.attempts.filter(({ callbackId }) => callbackId === id);
    const party = evidence.partyOf(customerNumber);
    const isTouched = own.some((attempt) => touches(attempt, evidence.periods));
    const isRight = reason === REASON[party] || (isTouched && REASONS_AFTER_FAULT.has(reason));
    const spent = own.length === evidence.maxAttempts;
    const gaveUpEarly =
      party === 'human' && reason === 'FAIL_CALL_TO_CUSTOMER' && !spent ? ' before the limit' : '';
    if (isRight && gaveUpEarly === '') return [];
    const touched = isTouched ? 'touched by a fault' : 'no fault near';
    return [
      {
        what: `${party} ended as ${reason}${gaveUpEarly} after ${own.length} attempts, ${touched}`,
        callbackId: id,
      },
    ];
  });
}

function touches(
  { startedAtMs, endedAtMs }: AttemptRecord,
  periods: readonly FaultPeriod[],
): boolean {
  return periods.some(
    ({ atMs, healedAtMs }) =>
      startedAtMs < healedAtMs + AFTERMATH_MS && (endedAtMs ?? Infinity) > atMs,
  );
}
