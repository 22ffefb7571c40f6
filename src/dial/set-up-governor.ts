/**
 * Who may set up a call now. Everybody who wants to waits here in one line, without an attempt, an
 * endpoint or a lock, until there is a place: as many set-ups begin a second, evenly spaced, as have
 * been learned to go well (`set-up-rate.ts`), as are configured, and as the media servers have sessions
 * for; and only so many are in progress at a time. Nobody is refused, and whoever is let in finds a
 * media server that has time for them. Services take turns (`dial-line.ts`); who cannot go holds up
 * nobody who can.
 *
 * Agents' legs go before new dials, and do not wait for the next beat: a customer is on the line. Their
 * places are made up for by the dials after them.
 */
import type { Clock, SetUpLimits } from '../ports.js';
import { DialLine, type DialWish, type Hindrance, type HoldCode } from './dial-line.js';
import { SetUpRate, type SetUpPhase } from './set-up-rate.js';

export type { Hindrance } from './dial-line.js';

/** A place in the line, and then at the media server. */
export interface Place {
  readonly isGranted: boolean;
  /** Resolves when it is this one's turn; never, when it is released before. */
  readonly granted: Promise<void>;
  /** What keeps it from being granted. */
  readonly heldBecause: Hindrance | undefined;
  /** Used, or not wanted any more. Has to be called; twice does no harm. */
  release(): void;
}

export const NO_LIMITS: SetUpLimits = {
  maxPerSecond: Infinity,
  maxInProgress: Infinity,
  maxSessions: Infinity,
  freeSessions: Infinity,
  idleCpuPercent: 100,
};

export interface SetUpGovernorDeps {
  readonly clock: Clock;
  /** What is configured, and what the media servers say of themselves. */
  limits(): SetUpLimits;
}

/** What a part of a set-up says of the media server. */
export interface SetUpPart<T> {
  /** Which one did it. */
  readonly serverOf?: (result: T) => string | undefined;
  /** Asked when it failed: whether that was the media server's fault. Always, when left out. */
  readonly isFault?: (thrown: unknown) => boolean;
}

const SECOND_MS = 1000;
/** While the media servers are full. */
const LOOK_AGAIN_MS = 1000;
/** Part of the sessions that is kept for agents' legs. */
const KEPT_FOR_AGENTS = 0.05;
const BUSY_IDLE_PERCENT = 5;
const FREE: DialWish = { hindrance: () => undefined };

export class SetUpGovernor {
  readonly #agents: Waiting[] = [];
  readonly #customers = new DialLine<Waiting>();
  /** Nobody can be set up, whoever they are. */
  #isFull: Hindrance | undefined;
  readonly #rate = new SetUpRate();
  #grantedCount = 0;
  #runningCount = 0;
  /** The time until the next dial may begin runs. */
  #isPausing = false;
  /** Agents' legs that began out of turn. */
  #owedPauses = 0;
  #isStopped = false;
  #cancelPause: () => void = () => undefined;
  #cancelLook: () => void = () => undefined;

  constructor(private readonly deps: SetUpGovernorDeps) {}

  /** Takes a place in the line. */
  queue(kind: 'agent' | 'customer', wish: DialWish = FREE): Place {
    const isAgent = kind === 'agent';
    const waiting: Waiting = new Waiting(wish, {
      released: () => {
        if (waiting.isGranted) this.#grantedCount -= 1;
        else if (isAgent) this.#agents.splice(this.#agents.indexOf(waiting), 1);
        else this.#customers.remove(waiting);
        this.#admit();
      },
      heldBecause: () => this.#isFull ?? this.#customers.heldBecause(waiting),
    });
    if (isAgent) this.#agents.push(waiting);
    else this.#customers.add(waiting);
    this.#admit();
    return waiting;
  }

  /**
   * Does a part of a set-up, counted and timed. The caller has its place already.
   */
  async run<T>(
    phase: SetUpPhase,
    work: () => Promise<T>,
    { serverOf, isFault = () => true }: SetUpPart<T> = {},
  ): Promise<T> {
    const { clock } = this.deps;
    const startedAtMs = clock.nowMs();
    this.#runningCount += 1;
    try {
      const result = await work();
      const nowMs = clock.nowMs();
      const tookMs = nowMs - startedAtMs;
      this.#rate.took(phase, tookMs, nowMs, this.#isServerBusy, serverOf?.(result));
      return result;
    } catch (error) {
      if (isFault(error)) this.#rate.failed(clock.nowMs());
      throw error;
    } finally {
      this.#runningCount -= 1;
      this.#admit();
    }
  }

  /** Something that may have been a hindrance has changed. */
  poke(): void {
    this.#admit();
  }

  /** Nobody is let in any more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelPause();
    this.#cancelLook();
  }

  /** For metrics and the leak check. */
  counts(): { waitingToDial: number; waitingAgents: number; setUpsInProgress: number } {
    return {
      waitingToDial: this.#customers.length,
      waitingAgents: this.#agents.length,
      setUpsInProgress: this.#inProgress,
    };
  }

  /** How many customers wait for what. */
  heldCounts(): ReadonlyMap<HoldCode, number> {
    return this.#customers.heldCounts();
  }

  /** Set-ups that may begin a second now. */
  get perSecond(): number {
    return Math.min(this.#rate.perSecond, this.deps.limits().maxPerSecond);
  }

  get #inProgress(): number {
    return this.#grantedCount + this.#runningCount;
  }

  get #isServerBusy(): boolean {
    return this.deps.limits().idleCpuPercent < BUSY_IDLE_PERCENT;
  }

  #admit(): void {
    while (!this.#isStopped && this.#agents.length + this.#customers.length > 0) {
      const { maxInProgress } = this.deps.limits();
      if (this.#inProgress >= Math.min(this.#rate.inProgressMax, maxInProgress)) {
        return this.#rate.usedUp();
      }
      const agent = this.#agents.shift();
      if (agent) {
        this.#grant(agent);
        continue;
      }
      if (this.#isPausing) return this.#rate.usedUp();
      this.#isFull = this.#full();
      const next = this.#isFull ?? this.#customers.takeNext();
      if (!(next instanceof Waiting)) return this.#lookAgain(next);
      this.#grant(next);
    }
  }

  #grant(waiting: Waiting): void {
    this.#grantedCount += 1;
    this.#rate.started();
    waiting.grant();
    if (this.#isPausing) this.#owedPauses = Math.min(this.#owedPauses + 1, this.perSecond);
    else this.#pause();
  }

  /** By a timer, not by the time: a process that falls behind does not catch up in one burst. */
  #pause(): void {
    this.#isPausing = true;
    this.#cancelPause = this.deps.clock.after(SECOND_MS / this.perSecond, () => {
      this.#isPausing = false;
      if (this.#owedPauses >= 1) {
        this.#owedPauses -= 1;
        return this.#pause();
      }
      this.#admit();
    });
  }

  #full(): Hindrance | undefined {
    const { freeSessions, maxSessions } = this.deps.limits();
    if (freeSessions > maxSessions * KEPT_FOR_AGENTS || maxSessions === Infinity) return undefined;
    return { code: 'media-servers', why: 'the media servers are full', waitMs: LOOK_AGAIN_MS };
  }

  #lookAgain({ waitMs }: Hindrance): void {
    this.#cancelLook();
    this.#cancelLook =
      waitMs === undefined ? () => undefined : this.deps.clock.after(waitMs, () => this.#admit());
  }
}

class Waiting implements Place {
  readonly granted: Promise<void>;
  isGranted = false;
  #resolve!: () => void;
  #isReleased = false;

  constructor(
    readonly wish: DialWish,
    private readonly line: { released(): void; heldBecause(): Hindrance },
  ) {
    this.granted = new Promise((resolve) => (this.#resolve = resolve));
  }

  get heldBecause(): Hindrance | undefined {
    return this.isGranted || this.#isReleased ? undefined : this.line.heldBecause();
  }

  grant(): void {
    this.isGranted = true;
    this.#resolve();
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.line.released();
  }
}
