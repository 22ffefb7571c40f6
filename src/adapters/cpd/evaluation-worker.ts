/** The thread that judges recordings for an evaluation; see evaluate-clips.ts. */
import { parentPort } from 'node:worker_threads';
import { outcomeOf } from '../../cpd/evaluate/outcome.js';
import { replay } from '../../cpd/replay.js';
import { readAudio } from '../audio/read-audio.js';
import type { ClipJob, ClipResult, FromEvaluator, ToEvaluator } from './evaluate-clips.js';

const port = parentPort;
if (!port) throw new Error('this module runs as a worker thread only');

port.on('message', ({ index, job }: ToEvaluator) => {
  void judge(job).then((result) => port.postMessage({ index, result } satisfies FromEvaluator));
});

async function judge({ path, runs }: ClipJob): Promise<ClipResult> {
  const audio = await readAudio(path);
  if (!audio.ok) return audio;
  const outcomes = runs.map((run) =>
    outcomeOf(replay(audio.samples, run), run.answeredAtMs === undefined ? 0 : run.answeredAtMs),
  );
  return { ok: true, outcomes };
}
