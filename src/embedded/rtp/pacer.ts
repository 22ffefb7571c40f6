/**
 * The heartbeat of all media: one timer for every RTP session of the thread, one tick per 20 ms.
 * Deadlines are absolute, so that lateness of one tick never adds to the next; after a stall the
 * missed ticks are made up, at most ten at a time, and a stall beyond 200 ms is given up (a burst
 * of old speech helps nobody).
 *
 * Each tick reads all sessions first and writes all of them afterwards, so that bridged sessions
 * pass a frame on within the tick, in both directions. It allocates nothing per tick.
 */

/** Duration of one RTP packet, in ms. Source: RFC 3551 section 4.5, default packetisation. */
export const FRAME_MS = 20;

const CATCH_UP_TICKS_MAX = 10;
const RESYNC_AFTER_MS = 200;

/** What the pacer drives. Neither method may throw. */
export interface Paced {
  readTick(): void;
  writeTick(): void;
}

/** Time and timer, replaceable by a test's own. `nowMs` must be monotonic. */
export interface PacerClock {
  nowMs(): number;
  setTimer(run: () => void, delayMs: number): unknown;
  clearTimer(timer: unknown): void;
}

const SYSTEM_CLOCK: PacerClock = {
  nowMs: () => performance.now(),
  setTimer: (run, delayMs) => setTimeout(run, delayMs),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** What the pacer has seen since it was made. */
export interface PacerStats {
  readonly sessions: number;
  readonly timers: number;
  readonly ticks: number;
  /** Times at which more than 200 ms were given up. */
  readonly resyncs: number;
  readonly lateMsMax: number;
}

/** Drives any number of sessions from one timer; the timer exists only while there are sessions. */
export class Pacer {
  readonly #clock: PacerClock;
  readonly #sessions = new Set<Paced>();
  #timer: unknown;
  #nextAtMs = 0;
  #ticks = 0;
  #resyncs = 0;
  #lateMsMax = 0;
  readonly #onTimer = (): void => this.#run();

  constructor(clock: PacerClock = SYSTEM_CLOCK) {
    this.#clock = clock;
  }

  add(session: Paced): void {
    this.#sessions.add(session);
    if (this.#timer !== undefined) return;
    this.#nextAtMs = this.#clock.nowMs() + FRAME_MS;
    this.#timer = this.#clock.setTimer(this.#onTimer, FRAME_MS);
  }

  delete(session: Paced): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0 || this.#timer === undefined) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  stats(): PacerStats {
    return {
      sessions: this.#sessions.size,
      timers: this.#timer === undefined ? 0 : 1,
      ticks: this.#ticks,
      resyncs: this.#resyncs,
      lateMsMax: this.#lateMsMax,
    };
  }

  #run(): void {
    const nowMs = this.#clock.nowMs();
    this.#lateMsMax = Math.max(this.#lateMsMax, nowMs - this.#nextAtMs);
    // Half a millisecond early counts as due: timers round to whole milliseconds.
    for (let n = 0; this.#nextAtMs <= nowMs + 0.5 && n < CATCH_UP_TICKS_MAX; n++) {
      for (const session of this.#sessions) session.readTick();
      for (const session of this.#sessions) session.writeTick();
      this.#ticks++;
      this.#nextAtMs += FRAME_MS;
    }
    if (this.#nextAtMs < nowMs - RESYNC_AFTER_MS) {
      this.#nextAtMs = nowMs + FRAME_MS;
      this.#resyncs++;
    }
    if (this.#sessions.size === 0) return; // delete() has dropped the timer
    const delayMs = Math.max(0, Math.floor(this.#nextAtMs - this.#clock.nowMs()));
    this.#timer = this.#clock.setTimer(this.#onTimer, delayMs);
  }
}

/** The pacer of this thread. */
export const sharedPacer = new Pacer();
