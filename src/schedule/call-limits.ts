/**
 * Limits on calls that the processes which share a store keep together: checked and counted in the
 * transaction that records an attempt, so that two of them cannot both take the last place, and so that
 * the calls of a process that died count until somebody has ended them.
 */
export interface CallLimit {
  readonly of: 'all' | 'service' | 'trunk';
  /** Of the service or trunk; empty for all. */
  readonly name: string;
  /** Customers' legs at a time. */
  readonly maxCalls?: number | undefined;
  /** In any second, by the store's clock. */
  readonly maxPerSecond?: number | undefined;
}

export type CallLimitRefusal = Pick<CallLimit, 'of' | 'name'> & {
  readonly ok: false;
  readonly why: 'call-limit';
  /** Too many in this second: there is room after so long. Absent: too many at a time. */
  readonly waitMs?: number;
};
