/**
 * What is to be told to others about a callback, kept in the store from the transaction that made it
 * true until it has been delivered. Plain data; how it is delivered stands in `report/`.
 */

/** Something that happened, before the store has numbered it. */
export interface NoticeDraft {
  /** Name of the event, such as `_cbe_on_dial_done`. */
  readonly event: string;
  /** http(s) URL. */
  readonly target: string;
  /** Not before this time; reminders of the future are written early. */
  readonly atMs: number;
  readonly deliveriesMax: number;
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

export interface Notice extends NoticeDraft {
  /** `CALLBACK.N`: the same for every delivery of it. */
  readonly id: string;
  readonly callbackId: string;
  readonly serviceName: string;
  /** Counts the notices of one callback from 1, without a gap unless its target was switched off. */
  readonly sequence: number;
  readonly createdAtMs: number;
  /** Deliveries begun, this one included. */
  readonly deliveryCount: number;
  /** When it is tried next. */
  readonly nextAtMs: number;
  /** Given up: it waits for somebody to replay it. */
  readonly isDead: boolean;
  /** What became of the latest delivery. */
  readonly why?: string;
}

/** What became of a delivery. */
export type NoticeOutcome = { readonly id: string } & (
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly atMs: number; readonly why: string }
  | { readonly kind: 'dead'; readonly why: string }
  /** The target is not wanted any more: it is switched off, and what waits for it is given up. */
  | { readonly kind: 'gone'; readonly why: string; readonly atMs: number }
  /** By hand: from the first delivery on, and its target is switched on again. */
  | { readonly kind: 'replay'; readonly atMs: number }
);

export interface NoticeQuery {
  readonly isDead?: boolean;
  readonly callbackId?: string;
  readonly serviceName?: string;
  /** Of any of these. */
  readonly serviceNames?: readonly string[];
  /** 1..1000, default 100; oldest first. */
  readonly limit?: number;
  /** What comes after the notice with this id. */
  readonly after?: string;
}

/** Written before it is due; what comes meanwhile does not wait for it. */
export const REMINDER = '_cbe_on_callback_reminder';

export interface NoticeStore {
  /**
   * Notices to be delivered now, oldest first, at most `limit`; of each callback and target only the
   * first. Nobody else gets them for the length of the lease.
   */
  claimNotices(nowMs: number, limit: number, leaseMs: number): Promise<Notice[]>;
  settleNotices(outcomes: readonly NoticeOutcome[]): Promise<void>;
  findNotices(query: NoticeQuery): Promise<Notice[]>;
}
