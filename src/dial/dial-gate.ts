/**
 * May one more call be dialled now? A trunk's concurrent calls and its calls per second, kept for
 * first attempts and retries alike. It counts no calls itself: it is told how many are in the air, so
 * that no missed release can close it for good.
 */
import type { Clock } from '../ports.js';
import type { Hindrance } from './set-up-governor.js';
import type { Trunk } from './trunk-selector.js';

type DialLimits = Pick<Trunk, 'maxConcurrentCalls' | 'maxCallsPerSecond'>;

const SECOND_MS = 1000;

export class DialGate {
  #secondStartedAtMs = -Infinity;
  #dialledInSecond = 0;

  constructor(private readonly clock: Clock) {}

  /**
   * Takes a place for one dial.
   * @param callsInTheAir customer legs of this trunk, ringing or up
   * @returns undefined when the call may be dialled now; else why not, and when to ask again unless
   *   that depends on a call's end
   */
  take(limits: DialLimits, callsInTheAir: number): Hindrance | undefined {
    if (callsInTheAir >= limits.maxConcurrentCalls) {
      return { why: `maxConcurrentCalls is ${limits.maxConcurrentCalls}` };
    }
    const nowMs = this.clock.nowMs();
    let sinceMs = nowMs - this.#secondStartedAtMs;
    // A clock that was set back starts a new second, too.
    if (sinceMs >= SECOND_MS || sinceMs < 0) {
      this.#secondStartedAtMs = nowMs;
      this.#dialledInSecond = sinceMs = 0;
    }
    if (this.#dialledInSecond >= limits.maxCallsPerSecond) {
      const why = `maxCallsPerSecond is ${limits.maxCallsPerSecond}`;
      return { why, waitMs: SECOND_MS - sinceMs };
    }
    this.#dialledInSecond += 1;
    return undefined;
  }
}
