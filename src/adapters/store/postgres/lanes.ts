/**
 * Who waits for whom among the operations on PostgreSQL: those of one callback follow each other, and
 * what has gathered there is carried out together. What is asked of many callbacks at once waits for
 * everything that was sent before it, so that nobody misses a change of their own.
 *
 * What is asked for at the same time, or while everybody is busy, shares a transaction: new callbacks
 * with new callbacks, commits with commits of other callbacks.
 */

import type { Change } from '../../../schedule/callback-store.js';
import type { Operation, Outcome } from '../messages.js';
import { laneOf } from './chains.js';

/** Bounds one transaction. */
const BATCH_MAX = 50;
/** Transactions at a time. Who waits for a turn waits here, where waiting has no deadline. */
export const TURNS = 10;

export interface Waiting {
  readonly operation: Operation;
  readonly settle: (outcome: Outcome) => void;
}

/** What has the next word in its lane, and waits for a turn. */
interface Ready {
  readonly batch: readonly Waiting[];
  readonly settle: (outcomes: readonly Outcome[]) => void;
}

interface Lane {
  readonly waiting: Waiting[];
  isRunning: boolean;
  timer: NodeJS.Timeout | undefined;
  readonly whenEmpty: (() => void)[];
}

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  #count = 0;
  #freeTurns = TURNS;
  #isGiving = false;
  readonly #waitingForTurn: Ready[] = [];
  #lastClaim: Promise<unknown> = Promise.resolve();

  /** @param perform answers for each of them, in order; never rejects */
  constructor(
    private readonly perform: (batch: readonly Waiting[]) => Promise<readonly Outcome[]>,
  ) {}

  /** Operations that have not been answered. */
  get count(): number {
    return this.#count;
  }

  /** @param waitMs how long it may be kept back, to share a transaction with what follows */
  async add(operation: Operation, waitMs: number): Promise<Outcome> {
    this.#count += 1;
    try {
      const key = laneOf(operation);
      if (key !== undefined) return await this.#inLane(key, operation, waitMs);
      if (isAboutClaims(operation)) return await this.#afterTheLastClaim(operation);
      await this.idle();
      return await this.#alone(operation);
    } finally {
      this.#count -= 1;
    }
  }

  /** Everything that is in a lane now has been carried out. */
  async idle(): Promise<void> {
    await Promise.all(
      [...this.#lanes].map(
        ([key, lane]) =>
          new Promise<void>((resolve) => {
            lane.whenEmpty.push(resolve);
            void this.#go(key, lane);
          }),
      ),
    );
  }

  #inLane(key: string, operation: Operation, waitMs: number): Promise<Outcome> {
    const lane = this.#lanes.get(key) ?? {
      waiting: [],
      isRunning: false,
      timer: undefined,
      whenEmpty: [],
    };
    this.#lanes.set(key, lane);
    return new Promise((settle) => {
      lane.waiting.push({ operation, settle });
      if (waitMs === 0) void this.#go(key, lane);
      else lane.timer ??= setTimeout(() => void this.#go(key, lane), waitMs);
    });
  }

  /** What claims, and what asks when to claim next: answered in the order of asking. */
  #afterTheLastClaim(operation: Operation): Promise<Outcome> {
    const answered = this.#lastClaim.then(() => this.#alone(operation));
    this.#lastClaim = answered;
    return answered;
  }

  async #alone(operation: Operation): Promise<Outcome> {
    const one = [{ operation, settle: () => undefined }];
    // What claims is one at a time anyway, and must not wait for a crowd of requests.
    const [outcome] = await (isAboutClaims(operation) ? this.perform(one) : this.#inATurn(one));
    return outcome as Outcome;
  }

  #inATurn(batch: readonly Waiting[]): Promise<readonly Outcome[]> {
    return new Promise((settle) => {
      this.#waitingForTurn.push({ batch, settle });
      this.#giveTurnsSoon();
    });
  }

  /** What is asked for in one go shares a transaction: it costs each of them less than its own would. */
  #giveTurnsSoon(): void {
    if (this.#isGiving) return;
    this.#isGiving = true;
    setImmediate(() => {
      this.#isGiving = false;
      this.#giveTurns();
    });
  }

  #giveTurns(): void {
    while (this.#freeTurns > 0 && this.#waitingForTurn.length > 0) {
      this.#freeTurns -= 1;
      void this.#turn(this.#together());
    }
  }

  /** Whoever waits longest, and those behind who may share the transaction: it costs them no time. */
  #together(): readonly Ready[] {
    const [first, ...others] = this.#waitingForTurn.splice(0, BATCH_MAX);
    if (first === undefined) return [];
    const together = [first];
    let room = BATCH_MAX - first.batch.length;
    const left = others.filter((ready) => {
      if (ready.batch.length > room || !mayShare(first.batch, ready.batch)) return true;
      together.push(ready);
      room -= ready.batch.length;
      return false;
    });
    this.#waitingForTurn.unshift(...left);
    return together;
  }

  async #turn(together: readonly Ready[]): Promise<void> {
    const outcomes = await this.perform(together.flatMap(({ batch }) => batch));
    let from = 0;
    for (const { batch, settle } of together) {
      settle(outcomes.slice(from, from + batch.length));
      from += batch.length;
    }
    this.#freeTurns += 1;
    this.#giveTurnsSoon();
  }

  async #go(key: string, lane: Lane): Promise<void> {
    if (lane.isRunning) return;
    lane.isRunning = true;
    clearTimeout(lane.timer);
    lane.timer = undefined;
    while (lane.waiting.length > 0) {
      const batch = lane.waiting.splice(0, BATCH_MAX);
      const outcomes = await this.#inATurn(batch);
      batch.forEach(({ settle }, index) => settle(outcomes[index] as Outcome));
    }
    lane.isRunning = false;
    this.#lanes.delete(key);
    for (const resolve of lane.whenEmpty) resolve();
  }
}

function isAboutClaims({ kind }: Operation): boolean {
  return kind === 'claim-due' || kind === 'due-services';
}

/**
 * Of different callbacks, in one transaction. What locks names along the way is left alone: accepts
 * lock theirs beforehand, in one order.
 */
function mayShare(one: readonly Waiting[], other: readonly Waiting[]): boolean {
  const kind = one[0]?.operation.kind;
  return [...one, ...other].every(
    ({ operation }) =>
      operation.kind === kind &&
      (operation.kind === 'accept' ||
        (operation.kind === 'commit' && !locksNames(operation.change))),
  );
}

function locksNames({
  counters = [],
  callLimits = [],
}: Pick<Change, 'counters' | 'callLimits'>): boolean {
  return counters.length + callLimits.length > 0;
}
