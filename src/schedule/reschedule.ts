/** Changes of a callback that exists, from outside. */
import type { AcceptLimits, AdmitResult, SlotLimit } from './admission-limits.js';
import type { CallbackRecord } from './callback-store.js';
import type { NoticeDraft } from './notices.js';

/** What may be changed from outside while no session owns the callback. */
export interface Reschedule {
  readonly atMs: number;
  readonly desiredAtMs?: number;
  /** When it is taken up; without it at the desired time, or as before when that stays. */
  readonly dueAtMs?: number;
  /** With a desired time: has to have room for it. */
  readonly slot?: SlotLimit;
  readonly expiresAtMs?: number;
  readonly customerNumber?: string;
  /** With a number: has to have room for it, as for a new callback. */
  readonly limits?: AcceptLimits;
  /** In place of those it had. */
  readonly requestOptions?: Readonly<Record<string, string>>;
  /** Merged into what is there; an empty string deletes the key. */
  readonly userData?: Readonly<Record<string, string>>;
  readonly lookupKeys?: Readonly<Record<string, string>>;
  /** Written when it is made. */
  readonly notices?: readonly NoticeDraft[];
}

export type RescheduleResult =
  | { readonly ok: true; readonly record: CallbackRecord }
  /** `too-late`: a session owns it (user data may still change) or it is COMPLETED. */
  | { readonly ok: false; readonly why: 'unknown' }
  | { readonly ok: false; readonly why: 'too-late' }
  | Exclude<AdmitResult, { ok: true }>;
