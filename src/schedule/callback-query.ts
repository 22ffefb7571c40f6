/** Which callbacks somebody looks for. */

import type { CallbackState } from './callback-store.js';

/** Every part that is there has to match. */
export interface CallbackQuery {
  readonly customerNumber?: string;
  readonly serviceName?: string;
  /** Of one of these services; none = of no service. */
  readonly serviceNames?: readonly string[];
  /** Every pair has to match. */
  readonly lookupKeys?: Readonly<Record<string, string>>;
  /** Callbacks with one of these values of the key are left out. */
  readonly notLookupKeys?: Readonly<Record<string, readonly string[]>>;
  readonly states?: readonly CallbackState[];
  readonly notStates?: readonly CallbackState[];
  /** `_callback_reason` is one of them. */
  readonly reasons?: readonly string[];
  /** Window on the desired time, both ends included. */
  readonly desiredFromMs?: number;
  readonly desiredToMs?: number;
  /** Completed at or after, and before. With either, the order is that of the end, oldest first. */
  readonly completedFromMs?: number;
  readonly completedToMs?: number;
  /** 1..1000, default 100; the newest desired times first. */
  readonly limit?: number;
  /** What comes after the callback with this id in that order: the last one of the page before. */
  readonly after?: string;
}
