/** A pacer whose time only moves when a test says so. */

import { Pacer, type PacerClock } from '../../../src/embedded/rtp/pacer.js';

/** Time and at most one pending timer. */
export class VirtualClock implements PacerClock {
  time = 0;
  timer: { run: () => void; atMs: number } | undefined;
  timersSet = 0;

  nowMs(): number {
    return this.time;
  }

  setTimer(run: () => void, delayMs: number): unknown {
    this.timersSet++;
    this.timer = { run, atMs: this.time + delayMs };
    return this.timer;
  }

  clearTimer(timer: unknown): void {
    if (this.timer === timer) this.timer = undefined;
  }

  /** Runs what is due until `ms` have gone by. */
  advance(ms: number): void {
    const end = this.time + ms;
    while (this.timer && this.timer.atMs <= end) {
      const { run, atMs } = this.timer;
      this.timer = undefined;
      this.time = Math.max(this.time, atMs);
      run();
    }
    this.time = end;
  }

  /** The thread hangs: time passes, nothing runs. */
  stall(ms: number): void {
    this.time += ms;
  }
}

/** A pacer and the clock that drives it. */
export function virtualPacer(): { pacer: Pacer; clock: VirtualClock } {
  const clock = new VirtualClock();
  return { pacer: new Pacer(clock), clock };
}
