/**
 * Runs the detector over many recordings on worker threads, one recording at a time each, with any
 * number of option sets over the same samples.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ClipOutcome } from '../../cpd/evaluate/outcome.js';
import type { ReplayOptions } from '../../cpd/replay.js';
import { workerEntry } from '../../worker-entry.js';

/** One recording and what to run on it. */
export interface ClipJob {
  /** Absolute. WAV, or FLAC. */
  readonly path: string;
  readonly runs: readonly ReplayOptions[];
}

/** The outcomes in the order of the runs, or why the recording could not be read. */
export type ClipResult =
  | { readonly ok: true; readonly outcomes: readonly ClipOutcome[] }
  | { readonly ok: false; readonly problem: string; readonly detail: string };

export interface ToEvaluator {
  readonly index: number;
  readonly job: ClipJob;
}

export interface FromEvaluator {
  readonly index: number;
  readonly result: ClipResult;
}

const MOST_THREADS = 16;

/**
 * @param onDone told after each recording how many are done
 * @returns one result per job, in order
 * @throws Error when a thread dies, which is a defect
 */
export async function evaluateClips(
  jobs: readonly ClipJob[],
  onDone: (done: number) => void = () => undefined,
): Promise<ClipResult[]> {
  const results = new Array<ClipResult>(jobs.length);
  const count = Math.max(1, Math.min(availableParallelism(), MOST_THREADS, jobs.length));
  const queue = jobs.map((job, index) => ({ index, job }));
  const workers = Array.from(
    { length: count },
    () => new Worker(workerEntry(import.meta.url, './evaluation-worker')),
  );
  try {
    let done = 0;
    const keep = ({ index, result }: FromEvaluator): void => {
      results[index] = result;
      onDone(++done);
    };
    await Promise.all(workers.map((worker) => drain(worker, queue, keep)));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results;
}

/** Feeds one thread until the queue is empty. */
function drain(
  worker: Worker,
  queue: ToEvaluator[],
  keep: (answer: FromEvaluator) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const job = queue.shift();
      if (job) worker.postMessage(job);
      else resolve();
    };
    worker.on('message', (answer: FromEvaluator) => {
      keep(answer);
      next();
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`an evaluation thread ended with ${code}`)));
    next();
  });
}
