/** What a campaign has to show, from two witnesses: the store, and what arrived at the far end. */
import type { HeardCall } from '../../src/farend/far-end.js';
import type { AttemptRecord, CallbackRecord } from '../../src/schedule/callback-store.js';

export interface Evidence {
  readonly accepted: readonly string[];
  readonly callbacks: readonly CallbackRecord[];
  readonly attempts: readonly AttemptRecord[];
  /** Calls that arrived, agents' included. */
  readonly calls: readonly HeardCall[];
  readonly isCustomer: (userPart: string) => boolean;
}

export interface Verdict {
  /** Accepted and not COMPLETED at the end. */
  readonly lost: readonly string[];
  /** Call-IDs that arrived twice, or without an attempt on record. */
  readonly strayInvites: readonly string[];
  /** Numbers with two legs alive at the same time. */
  readonly overlaps: readonly string[];
  /** Attempts without an end, or without an outcome and not NODE_LOST. */
  readonly undecided: readonly string[];
  readonly nodeLostCount: number;
}

export function judge(evidence: Evidence): Verdict {
  const { accepted, callbacks, attempts, calls, isCustomer } = evidence;
  const completed = new Set(
    callbacks.filter(({ state, reason }) => state === 'COMPLETED' && reason).map(({ id }) => id),
  );
  const customers = calls.filter(({ userPart }) => isCustomer(userPart));
  return {
    lost: accepted.filter((id) => !completed.has(id)),
    strayInvites: strays(customers, attempts),
    overlaps: overlapping(customers),
    undecided: attempts
      .filter(({ endedAtMs, callState, outcome }) => {
        return endedAtMs === undefined || (callState === undefined && outcome !== 'NODE_LOST');
      })
      .map(({ callbackId, attempt }) => `${callbackId}/${attempt}`),
    nodeLostCount: attempts.filter(({ outcome }) => outcome === 'NODE_LOST').length,
  };
}

/** One attempt has one Call-ID (the store sees to it), so one Call-ID may arrive once. */
function strays(customers: readonly HeardCall[], attempts: readonly AttemptRecord[]): string[] {
  const known = new Set(attempts.map(({ callId }) => callId));
  const seen = new Set<string>();
  return customers.flatMap(({ callId, userPart }) => {
    const isStray = seen.has(callId) || !known.has(callId);
    seen.add(callId);
    return isStray ? [`${callId} to ${userPart}`] : [];
  });
}

function overlapping(customers: readonly HeardCall[]): string[] {
  return [...groupByNumber(customers)].flatMap(([number, calls]) => {
    const inOrder = [...calls].sort((a, b) => a.startedAtEpochMs - b.startedAtEpochMs);
    return inOrder.flatMap((call, index) => {
      const next = inOrder[index + 1];
      const endedAtMs = call.startedAtEpochMs + (call.endedAtMs ?? Infinity);
      if (!next || endedAtMs <= next.startedAtEpochMs) return [];
      return [`${number}: ${call.callId} was up when ${next.callId} came`];
    });
  });
}

function groupByNumber(calls: readonly HeardCall[]): Map<string, HeardCall[]> {
  const groups = new Map<string, HeardCall[]>();
  for (const call of calls) {
    groups.set(call.userPart, [...(groups.get(call.userPart) ?? []), call]);
  }
  return groups;
}
