/**
 * The machine's clock behind the `Clock` port: the one place of the product that reads it.
 * It does not smooth steps of the wall clock; whoever needs durations measures with timers.
 */
import type { Clock } from '../../ports.js';

/** setTimeout fires at once for anything longer than this (Node, 2^31 - 1 ms). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @returns the system clock; `after` accepts delays of any length and treats negative ones as 0. */
export function systemClock(): Clock {
  return { nowMs: () => Date.now(), after };
}

function after(delayMs: number, run: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (leftMs: number): void => {
    const stepMs = Math.min(Math.max(leftMs, 0), LONGEST_TIMER_MS);
    timer = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : run()), stepMs);
  };
  arm(delayMs);
  return () => clearTimeout(timer);
}
