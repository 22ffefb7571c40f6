/**
 * What every `CallbackStore` of ours does the same way, whatever carries its operations out: names
 * them, tells listeners of work and failures, and tries a harmless write once a second after one has
 * failed. Nothing else is retried here.
 *
 * A new method of the store: its operation in `messages.ts` (with `isWrite` and `mustReachDisk`), its
 * SQL in `operations.ts`, one line here, tests in `test/adapters/store/conformance*.ts`; SQLite and
 * PostgreSQL have it then. New columns and tables: a step at the end of `migrations.ts`.
 */

import {
  StoreError,
  type AttemptRecord,
  type CallbackQuery,
  type CallbackRecord,
  type CallbackStore,
  type CancelledBy,
  type CancelResult,
  type Change,
  type CommitOptions,
  type CommitResult,
  type JournalStep,
  type Leftover,
  type LegRecord,
  type NewCallback,
  type Reschedule,
  type RescheduleResult,
  type StoreErrorCode,
  type StoreStats,
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
import { LatestCounts } from './latest-counts.js';
import { isWrite, type Operation, type Outcome, type Results } from './messages.js';
import { writtenChange } from './written-change.js';

const PROBE_INTERVAL_MS = 1000;
/** Longest that something nobody waits for stays here, to be written together with what follows. */
const WRITE_BEHIND_MS = 50;
const PURGE_BATCH = 500;

/** Failures of the disk, as opposed to contradictions in what was asked. */
const DISK_FAILURES: ReadonlySet<StoreErrorCode> = new Set([
  'STORE_BUSY',
  'STORE_FULL',
  'STORE_FAILED',
  'STORE_UNREADABLE',
  'STORE_OVERLOADED',
]);

/** See `CallbackStore.onWork`. */
export type WorkTold = 'now' | 'soon';

export abstract class OperationStore implements CallbackStore {
  readonly #counts = new LatestCounts(
    () => this.send({ kind: 'stats' }),
    () => performance.now(),
  );
  readonly #workHandlers = new Set<(when: WorkTold) => void>();
  readonly #failureHandlers = new Set<(error: StoreError) => void>();
  readonly #recoveryHandlers = new Set<() => void>();
  #isWritable = true;
  #probeTimer: NodeJS.Timeout | undefined;
  protected isClosed = false;

  /**
   * Carries an operation out. Operations of one callback in the order of the calls.
   * @param waitMs how long it may be kept back, to be written together with others
   * @throws StoreError
   */
  protected abstract send<K extends Operation['kind']>(
    operation: Extract<Operation, { kind: K }>,
    waitMs?: number,
  ): Promise<Results[K]>;

  /** Operations that have not been answered yet. */
  protected abstract readonly pendingCount: number;

  abstract close(): Promise<void>;

  async accept(callback: NewCallback, idempotencyKey?: string): Promise<CallbackRecord> {
    const result = await this.admit(callback, {}, idempotencyKey);
    if (result.ok) return result.record;
    throw new StoreError('STORE_FAILED', `Refused without a limit: ${result.why}.`);
  }

  admit(
    callback: NewCallback,
    limits: AcceptLimits,
    idempotencyKey?: string,
  ): Promise<AdmitResult> {
    return this.send({ kind: 'accept', callback, limits, idempotencyKey });
  }

  acceptedBefore(
    idempotencyKey: string,
    fingerprint: string | undefined,
  ): Promise<CallbackRecord | undefined> {
    return this.send({ kind: 'accepted-before', fingerprint, idempotencyKey });
  }

  get(id: string): Promise<CallbackRecord | undefined> {
    return this.send({ kind: 'get', id });
  }

  find(query: CallbackQuery): Promise<CallbackRecord[]> {
    return this.send({ kind: 'find', query });
  }

  booked(query: BookedQuery): Promise<Booked[]> {
    return this.send({ kind: 'booked', query });
  }

  claimDue(nowMs: number, limit: number, of?: ClaimOf): Promise<CallbackRecord[]> {
    return this.send({ kind: 'claim-due', nowMs, limit, of });
  }

  bringForward(nowMs: number): Promise<number> {
    return this.send({ kind: 'bring-forward', nowMs });
  }

  dueServices(): Promise<DueService[]> {
    return this.send({ kind: 'due-services' });
  }

  async commit(id: string, change: Change, options: CommitOptions): Promise<CommitResult> {
    // A lock that may be refused has to be waited for, whatever was asked.
    const isAwaited = options.durable || change.dialLock === 'take';
    // What is on the wire is told at once: after a crash it is ended by what is written here.
    const isUrgent = isAwaited || isOnTheWire(change.leg);
    const waitMs = isUrgent ? 0 : WRITE_BEHIND_MS;
    const nowMs = Date.now();
    const facts = { id, change: writtenChange(change), nowMs, isDurable: isAwaited };
    const written = this.send({ kind: 'commit', ...facts }, waitMs);
    if (isAwaited) return written;
    written.then(
      (result) => {
        if (!result.ok) this.tellFailure(refusedBehind(id, result.why));
      },
      // `settled` has told the listeners.
      () => undefined,
    );
    return { ok: true };
  }

  requestCancel(
    id: string,
    by: CancelledBy,
    atMs: number,
    notices?: readonly NoticeDraft[],
  ): Promise<CancelResult> {
    return this.send({ kind: 'request-cancel', id, by, atMs, notices });
  }

  reschedule(id: string, changes: Reschedule): Promise<RescheduleResult> {
    return this.send({ kind: 'reschedule', id, changes });
  }

  attempts(id: string): Promise<AttemptRecord[]> {
    return this.send({ kind: 'attempts', id });
  }

  trail(id: string): Promise<TrailEntry[]> {
    return this.send({ kind: 'trail', id });
  }

  story(id: string): Promise<JournalStep[]> {
    return this.send({ kind: 'story', id });
  }

  paused(): Promise<string[]> {
    return this.send({ kind: 'paused' });
  }

  async setPaused(serviceName: string, isPaused: boolean, nowMs: number): Promise<void> {
    await this.send({ kind: 'set-paused', serviceName, isPaused, nowMs });
  }

  claimNotices(nowMs: number, limit: number, leaseMs: number): Promise<Notice[]> {
    return this.send({ kind: 'claim-notices', nowMs, limit, leaseMs });
  }

  async settleNotices(outcomes: readonly NoticeOutcome[]): Promise<void> {
    await this.send({ kind: 'settle-notices', outcomes });
  }

  findNotices(query: NoticeQuery): Promise<Notice[]> {
    return this.send({ kind: 'find-notices', query });
  }

  agentMemos(): Promise<AgentMemo[]> {
    return this.send({ kind: 'agent-memos' });
  }

  async keepAgent(memo: AgentMemo, { durable }: { readonly durable: boolean }): Promise<void> {
    await this.send({ kind: 'keep-agent', memo, isDurable: durable });
  }

  async forgetAgents(names: readonly string[]): Promise<void> {
    await this.send({ kind: 'forget-agents', names });
  }

  holdAgent(name: string, forMs: number): Promise<boolean> {
    return this.send({ kind: 'hold-agent', name, forMs });
  }

  async renewAgents(names: readonly string[], forMs: number): Promise<void> {
    await this.send({ kind: 'renew-agents', names, forMs });
  }

  inboundCalls(query: InboundQuery): Promise<InboundCallRecord[]> {
    return this.send({ kind: 'inbound-calls', query });
  }

  endLostInboundCalls(nowMs: number): Promise<EndedInboundCallRecord[]> {
    return this.send({ kind: 'end-lost-inbound', nowMs });
  }

  takeOverLeftovers(): Promise<Leftover[]> {
    return this.send({ kind: 'take-over' });
  }

  takeOverLegs(nowMs: number): Promise<LegRecord[]> {
    return this.send({ kind: 'take-over-legs', nowMs });
  }

  ownerId(): Promise<string> {
    return this.send({ kind: 'owner-id' });
  }

  /** In small batches, so that a large purge never holds up a live call's writes for long. */
  async purge(completedBeforeMs: number): Promise<number> {
    for (let total = 0; ;) {
      const count = await this.send({ kind: 'purge', completedBeforeMs, limit: PURGE_BATCH });
      total += count;
      if (count < PURGE_BATCH) return total;
    }
  }

  onWork(handler: (when: WorkTold) => void): () => void {
    this.#workHandlers.add(handler);
    return () => this.#workHandlers.delete(handler);
  }

  onFailure(handler: (error: StoreError) => void): () => void {
    this.#failureHandlers.add(handler);
    return () => this.#failureHandlers.delete(handler);
  }

  onRecovered(handler: () => void): () => void {
    this.#recoveryHandlers.add(handler);
    return () => this.#recoveryHandlers.delete(handler);
  }

  get isWritable(): boolean {
    return this.#isWritable && !this.isClosed;
  }

  async stats(): Promise<StoreStats> {
    const counted = await this.#counts.get();
    return { ...counted, pendingCount: this.pendingCount, isWritable: this.isWritable };
  }

  /** Every outcome passes here, before whoever waits for it has it. @returns what to `tellWork` */
  protected settled(operation: Operation, outcome: Outcome): WorkTold | undefined {
    if (!outcome.ok) {
      this.#judgeFailure(operation, toError(outcome));
      return undefined;
    }
    const isWritableAgain = isWrite(operation) && !this.#isWritable;
    if (isWritableAgain) {
      this.#isWritable = true;
      this.stopProbing();
      this.tellRecovered();
    }
    return isWritableAgain ? 'now' : workOf(operation);
  }

  protected tellWork(when: WorkTold): void {
    for (const handler of this.#workHandlers) handler(when);
  }

  protected tellFailure(error: StoreError): void {
    for (const handler of this.#failureHandlers) handler(error);
  }

  /** Said when all is well, not when a part of it is. */
  protected tellRecovered(): void {
    if (this.isWritable) for (const handler of this.#recoveryHandlers) handler();
  }

  protected stopProbing(): void {
    clearTimeout(this.#probeTimer);
  }

  #judgeFailure(operation: Operation, error: StoreError): void {
    const isDisk = DISK_FAILURES.has(error.code);
    if (isDisk && isWrite(operation)) {
      this.#isWritable = false;
      this.#probeLater();
    }
    const isUnheard = operation.kind === 'commit' && error.code !== 'STORE_CLOSED';
    if ((isDisk || isUnheard) && operation.kind !== 'probe') this.tellFailure(error);
  }

  #probeLater(): void {
    this.stopProbing();
    if (this.isClosed) return;
    this.#probeTimer = setTimeout(() => {
      this.send({ kind: 'probe' }).catch(() => undefined);
    }, PROBE_INTERVAL_MS);
    this.#probeTimer.unref();
  }
}

export function failed(code: StoreErrorCode, message: string): Outcome & { readonly ok: false } {
  return { ok: false, failure: { code, message } };
}

export function toError({ failure }: Outcome & { readonly ok: false }): StoreError {
  return new StoreError(failure.code, failure.message);
}

/** The media server's channel alone is found by its owner's mark as well. */
function isOnTheWire(leg: Change['leg']): boolean {
  return leg !== undefined && !(leg.kind === 'facts' && leg.identity === undefined);
}

function refusedBehind(id: string, why: string): StoreError {
  return new StoreError('STORE_CONFLICT', `A change of callback ${id} was refused: ${why}.`);
}

/** May `claimDue` find more after this than before it, and does anybody wait for that? */
function workOf(operation: Operation): WorkTold | undefined {
  switch (operation.kind) {
    case 'accept':
    case 'reschedule':
      return 'now';
    case 'set-paused':
      return operation.isPaused ? undefined : 'now';
    case 'commit': {
      const { dialLock, record } = operation.change;
      const isFreed = record?.claimed === false || record?.state === 'COMPLETED';
      return isFreed || dialLock === 'release' ? 'soon' : undefined;
    }
    default:
      return undefined;
  }
}
