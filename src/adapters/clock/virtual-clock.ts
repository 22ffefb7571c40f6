/**
 * A clock that stands still until a test moves it. Timers run in order of their time, equal times in
 * order of creation, each at its own instant, so that a timer set by a timer still falls into the
 * same advance. Time refuses to go back; the wall clock may be set, which moves no timer.
 */
import type { Clock } from '../../ports.js';

/** More timers than this in one advance is a timer that re-arms itself with no delay. */
const MAX_TIMERS_PER_ADVANCE = 100_000;

export interface VirtualClock extends Clock {
  /**
   * Moves time forward and runs what falls due, letting promises settle between two timers.
   * @param byMs 0 or more
   * @throws RangeError when asked to go back
   */
  advance(byMs: number): Promise<void>;
  /** Somebody sets the wall clock, forward or back: timers run when they would have run. */
  setWallClock(nowMs: number): void;
  /** Timers set and neither run nor cancelled. */
  readonly pendingCount: number;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** @param startMs what `nowMs` says first, milliseconds since the epoch */
export function virtualClock(startMs = Date.UTC(2024, 0, 1)): VirtualClock {
  let nowMs = startMs;
  let wallOffsetMs = 0;
  let order = 0;
  const timers = new Set<Timer>();

  const nextDue = (untilMs: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.atMs > untilMs) continue;
      if (!next || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order))
        next = timer;
    }
    return next;
  };

  return {
    nowMs: () => nowMs + wallOffsetMs,
    setWallClock(toMs) {
      wallOffsetMs = toMs - nowMs;
    },
    after(delayMs, run) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), order: order++, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(byMs) {
      if (!(byMs >= 0)) throw new RangeError(`time does not go back: advance(${byMs})`);
      const untilMs = nowMs + byMs;
      await settle();
      for (let ran = 0; ; ran++) {
        const timer = nextDue(untilMs);
        if (!timer) break;
        if (ran >= MAX_TIMERS_PER_ADVANCE)
          throw new RangeError('timers without end in one advance');
        timers.delete(timer);
        nowMs = timer.atMs;
        timer.run();
        await settle();
      }
      nowMs = untilMs;
    },
    get pendingCount() {
      return timers.size;
    },
  };
}

/** Lets everything already settled run its continuations. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
