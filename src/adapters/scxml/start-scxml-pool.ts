/** The pool of plugin threads with real threads and the machine's clock behind it. */
import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { ScxmlPool, type PoolOptions } from '../../plugin/scxml/worker/pool.js';
import type { FromThread, ThreadPort, ToThread } from '../../plugin/scxml/worker/messages.js';
import { workerEntry } from '../../worker-entry.js';
import { systemClock } from '../clock/system-clock.js';

type Options = Omit<PoolOptions, 'newThread' | 'clock' | 'newId'>;

/** @returns a pool whose threads are up. @throws Error never: a thread that fails is replaced */
export async function startScxmlPool(options: Options): Promise<ScxmlPool> {
  const pool = createScxmlPool(options);
  await pool.warm();
  return pool;
}

/** A pool whose threads start when they are needed, or by `warm`. */
export function createScxmlPool(options: Options): ScxmlPool {
  return new ScxmlPool({
    ...options,
    newThread: startThread,
    clock: systemClock(),
    newId: randomUUID,
  });
}

/** One worker thread as the pool wants it. */
export function startThread(): ThreadPort {
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
