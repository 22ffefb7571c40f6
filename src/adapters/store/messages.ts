/**
 * The operations of the store as data, and what each returns: for both kinds of store. To SQLite's worker
 * one message crosses per operation, never one per SQL statement, so that a batch shares one COMMIT; on
 * PostgreSQL they wait in lanes (`postgres/lanes.ts`) and share transactions there.
 */

import type {
  AttemptRecord,
  CallbackQuery,
  CallbackRecord,
  CancelledBy,
  CancelResult,
  CommitResult,
  JournalStep,
  Leftover,
  LegRecord,
  NewCallback,
  Reschedule,
  RescheduleResult,
  StoreErrorCode,
  StoreStats,
} from '../../schedule/callback-store.js';
import type {
  AcceptLimits,
  AdmitResult,
  Booked,
  BookedQuery,
} from '../../schedule/admission-limits.js';
import type { Notice, NoticeDraft, NoticeOutcome, NoticeQuery } from '../../schedule/notices.js';
import type {
  EndedInboundCallRecord,
  InboundCallRecord,
  InboundQuery,
} from '../../schedule/inbound-calls.js';
import type { ClaimOf, DueService } from '../../schedule/due-services.js';
import type { AgentMemo } from '../../handoff/agent-memory.js';
import type { TrailEntry } from '../../report/trail.js';
import type { WrittenChange } from './written-change.js';

export type Operation =
  | {
      readonly kind: 'accept';
      readonly callback: NewCallback;
      readonly limits: AcceptLimits;
      readonly idempotencyKey?: string;
    }
  | { readonly kind: 'get'; readonly id: string }
  | {
      readonly kind: 'accepted-before';
      readonly fingerprint: string | undefined;
      readonly idempotencyKey: string;
    }
  | { readonly kind: 'find'; readonly query: CallbackQuery }
  | { readonly kind: 'booked'; readonly query: BookedQuery }
  | { readonly kind: 'bring-forward'; readonly nowMs: number }
  | {
      readonly kind: 'claim-due';
      readonly nowMs: number;
      readonly limit: number;
      readonly of?: ClaimOf | undefined;
    }
  | { readonly kind: 'due-services' }
  | {
      readonly kind: 'commit';
      readonly id: string;
      readonly change: WrittenChange;
      readonly nowMs: number;
      /** Somebody waits for it to be on the disk; else it only has to outlive the process. */
      readonly isDurable: boolean;
    }
  | {
      readonly kind: 'request-cancel';
      readonly id: string;
      readonly by: CancelledBy;
      readonly atMs: number;
      readonly notices?: readonly NoticeDraft[] | undefined;
    }
  | { readonly kind: 'reschedule'; readonly id: string; readonly changes: Reschedule }
  | { readonly kind: 'attempts'; readonly id: string }
  | { readonly kind: 'story'; readonly id: string }
  | { readonly kind: 'trail'; readonly id: string }
  | { readonly kind: 'take-over' }
  | { readonly kind: 'take-over-legs'; readonly nowMs: number }
  | { readonly kind: 'owner-id' }
  | { readonly kind: 'purge'; readonly completedBeforeMs: number; readonly limit: number }
  | { readonly kind: 'stats' }
  | { readonly kind: 'paused' }
  | {
      readonly kind: 'set-paused';
      readonly serviceName: string;
      readonly isPaused: boolean;
      readonly nowMs: number;
    }
  | {
      readonly kind: 'claim-notices';
      readonly nowMs: number;
      readonly limit: number;
      readonly leaseMs: number;
    }
  | { readonly kind: 'settle-notices'; readonly outcomes: readonly NoticeOutcome[] }
  | { readonly kind: 'find-notices'; readonly query: NoticeQuery }
  | { readonly kind: 'agent-memos' }
  | { readonly kind: 'keep-agent'; readonly memo: AgentMemo; readonly isDurable: boolean }
  | { readonly kind: 'forget-agents'; readonly names: readonly string[] }
  | { readonly kind: 'hold-agent'; readonly name: string; readonly forMs: number }
  | { readonly kind: 'renew-agents'; readonly names: readonly string[]; readonly forMs: number }
  | { readonly kind: 'inbound-calls'; readonly query: InboundQuery }
  | { readonly kind: 'end-lost-inbound'; readonly nowMs: number }
  /** Writes something harmless: can the store be written again? */
  | { readonly kind: 'probe' };

export interface Results {
  accept: AdmitResult;
  get: CallbackRecord | undefined;
  'accepted-before': CallbackRecord | undefined;
  find: CallbackRecord[];
  booked: Booked[];
  'claim-due': CallbackRecord[];
  'bring-forward': number;
  'due-services': DueService[];
  commit: CommitResult;
  'request-cancel': CancelResult;
  reschedule: RescheduleResult;
  attempts: AttemptRecord[];
  story: JournalStep[];
  trail: TrailEntry[];
  'take-over': Leftover[];
  'take-over-legs': LegRecord[];
  'owner-id': string;
  purge: number;
  stats: Omit<StoreStats, 'pendingCount' | 'isWritable'>;
  paused: string[];
  'set-paused': undefined;
  'claim-notices': Notice[];
  'settle-notices': undefined;
  'find-notices': Notice[];
  'agent-memos': AgentMemo[];
  'keep-agent': undefined;
  'forget-agents': undefined;
  'hold-agent': boolean;
  'renew-agents': undefined;
  'inbound-calls': InboundCallRecord[];
  'end-lost-inbound': EndedInboundCallRecord[];
  probe: undefined;
}

export type Result = Results[Operation['kind']];

export interface Failure {
  readonly code: StoreErrorCode;
  readonly message: string;
}

export type Outcome =
  { readonly ok: true; readonly value: Result } | { readonly ok: false; readonly failure: Failure };

/** What the worker is started with. */
export interface WorkerOptions {
  /** Path of the database file, or `:memory:`. */
  readonly file: string;
  /** The file may not grow past this; 0 = no limit. */
  readonly sizeMaxBytes: number;
  /** How long a write waits for somebody who reads or writes the file by hand. */
  readonly busyTimeoutMs: number;
}

export interface NumberedOperation {
  readonly id: number;
  readonly operation: Operation;
}

export type ToWorker =
  | { readonly kind: 'operations'; readonly operations: readonly NumberedOperation[] }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'opened' }
  | { readonly kind: 'open-failed'; readonly failure: Failure }
  | { readonly kind: 'done'; readonly outcomes: readonly (readonly [number, Outcome])[] };

/** Operations that change the file. */
export function isWrite(operation: Operation): boolean {
  switch (operation.kind) {
    case 'accept':
    case 'claim-due':
    case 'bring-forward':
    case 'commit':
    case 'request-cancel':
    case 'reschedule':
    case 'take-over':
    case 'take-over-legs':
    case 'purge':
    case 'set-paused':
    case 'claim-notices':
    case 'settle-notices':
    case 'keep-agent':
    case 'forget-agents':
    case 'hold-agent':
    case 'renew-agents':
    case 'end-lost-inbound':
    case 'probe':
      return true;
    case 'accepted-before':
    case 'owner-id':
    case 'get':
    case 'find':
    case 'booked':
    case 'due-services':
    case 'attempts':
    case 'story':
    case 'trail':
    case 'paused':
    case 'find-notices':
    case 'agent-memos':
    case 'inbound-calls':
    case 'stats':
      return false;
  }
}

/**
 * Operations after which the disk has to have everything before the answer is given. The others are
 * in the file all the same, and on the disk with the next of these.
 */
export function mustReachDisk(operation: Operation): boolean {
  switch (operation.kind) {
    case 'commit':
    case 'keep-agent':
      return operation.isDurable;
    case 'accept':
    case 'request-cancel':
    case 'reschedule':
    case 'set-paused':
    case 'probe':
      return true;
    // Found again as it was and done once more: nobody outside has been told anything.
    default:
      return false;
  }
}

/**
 * Of those the ones that may reach the disk with the next, where the store cannot go without the process:
 * a leg that is over and stands in the ledger again after a loss of power is ended once more, which does no
 * harm. Whoever dials its number writes to the disk, and this with it.
 */
export function mayFollow(operation: Operation): boolean {
  if (operation.kind !== 'commit' || operation.change.leg?.kind !== 'over') return false;
  return Object.values(operation.change).every(
    (part) => part === undefined || part === operation.change.leg,
  );
}
