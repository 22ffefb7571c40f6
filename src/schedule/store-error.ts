/** Why the store could not do its work. */
export type StoreErrorCode =
  /** Another process has the store open. */
  | 'STORE_LOCKED'
  /** The database stayed busy past the deadline. */
  | 'STORE_BUSY'
  /** Disk full. */
  | 'STORE_FULL'
  /** More operations are waiting than the queue may hold. */
  | 'STORE_OVERLOADED'
  /** Closed, or closing. */
  | 'STORE_CLOSED'
  /** Written by a newer version, or not a database. */
  | 'STORE_UNREADABLE'
  /** This process' lease ran out, or another took its work over: its calls are being ended. */
  | 'STORE_LEASE_LOST'
  /** The change contradicts what is stored (id taken, Call-ID of an attempt changed). */
  | 'STORE_CONFLICT'
  /** The idempotency key was used for a different request. */
  | 'STORE_KEY_REUSED'
  /** Anything else: I/O error, worker gone. */
  | 'STORE_FAILED';

/** Broken infrastructure, or a contradiction that means a bug. */
export class StoreError extends Error {
  constructor(
    readonly code: StoreErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'StoreError';
  }
}
