/** The pool of page threads with real threads and the machine's clock behind it. */
import type { FromThread, ToThread } from '../../vxml/worker/messages.js';
import { PagePool, type PagePoolOptions } from '../../vxml/worker/pool.js';
import { systemClock } from '../clock/system-clock.js';
import { startWorkerPort } from '../thread-port.js';

/** A pool that makes its threads when they are needed, or warmed up. */
export function createPagePool(
  options: Omit<PagePoolOptions, 'newThread' | 'clock'> = {},
): PagePool {
  return new PagePool({
    ...options,
    newThread: () => startWorkerPort<ToThread, FromThread>(import.meta.url),
    clock: systemClock(),
  });
}
