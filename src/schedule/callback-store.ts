/**
 * What the scheduler, the sessions and the HTTP API need from durable storage, and nothing of SQL.
 *
 * Two promises stand behind every method: what a resolved `accept`, `requestCancel`, `reschedule` or
 * durable `commit` said is on disk, and one `Change` is applied whole or not at all. Expected refusals
 * (number busy, too late, unknown) are values; a rejected promise is a `StoreError`, that is broken
 * infrastructure. The store never decides when to dial: it only keeps what the flow decided.
 *
 * Several processes may share a store (PostgreSQL), each a *node* with a lease that it renews; what a
 * node owns is taken over by another once its lease has run out. How a method is added for every
 * kind of store: `adapters/store/operation-store.ts`.
 *
 * "Claimed" is a column of its own and says that a session of some process owns the callback;
 * the state PROCESSING means that customer and agent talk.
 */

import type { AttemptDetail, Command, Event, State } from '../callflow/vocabulary.js';
import type { NoticeDraft, NoticeStore } from './notices.js';
import type { ClaimOf, DueService } from './due-services.js';
import type { InboundCallStore, InboundChange } from './inbound-calls.js';
import type { LegChange, LegRecord } from './leg-changes.js';
import type { PauseStore } from './pauses.js';
import type { AgentHoldStore } from '../handoff/agent-holds.js';
import type { AgentMemoStore } from '../handoff/agent-memory.js';
import type { TrailEntry } from '../report/trail.js';
import type {
  AcceptLimits,
  AdmitResult,
  Booked,
  BookedQuery,
  CounterLimit,
  CounterRefusal,
} from './admission-limits.js';
import type { CallLimit, CallLimitRefusal } from './call-limits.js';
import type { SharedStore } from './shared-store.js';
import type { StoreError } from './store-error.js';
import type { CallbackQuery } from './callback-query.js';
import type { Reschedule, RescheduleResult } from './reschedule.js';

export type { CallbackQuery, LegChange, LegRecord, Reschedule, RescheduleResult };

export { StoreError, type StoreErrorCode } from './store-error.js';

/** Genesys' `_callback_state`. */
export const CALLBACK_STATES = [
  'SCHEDULED',
  'QUEUED',
  'PAUSED',
  'ROUTING',
  'PROCESSING',
  'COMPLETED',
] as const;

export type CallbackState = (typeof CALLBACK_STATES)[number];

export type CancelledBy = 'customer' | 'admin';

/** A validated request, before the store has it. */
export interface NewCallback {
  /** Chosen by the caller (RFC 4122). */
  readonly id: string;
  readonly serviceName: string;
  /** E.164. */
  readonly customerNumber: string;
  readonly createdAtMs: number;
  /** When the customer wants to be called. */
  readonly desiredAtMs: number;
  /** When it is taken up first; the desired time when left out. */
  readonly dueAtMs?: number;
  /** After this nothing is dialled any more (`_ttl` after the desired time). */
  readonly expiresAtMs: number;
  readonly userData: Readonly<Record<string, string>>;
  /** `_customer_lookup_keys` and their values; `find` searches them. */
  readonly lookupKeys: Readonly<Record<string, string>>;
  /** Options that the request sets for itself, checked; `overrideService` takes them as they are. */
  readonly requestOptions: Readonly<Record<string, string>>;
  /** Equal for equal requests: tells a repeated idempotency key from a reused one. */
  readonly fingerprint?: string;
  /** Written with it. */
  readonly notices?: readonly NoticeDraft[];
}

export interface CallbackRecord extends Omit<NewCallback, 'fingerprint' | 'notices'> {
  readonly state: CallbackState;
  /** Genesys' `_callback_reason`; only with COMPLETED. */
  readonly reason?: string;
  /** Next time something has to happen: the desired time, later the next retry. */
  readonly dueAtMs: number;
  /** Dials made so far. */
  readonly attemptCount: number;
  /** Result of the latest attempt. */
  readonly callState?: number;
  /** Snapshot of the core's state after the latest step that brought one. */
  readonly flowState?: State;
  readonly claimed: boolean;
  readonly cancelRequested?: CancelledBy;
  readonly updatedAtMs: number;
  /** Present when COMPLETED. */
  readonly completedAtMs?: number;
}

/**
 * `delivered`: played to its end while the line was up. `cut`: the far end hung up, or the call was ended
 * or lost, before that. `failed`: it could not be played.
 */
export type MessageOutcome = 'delivered' | 'cut' | 'failed';

export interface AttemptRecord {
  readonly callbackId: string;
  /** From 1. */
  readonly attempt: number;
  /** Our own Call-ID, on disk before the INVITE leaves; never changes afterwards. */
  readonly callId: string;
  /** As dialled, prefix included. */
  readonly number: string;
  readonly trunk?: string;
  readonly startedAtMs: number;
  /** The first 180, 181 or 182: a phone rings. */
  readonly rangAtMs?: number;
  /** The first session description before the answer: ringback, tones or an announcement may be heard. */
  readonly earlyMediaAtMs?: number;
  /** From the INVITE to the first of the two, on the trunk that brought it. */
  readonly postDialDelayMs?: number;
  readonly answeredAtMs?: number;
  /** Absent while the attempt is open. */
  readonly endedAtMs?: number;
  readonly callState?: number;
  /** Word for the outcome, NODE_LOST included. */
  readonly outcome?: string;
  readonly sipStatus?: number;
  readonly sipReason?: string;
  readonly q850Cause?: number;
  /** The far side's Reason header (RFC 3326), in its refusal or its BYE. */
  readonly farReason?: string;
  /** Present when a trunk failed and another was tried: all of them in order, the last one too. */
  readonly tries?: readonly TrunkTry[];
  readonly localTag?: string;
  readonly remoteTag?: string;
  readonly cpdReason?: string;
  /** How the detector was given the audio. */
  readonly audioTap?: AttemptDetail['audioTap'];
  /** What became of the message for a machine; absent when none was begun. */
  readonly message?: MessageOutcome;
  /** The media server's name for the endpoint, to end it after a crash. */
  readonly endpointId?: string;
  /** When an agent was first looked for, or the route point called. */
  readonly waitingSinceMs?: number;
  /** When the customer and the other side could hear each other. */
  readonly connectedAtMs?: number;
  /** SIP URI of the other side. */
  readonly connectedTo?: string;
  /** How the call got there; `referred`: it has left us, its end is not known. */
  readonly transfer?: 'bridged' | 'direct' | 'referred' | 'transferred';
  /** Why it went another way than configured. */
  readonly transferDetail?: string;
  readonly talkEndedBy?: TalkEndedBy;
}

/** One INVITE of an attempt. */
export interface TrunkTry {
  readonly trunk: string;
  /** On disk before its INVITE leaves. */
  readonly callId: string;
  readonly startedAtMs: number;
  /** Why it went on to the next trunk; absent for the last one, whose result is the attempt's. */
  readonly sipStatus?: number;
  readonly q850Cause?: number;
  readonly why?: string;
}

/** `limit`: the conversation's longest duration. `lost`: infrastructure took it away. */
export type TalkEndedBy = 'customer' | 'agent' | 'route-point' | 'limit' | 'lost';

/** One step of the flow as the journal keeps it. */
export interface JournalStep {
  readonly atMs: number;
  readonly event: Event;
  readonly row: string;
  readonly because: string;
  readonly commands: readonly Command[];
  readonly stateName: string;
}

/** What a session may change in the record itself. */
export type RecordChange = Partial<
  Pick<
    CallbackRecord,
    'state' | 'reason' | 'dueAtMs' | 'attemptCount' | 'callState' | 'claimed' | 'expiresAtMs'
  >
>;

/**
 * The first change of an attempt has to bring `callId`, `number` and `startedAtMs`; later ones add
 * to it. An attempt keeps the Call-ID it was born with.
 */
export type AttemptChange = { readonly attempt: number } & Partial<
  Omit<AttemptRecord, 'callbackId' | 'attempt'>
>;

/** Everything that one step changes, in one transaction. */
export interface Change {
  /** When, milliseconds since the epoch; the step's time when left out. */
  readonly atMs?: number;
  readonly step?: JournalStep;
  readonly flowState?: State;
  readonly record?: RecordChange;
  readonly attempt?: AttemptChange;
  readonly leg?: LegChange;
  /** Of a call from outside, under whose id the change is made; with `leg` and `trail` alone. */
  readonly inbound?: InboundChange;
  /** Lines for `trace`; those past `TRAIL_ENTRIES_MAX` of a callback are dropped. */
  readonly trail?: readonly TrailEntry[];
  /** Keys of the user data that get another value; null takes one away. */
  readonly userData?: Readonly<Record<string, string | null>>;
  /** To be told to others, if the rest of the change is made. */
  readonly notices?: readonly NoticeDraft[];
  /**
   * `take` before the INVITE, `release` once the leg has ended. One live leg per number: `take` is
   * refused while another callback holds the number, or a leg there is not over in the ledger.
   * Completing a callback releases its lock.
   */
  readonly dialLock?: 'take' | 'release';
  /** The number (E.164) to lock when a reply replaced the callback's own. */
  readonly lockNumber?: string;
  /** Counted with the attempt (`take` only); without room the change is refused. */
  readonly counters?: readonly CounterLimit[];
  /** The same for calls of all processes, with `take` or another trunk for the attempt. */
  readonly callLimits?: readonly CallLimit[];
}

/** A refused change changed nothing. */
export type CommitResult =
  | { readonly ok: true }
  /** Another callback's leg to this number is alive, or any leg there is not over (`take` only). */
  | { readonly ok: false; readonly why: 'number-busy'; readonly heldBy: string }
  /** A cancel came first (`take`, or another INVITE of an attempt): end instead of dialling. */
  | { readonly ok: false; readonly why: 'cancel-requested'; readonly by: CancelledBy }
  /** Its service is paused (`take`, or another INVITE of an attempt). */
  | { readonly ok: false; readonly why: 'paused' }
  /** No session owns the callback (`take`, or another INVITE of an attempt). */
  | { readonly ok: false; readonly why: 'not-claimed' }
  /** One of `counters` is full (`take` only). */
  | CounterRefusal
  | CallLimitRefusal
  /**
   * The callback is COMPLETED, which is final; journal and attempt facts alone are still taken. A call
   * from outside is over.
   */
  | { readonly ok: false; readonly why: 'completed' }
  | { readonly ok: false; readonly why: 'unknown' };

export interface CommitOptions {
  /** true: resolves once the disk has it. false: resolves at once, written behind in order. */
  readonly durable: boolean;
}

export type CancelResult =
  /** No session owned it: COMPLETED at once. */
  | 'cancelled'
  /** Marked; the session that owns it has to be told. */
  | 'asked'
  /** PROCESSING or COMPLETED. */
  | 'too-late'
  | 'unknown';

export interface StoreStats {
  /** Callbacks that are not COMPLETED. */
  readonly open: readonly {
    readonly serviceName: string;
    readonly state: CallbackState;
    readonly count: number;
  }[];
  readonly claimedCount: number;
  readonly dialLockCount: number;
  /** Operations sent to the disk and not yet there. */
  readonly pendingCount: number;
  readonly isWritable: boolean;
}

/** What a dead process left claimed. */
export type Leftover = CallbackRecord & { readonly openAttempt?: AttemptRecord };

export interface CallbackStore
  extends PauseStore, NoticeStore, AgentMemoStore, AgentHoldStore, InboundCallStore {
  /** Present when several processes share the store. */
  readonly shared?: SharedStore;
  /**
   * Takes a callback on; durable before it resolves. The state is QUEUED when already due, else
   * SCHEDULED. A repeated idempotency key returns the record it made the first time.
   * @throws StoreError `STORE_KEY_REUSED` when the key stands for a different request,
   *   `STORE_CONFLICT` when the id is taken.
   */
  accept(callback: NewCallback, idempotencyKey?: string): Promise<CallbackRecord>;
  /**
   * `accept`, when there is room: the limits are checked, and what they count is counted, in the same
   * transaction. A repeated idempotency key passes no limit twice.
   * @throws StoreError as `accept` does
   */
  admit(callback: NewCallback, limits: AcceptLimits, idempotencyKey?: string): Promise<AdmitResult>;
  /**
   * What a repeated request made the first time.
   * @throws StoreError `STORE_KEY_REUSED` when the key stands for a different request
   */
  acceptedBefore(
    idempotencyKey: string,
    fingerprint: string | undefined,
  ): Promise<CallbackRecord | undefined>;
  get(id: string): Promise<CallbackRecord | undefined>;
  find(query: CallbackQuery): Promise<CallbackRecord[]>;
  /** Slots for which something is booked, ascending; the others have none. */
  booked(query: BookedQuery): Promise<Booked[]>;

  /**
   * Claims what is due, earliest first, at most `limit`: sets `claimed`, SCHEDULED becomes QUEUED.
   * Passes over numbers whose dial lock another callback holds, and takes one callback per number.
   */
  claimDue(nowMs: number, limit: number, of?: ClaimOf): Promise<CallbackRecord[]>;
  /**
   * After the clock was set back: what waits in the queue for nothing but a time that had come before
   * becomes due now. What is scheduled keeps its time. @returns how many
   */
  bringForward(nowMs: number): Promise<number>;
  /**
   * For each service that has any, by name, the earliest due time of what `claimDue` would take in time;
   * ignores numbers that are locked. Paused services are left out.
   */
  dueServices(): Promise<DueService[]>;

  /**
   * Applies one step. Changes of one store are applied in the order of the calls, durable or not.
   * A failed write behind rejects nothing; it reaches `onFailure`.
   */
  commit(id: string, change: Change, options: CommitOptions): Promise<CommitResult>;
  /** @param notices written when that completes it */
  requestCancel(
    id: string,
    by: CancelledBy,
    atMs: number,
    notices?: readonly NoticeDraft[],
  ): Promise<CancelResult>;
  reschedule(id: string, changes: Reschedule): Promise<RescheduleResult>;

  attempts(id: string): Promise<AttemptRecord[]>;
  /** The journal, oldest first. */
  story(id: string): Promise<JournalStep[]>;
  /** What was seen on the wire and heard, oldest first. */
  trail(id: string): Promise<TrailEntry[]>;

  /**
   * Rows that dead processes left claimed, with their dial locks still held; for recovery at start,
   * before anything is claimed, and after `takeOverLegs`. They stay claimed: the caller owns them now.
   */
  takeOverLeftovers(): Promise<Leftover[]>;
  /**
   * Legs that dead processes left in the ledger, oldest first. From now on each keeps its number from
   * being dialled until it is over or cannot ring any more; legs past that from before are dropped.
   */
  takeOverLegs(nowMs: number): Promise<LegRecord[]>;
  /**
   * Marks what is ours on servers that are shared, in hexadecimal. Nothing with this mark can belong
   * to anybody else when this process starts: it is the file's for SQLite, one of the process' own in
   * a store that is shared.
   */
  ownerId(): Promise<string>;
  /** Deletes callbacks COMPLETED before this time, with all that belongs to them. @returns how many */
  purge(completedBeforeMs: number): Promise<number>;

  /**
   * Something may have become claimable: `now` what was accepted or rescheduled, `soon` what was handed
   * back, or waited for a number that is free again.
   */
  onWork(handler: (when: 'now' | 'soon') => void): () => void;
  /** A write failed. New dials have to stop until `isWritable` again; live calls go on. */
  onFailure(handler: (error: StoreError) => void): () => void;
  /** Writes work again, and where a lease was lost there is a new one. */
  onRecovered(handler: () => void): () => void;
  /** false from a failed write until a write succeeded again (the store tries by itself). */
  readonly isWritable: boolean;
  stats(): Promise<StoreStats>;
  /** Writes what is queued, then lets go of the files. May be called twice. */
  close(): Promise<void>;
}
