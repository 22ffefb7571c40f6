/** The pool of plugin threads with real threads and the machine's clock behind it. */
import { randomUUID } from 'node:crypto';
import { ScxmlPool, type PoolOptions } from '../../plugin/scxml/worker/pool.js';
import type { FromThread, ThreadPort, ToThread } from '../../plugin/scxml/worker/messages.js';
import { systemClock } from '../clock/system-clock.js';
import { startWorkerPort } from '../thread-port.js';

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
  return startWorkerPort<ToThread, readonly FromThread[]>(import.meta.url);
}
