/** A worker thread as the pools of plugins and pages want it. */
import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { Worker, workerData } from 'node:worker_threads';
import type { PoolPort } from '../plugin/scxml/worker/pool-thread.js';
import { workerEntry } from '../worker-entry.js';

/** Linux counts it in hundredths of a second, for programs. */
const TICK_MS = 10;
/** Of what follows the name in a thread's `stat`: user and system time. */
const [USER_TICKS, SYSTEM_TICKS] = [11, 12];

/** Said in the thread by its entry: which thread of the system it is. */
export function announceThread(): void {
  if (!(workerData instanceof Int32Array)) return;
  try {
    Atomics.store(workerData, 0, Number(basename(readlinkSync('/proc/thread-self'))));
  } catch {
    // Another system.
  }
}

/** Of the thread that asks. */
export function ownProcessorMs(): number | undefined {
  return processorMsOf('/proc/thread-self/stat');
}

function processorMsOf(file: string): number | undefined {
  try {
    const stat = readFileSync(file, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) * TICK_MS;
  } catch {
    // Another system, or the thread has not begun, or has ended.
    return undefined;
  }
}

/**
 * Processor time of the thread is known on Linux only, and from `announceThread` on.
 *
 * @param base the caller's `import.meta.url`; its entry is the module `worker` beside it
 */
export function startWorkerPort<ToThread, FromThread>(
  base: string,
): PoolPort<ToThread, FromThread> {
  const thread = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(workerEntry(base, './worker'), { workerData: thread });
  let why = 'it exited';
  worker.on('error', (error) => (why = error instanceof Error ? error.message : String(error)));
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (handle) => void worker.on('message', (message: FromThread) => handle(message)),
    onGone: (handle) => void worker.once('exit', () => handle(why)),
    processorMs: () => processorMsOf(`/proc/self/task/${Atomics.load(thread, 0)}/stat`),
    kill: async () => {
      await worker.terminate();
    },
  };
}
