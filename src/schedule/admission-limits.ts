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
  | { readonly ok: false; readonly why: 'queue-full' | 'number-in-queue' | 'number-open' };
