/**
 * The end of a rehearsal that would have none: its own time may stand still, while something is fetched
 * again and again, so what it takes here is counted by the clock on the wall.
 */
import { systemClock } from '../adapters/clock/system-clock.js';

export interface RealTimeLimit {
  readonly isOver: boolean;
  /** Resolves when it is; never, once it was cancelled. */
  readonly over: Promise<void>;
  /** What is to be said then. */
  readonly failure: { readonly code: 'REHEARSAL_TOO_LONG'; readonly why: string };
  cancel(): void;
}

export function realTimeLimit(maxMs: number): RealTimeLimit {
  let isOver = false;
  let cancel = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    cancel = systemClock().after(maxMs, () => {
      isOver = true;
      resolve();
    });
  });
  const why = `it went on for more than ${maxMs / 1000} s of real time (--max-seconds)`;
  return {
    get isOver() {
      return isOver;
    },
    over,
    failure: { code: 'REHEARSAL_TOO_LONG', why },
    cancel: () => cancel(),
  };
}
