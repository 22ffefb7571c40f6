/** A worker thread as the pools of plugins and pages want it. */
import { Worker } from 'node:worker_threads';
import { workerEntry } from '../worker-entry.js';

export interface WorkerPort<ToThread, FromThread> {
  post(message: ToThread): void;
  onMessage(handle: (message: FromThread) => void): void;
  /** Called once when the thread is gone, for whatever reason. */
  onGone(handle: (why: string) => void): void;
  kill(): Promise<void>;
}

/** @param base the caller's `import.meta.url`; its entry is the module `worker` beside it */
export function startWorkerPort<ToThread, FromThread>(
  base: string,
): WorkerPort<ToThread, FromThread> {
  const worker = new Worker(workerEntry(base, './worker'));
  let why = 'it exited';
  worker.on('error', (error) => (why = error instanceof Error ? error.message : String(error)));
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (handle) => void worker.on('message', (message: FromThread) => handle(message)),
    onGone: (handle) => void worker.once('exit', () => handle(why)),
    kill: async () => {
      await worker.terminate();
    },
  };
}
