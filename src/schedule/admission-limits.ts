/**
 * Limits that the store checks in the transaction that uses them up, so that two requests at a time
 * cannot both take the last place. They say how many there may be, never what for.
 */
import type { CallbackRecord } from './callback-store.js';

/** So many until a point in time; then it is counted anew. */
export interface CounterLimit {
  /** Names the counter; whoever uses the same name shares it. At most 500 characters. */
  readonly key: string;
  /** 0 = none at all. */
  readonly max: number;
  /** End of a count that begins now, milliseconds since the epoch. */
  readonly endsAtMs: number;
  /**
   * A count that ends later than that, by this much at most, goes on: another clock is ahead and has begun
   * the next one already, or ours was set back. A minute when left out.
   */
  readonly mayEndLaterMs?: number;
}

/** A stretch of time and how many callbacks may be booked for it, this one included. */
export interface SlotLimit {
  /** The desired times that count; the end is excluded. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly max: number;
}

/** Which slots are counted: all of one length, the first one begins at `fromMs`. */
export interface BookedQuery {
  readonly serviceName: string;
  readonly fromMs: number;
  /** Excluded. */
  readonly toMs: number;
  readonly slotMs: number;
}

/** What a `SlotLimit` of this slot counts. */
export interface Booked {
  readonly fromMs: number;
  readonly count: number;
}

/** What has to have room for one more callback. */
export interface AcceptLimits {
  /** All or none is counted. */
  readonly counters?: readonly CounterLimit[];
  /** Callbacks of the service that are in the queue (QUEUED, ROUTING or PAUSED), this one included. */
  readonly queuedMax?: number | undefined;
  /** Of these, the ones for the same number. */
  readonly sameNumberQueuedMax?: number | undefined;
  /** Callbacks of the service for the same number that are not COMPLETED, this one included. */
  readonly sameNumberOpenMax?: number | undefined;
  /** Scheduled callbacks of the service whose desired time lies there, and that nobody cancelled. */
  readonly slot?: SlotLimit | undefined;
}

export type CounterRefusal = {
  readonly ok: false;
  readonly why: 'counter';
  readonly key: string;
  /** When it is counted anew. */
  readonly endsAtMs: number;
};

/** A refused callback has changed nothing and used up nothing. */
export type AdmitResult =
  | { readonly ok: true; readonly record: CallbackRecord }
  | CounterRefusal
  | {
      readonly ok: false;
      readonly why: 'queue-full' | 'number-in-queue' | 'number-open' | 'slot-full';
    };
