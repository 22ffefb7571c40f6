/** The pool of page threads with real threads and the machine's clock behind it. */
import { Worker } from 'node:worker_threads';
import type { FromThread, ThreadPort, ToThread } from '../../vxml/worker/messages.js';
import { PagePool, type PagePoolOptions } from '../../vxml/worker/pool.js';
import { workerEntry } from '../../worker-entry.js';
import { systemClock } from '../clock/system-clock.js';

/** A pool that makes its threads when they are needed, or warmed up. */
export function createPagePool(
  options: Omit<PagePoolOptions, 'newThread' | 'clock'> = {},
): PagePool {
  return new PagePool({ ...options, newThread: startThread, clock: systemClock() });
}

function startThread(): ThreadPort {
  const worker = new Worker(workerEntry(import.meta.url, './worker'));
  let why = 'it exited';
  worker.on('error', (error) => (why = error instanceof Error ? error.message : String(error)));
  return {
    post: (message: ToThread) => worker.postMessage(message),
    onMessage: (handle) => void worker.on('message', (message: FromThread) => handle(message)),
    onGone: (handle) => void worker.once('exit', () => handle(why)),
    kill: async () => {
      await worker.terminate();
    },
  };
}
