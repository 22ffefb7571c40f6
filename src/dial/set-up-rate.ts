/**
 * How many calls may be set up a second: learned from how long set-ups take. Pure; who asks is
 * `set-up-governor.ts`.
 *
 * A media server that is given more than it can set up does not slow down, it collapses: set-ups time
 * out after 4 and 32 seconds, and it takes a minute to recover. Long before that each set-up takes
 * longer than it does on an idle server. So the rate rises as long as it is used up and set-ups stay
 * quick, by a quarter a second, and falls by a quarter when they get slow. Once they took noticeably
 * longer it rises by one call a second only; once they were slow, by leaps only up to a quarter below
 * where that began. It is TCP's slow start, additive increase and multiplicative decrease, with delay
 * as the signal (RFC 5681). What a call costs comes after its set-up, when it is heard and played to:
 * hence no faster.
 */

/** What is timed. Each has its own idea of quick. */
export type SetUpPhase = 'endpoint' | 'tap' | 'connect';

const FIRST_PER_SECOND = 10;
const LEAST_PER_SECOND = 1;
const MOST_PER_SECOND = 500;
/** The rate is looked at this often; the set-ups begun at the last rate show their times by then. */
const ROUND_MS = 500;
const QUICK_GROWTH = 1.12;
const SLOW_GROWTH_PER_ROUND = 0.5;
const SLOWED = 0.75;
const FAILED = 0.5;
/** Slow is this much over what is usual: far from a second, and more than a short hold-up. */
const SLOW_OVER_MS = 200;
const SLOW_FACTOR = 3;
const SLOW_SHARE_MAX = 0.35;
/** Noticeably longer is this much over what is usual: the end of what goes well is near. */
const STRETCHED_OVER_MS = 40;
const STRETCHED_SHARE_MAX = 0.35;
/** After the rate was lowered it stays until no more than that are slow. */
const QUICK_SHARE_MAX = 0.15;
/**
 * As many milliseconds of the rate may be in progress: a server that stalls gets no more than that, and
 * one that falls behind has each of them done within a second. By what is usual, within these limits.
 */
const IN_PROGRESS_MS = { least: 150, most: 500 };
const IN_PROGRESS_FACTOR = 4;
const LEAST_IN_PROGRESS = 4;
/** A longer one says no more, and a wall clock that was set must not be believed. */
const LONGEST_MS = 10_000;
/** What was heard longer ago says nothing of now: that server may be gone, or nobody answers any more. */
const FRESH_MS = 30_000;

/** What is usual for one phase on one server, and how many of the latest were slower than that. */
class Pace {
  #notedAtMs = 0;
  #usualMs: number | undefined;
  #slowShare = 0;
  #stretchedShare = 0;

  /** 0 before the first. */
  get usualMs(): number {
    return this.#usualMs ?? 0;
  }

  isFresh(nowMs: number): boolean {
    return Math.abs(nowMs - this.#notedAtMs) <= FRESH_MS;
  }

  get isStretched(): boolean {
    return this.#stretchedShare > STRETCHED_SHARE_MAX;
  }

  /** One slow set-up is a busy disk; many are a server that has too much to do. */
  get isSlow(): boolean {
    return this.#slowShare > SLOW_SHARE_MAX;
  }

  get isQuick(): boolean {
    return this.#slowShare < QUICK_SHARE_MAX;
  }

  /** The rate was lowered for what is known: it takes new slow ones to lower it again. */
  forgive(): void {
    this.#slowShare = Math.min(this.#slowShare, SLOW_SHARE_MAX / 2);
  }

  /** @param mayRise whether a slow one may be what is usual from now on */
  note(tookMs: number, nowMs: number, mayRise: boolean): void {
    this.#notedAtMs = nowMs;
    const RECENT_SHARE = 1 / 16;
    const FALL_SHARE = 1 / 4;
    const RISE_SHARE = 1 / 32;
    this.#usualMs ??= tookMs;
    const overMs = tookMs - this.#usualMs;
    const share = (before: number, overMaxMs: number): number => {
      const is = overMs > Math.max(this.usualMs * (SLOW_FACTOR - 1), overMaxMs);
      return before + (Number(is) - before) * RECENT_SHARE;
    };
    this.#slowShare = share(this.#slowShare, SLOW_OVER_MS);
    this.#stretchedShare = share(this.#stretchedShare, STRETCHED_OVER_MS);
    if (overMs < 0) this.#usualMs += overMs * FALL_SHARE;
    else if (mayRise) this.#usualMs += overMs * RISE_SHARE;
  }
}

export class SetUpRate {
  /** By server: what is usual for one that is far away is slow for another. */
  readonly #paces: Readonly<Record<SetUpPhase, Map<string, Pace>>> = {
    endpoint: new Map(),
    tap: new Map(),
    connect: new Map(),
  };
  #perSecond = FIRST_PER_SECOND;
  /** Up to here the rate rises by leaps. */
  #carriedPerSecond = MOST_PER_SECOND;
  /** It was lowered and has not risen since. */
  #isFalling = false;
  #roundStartedAtMs: number | undefined;
  #startedInRound = 0;
  #failedInRound = 0;
  #isUsedUp = false;

  /** Calls that may be begun a second, 1 to 500. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Set-ups that may be in progress, 4 and up. */
  get inProgressMax(): number {
    const usualMs = Object.values(this.#paces).reduce((sum, paces) => sum + meanUsualMs(paces), 0);
    const { least, most } = IN_PROGRESS_MS;
    const ms = Math.min(Math.max(usualMs * IN_PROGRESS_FACTOR, least), most);
    return Math.max(LEAST_IN_PROGRESS, Math.ceil((this.#perSecond * ms) / 1000));
  }

  /** A set-up began. */
  started(): void {
    this.#startedInRound += 1;
  }

  /** Somebody has to wait because of this rate; only then is there anything to learn from a higher one. */
  usedUp(): void {
    this.#isUsedUp = true;
  }

  /**
   * @param isServerBusy a server says that it has no CPU time to spare: nothing is tried by half then
   * @param server which one it was
   */
  took(phase: SetUpPhase, tookMs: number, nowMs: number, isServerBusy: boolean, server = ''): void {
    // Where fewer calls do not help it is not our calls that make it slow: that is what is usual there.
    // Were slow ones learned from at any other rate, one that rises step by step would never be found
    // too high.
    const isLow = this.#isFalling && this.#perSecond <= this.#carriedPerSecond / 2;
    const mayRise = isLow || this.#perSecond <= LEAST_PER_SECOND;
    const pace = this.#paces[phase].get(server) ?? new Pace();
    this.#paces[phase].set(server, pace);
    pace.note(Math.min(Math.max(tookMs, 0), LONGEST_MS), nowMs, mayRise);
    this.#endRound(nowMs, isServerBusy);
  }

  failed(nowMs: number): void {
    this.#failedInRound += 1;
    this.#endRound(nowMs, true);
  }

  #endRound(nowMs: number, isServerBusy: boolean): void {
    this.#roundStartedAtMs ??= nowMs;
    const lastedMs = nowMs - this.#roundStartedAtMs;
    if (lastedMs >= 0 && lastedMs < ROUND_MS) return;
    const startedPerSecond = (this.#startedInRound * 1000) / Math.max(lastedMs, ROUND_MS);
    const paces = this.#fresh(nowMs);
    const mayRise = !this.#isFalling || paces.every(({ isQuick }) => isQuick);
    if (this.#failedInRound > 0) this.#lower(FAILED, paces);
    else if (paces.some(({ isSlow }) => isSlow)) this.#lower(SLOWED, paces);
    else if (this.#isUsedUp && startedPerSecond > this.#perSecond / 2 && mayRise)
      this.#raise(isServerBusy || paces.some(({ isStretched }) => isStretched));
    this.#roundStartedAtMs = nowMs;
    this.#startedInRound = this.#failedInRound = 0;
    this.#isUsedUp = false;
  }

  #fresh(nowMs: number): Pace[] {
    const all = Object.values(this.#paces).flatMap((paces) => [...paces.values()]);
    return all.filter((pace) => pace.isFresh(nowMs));
  }

  /** @param isNear the end of what goes well is */
  #raise(isNear: boolean): void {
    this.#isFalling = false;
    const leap = isNear ? 0 : this.#perSecond * (QUICK_GROWTH - 1);
    const toCarried = this.#carriedPerSecond - this.#perSecond;
    const by = Math.max(SLOW_GROWTH_PER_ROUND, Math.min(leap, toCarried));
    this.#perSecond = Math.min(MOST_PER_SECOND, this.#perSecond + by);
  }

  #lower(by: number, paces: readonly Pace[]): void {
    if (!this.#isFalling) this.#carriedPerSecond = this.#perSecond * SLOWED;
    this.#isFalling = true;
    this.#perSecond = Math.max(LEAST_PER_SECOND, this.#perSecond * by);
    for (const pace of paces) pace.forgive();
  }
}

function meanUsualMs(paces: ReadonlyMap<string, Pace>): number {
  const sum = [...paces.values()].reduce((total, { usualMs }) => total + usualMs, 0);
  return sum / Math.max(1, paces.size);
}
