/**
 * Who waits for whom among the operations on PostgreSQL: those of one callback follow each other, and
 * what has gathered there is carried out together. What is asked of many callbacks at once waits for
 * everything that was sent before it, so that nobody misses a change of their own.
 */

import type { Operation, Outcome } from '../messages.js';

/** Bounds one transaction. */
const BATCH_MAX = 50;
/** Transactions at a time. Who waits for a turn waits here, where waiting has no deadline. */
export const TURNS = 10;

export interface Waiting {
  readonly operation: Operation;
  readonly settle: (outcome: Outcome) => void;
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
  readonly #waitingForTurn: (() => void)[] = [];
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
      const key = keyOf(operation);
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

  async #inATurn(batch: readonly Waiting[]): Promise<readonly Outcome[]> {
    if (this.#freeTurns > 0) this.#freeTurns -= 1;
    else await new Promise<void>((resolve) => this.#waitingForTurn.push(resolve));
    const outcomes = await this.perform(batch);
    const next = this.#waitingForTurn.shift();
    if (next) next();
    else this.#freeTurns += 1;
    return outcomes;
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

/** The callback whose operations have an order. */
function keyOf(operation: Operation): string | undefined {
  if (operation.kind === 'accept') return operation.callback.id;
  return 'id' in operation ? operation.id : undefined;
}
