/** Why a callback is not being dialled now, for people: one code, one sentence, and until when if that is known. */
import type { Hindrance, HoldCode } from '../dial/dial-line.js';
import type { CallbackRecord } from './callback-store.js';
import type { ServiceRoom } from './scheduler.js';

export interface Hold {
  readonly code: HoldCode;
  readonly why: string;
  /** Milliseconds since the epoch. */
  readonly untilMs?: number;
}

export interface HoldFacts {
  readonly nowMs: number;
  readonly isWritable: boolean;
  /** Servers and trunks are there. */
  readonly isReady: boolean;
  /** What its session waits for in the line. */
  readonly inLine: Hindrance | undefined;
  readonly room: ServiceRoom;
}

/** Taken up later than the customer wished: the time of day, or a limit of the day. */
const NOT_ALLOWED_BEFORE =
  'it may not be dialled before: office hours, calling window (`dialback hours` says which) or a limit of the day';

/** @returns undefined when it is dialled, has a call, or is over */
export function holdOf(record: CallbackRecord, facts: HoldFacts): Hold | undefined {
  const { state, dueAtMs, claimed, flowState } = record;
  if (state === 'COMPLETED' || state === 'PROCESSING' || state === 'ROUTING') return undefined;
  if (state === 'PAUSED') return { code: 'paused', why: 'its service is paused' };
  const { inLine } = facts;
  if (inLine) {
    const { code, why, waitMs } = inLine;
    return { code, why, ...(waitMs !== undefined && { untilMs: facts.nowMs + waitMs }) };
  }
  if (flowState?.name === 'reserving-agent') {
    return { code: 'no-agent', why: 'an agent is looked for before the dial (_wait_for_agent)' };
  }
  if (dueAtMs > facts.nowMs) {
    if (flowState?.name === 'waiting-to-retry') {
      return { code: 'retry-pause', why: 'the pause before the next attempt', untilMs: dueAtMs };
    }
    const why = dueAtMs > record.desiredAtMs ? NOT_ALLOWED_BEFORE : 'it is not due yet';
    return { code: 'not-due', why, untilMs: dueAtMs };
  }
  if (claimed) return undefined;
  if (!facts.isWritable) return { code: 'store', why: 'the store takes no writes' };
  if (!facts.isReady) return { code: 'not-ready', why: 'no call can be made, see /readyz' };
  if (facts.room.free <= 0) {
    return { code: 'in-line', why: 'as many of its service wait or talk as may' };
  }
  return { code: 'in-line', why: 'others are dialled first, or its number is being called' };
}
