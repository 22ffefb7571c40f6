/** The thread that judges recordings for an evaluation; see evaluate-clips.ts. */
import { parentPort } from 'node:worker_threads';
import { outcomeOf } from '../../cpd/evaluate/outcome.js';
import { HeardOnce } from '../../cpd/hearing.js';
import { replay } from '../../cpd/replay.js';
import { readAudio } from '../audio/read-audio.js';
import type { ClipJob, ClipResult, FromEvaluator, ToEvaluator } from './evaluate-clips.js';

/** Longer recordings are measured anew for each run: what is remembered of two minutes are 26 MB. */
const MOST_REMEMBERED_SAMPLES = 120 * 8000;

const port = parentPort;
if (!port) throw new Error('this module runs as a worker thread only');

port.on('message', ({ index, job }: ToEvaluator) => {
  void judge(job).then((result) => port.postMessage({ index, result } satisfies FromEvaluator));
});

async function judge({ path, runs }: ClipJob): Promise<ClipResult> {
  const audio = await readAudio(path);
  if (!audio.ok) return audio;
  const isRemembered = runs.length > 1 && audio.samples.length <= MOST_REMEMBERED_SAMPLES;
  const heard = isRemembered ? new HeardOnce() : undefined;
  const outcomes = runs.map((run) =>
    outcomeOf(
      replay(audio.samples, run, undefined, heard?.again()),
      run.answeredAtMs === undefined ? 0 : run.answeredAtMs,
    ),
  );
  return { ok: true, outcomes };
}
