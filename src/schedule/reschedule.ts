/** Changes of a callback that exists, from outside. */
import type { SlotLimit } from './admission-limits.js';
import type { CallbackRecord } from './callback-store.js';
import type { NoticeDraft } from './notices.js';

/** What may be changed from outside while no session owns the callback. */
export interface Reschedule {
  readonly atMs: number;
  readonly desiredAtMs?: number;
  /** With a desired time, as that of a new callback. */
  readonly dueAtMs?: number;
  /** With a desired time: has to have room for it. */
  readonly slot?: SlotLimit;
  readonly expiresAtMs?: number;
  readonly customerNumber?: string;
  /** Merged into what is there; an empty string deletes the key. */
  readonly userData?: Readonly<Record<string, string>>;
  readonly lookupKeys?: Readonly<Record<string, string>>;
  /** Written when it is made. */
  readonly notices?: readonly NoticeDraft[];
}

export type RescheduleResult =
  | { readonly ok: true; readonly record: CallbackRecord }
  /** `too-late`: a session owns it (user data may still change) or it is COMPLETED. */
  | { readonly ok: false; readonly why: 'unknown' | 'too-late' | 'slot-full' };
