/**
 * `dialback cpd-train`: fits the timing of the profiles to a site's own labelled recordings and writes
 * what is better than chance to a file that `cpd.calibration` of the configuration names.
 */
import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { evaluateClips } from '../adapters/cpd/evaluate-clips.js';
import {
  CALIBRATED_PROFILES,
  calibrate,
  calibrationOf,
  candidatesOf,
  isTeaching,
  type ProfileCalibration,
} from '../cpd/evaluate/calibrate.js';
import type { LabelledClip } from '../cpd/evaluate/labels.js';
import type { ClipOutcome } from '../cpd/evaluate/outcome.js';
import { outputOf, type Output } from './cpd-arguments.js';
import { describeLabelProblem, readLabelTable, unreadableClip } from './label-table.js';

interface TrainOptions {
  readonly out: string;
  readonly json?: boolean;
}

/** Fewer of either teach nothing that chance does not. */
const LEAST_CLIPS = 20;
const LEAST_GROUPS = 5;
/** A few hundred recordings take minutes: the command says so often that it is still at work. */
const PROGRESS_PARTS = 10;

/** Adds `cpd-train LABELS.tsv`. Exit code 0: written, 1: the table or a file cannot be used. */
export function registerCpdTrain(program: Command): void {
  program
    .command('cpd-train')
    .description('fit call progress detection to your own labelled recordings')
    .argument('<labels>', 'table of the recordings (TSV), as for cpd-eval')
    .option('--out <file>', 'where the result is written', 'cpd-calibration.json')
    .option('--json', 'print one JSON document')
    .action(async (file: string, options: TrainOptions, command: Command) => {
      process.exitCode = await train(file, options, outputOf(command));
    });
}

async function train(file: string, options: TrainOptions, to: Output): Promise<number> {
  const table = await readLabelTable(file);
  for (const problem of table.problems) to.err(describeLabelProblem(file, problem));
  if (table.problems.length > 0) return 1;
  const clips = table.clips.filter(isTeaching);
  const lack = lackOf(clips);
  if (lack !== undefined) {
    to.err(`CBD_TRAIN_TOO_FEW: ${file}: ${lack}\n`);
    return 1;
  }
  const runs = CALIBRATED_PROFILES.map((profile) =>
    candidatesOf(profile).map((timing) => ({ profile, timing })),
  );
  const step = Math.ceil(clips.length / PROGRESS_PARTS);
  const results = await evaluateClips(
    clips.map(({ file: path, answeredAtMs, country }) => ({
      path: resolve(dirname(file), path),
      runs: runs.flat().map((run) => ({ ...run, answeredAtMs, country, stopsWhenSettled: true })),
    })),
    (done) => {
      if (done % step === 0) to.err(`${done} of ${clips.length} recordings judged\n`);
    },
  );
  const outcomes: (readonly ClipOutcome[])[] = [];
  for (const [i, result] of results.entries()) {
    if (result.ok) outcomes.push(result.outcomes);
    else to.err(describeLabelProblem(file, unreadableClip(clips[i]!, result)));
  }
  if (outcomes.length < clips.length) return 1;
  let start = 0;
  const found = CALIBRATED_PROFILES.map((profile, p) => {
    const [from, end] = [start, start + runs[p]!.length];
    start = end;
    const own = outcomes.map((all) => all.slice(from, end));
    return calibrate(profile, clips, own);
  });
  const calibration = calibrationOf(found, clips);
  try {
    await writeFile(options.out, `${JSON.stringify(calibration, null, 2)}\n`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    to.err(`CBD_TRAIN_OUT: ${options.out} cannot be written: ${why}\n`);
    return 1;
  }
  to.out(
    options.json
      ? `${JSON.stringify({ out: options.out, calibration, profiles: found }, null, 2)}\n`
      : report(options.out, clips, found),
  );
  return 0;
}

/** @returns what is missing; undefined: enough */
function lackOf(clips: readonly LabelledClip[]): string | undefined {
  for (const expect of ['human', 'machine'] as const) {
    const some = clips.filter((clip) => clip.expect === expect);
    const groups = new Set(some.map(({ group }) => group)).size;
    if (some.length < LEAST_CLIPS || groups < LEAST_GROUPS)
      return `${some.length} answered clips of a ${expect} from ${groups} source groups; needed: ${LEAST_CLIPS} from ${LEAST_GROUPS}`;
  }
  return undefined;
}

function report(
  out: string,
  clips: readonly LabelledClip[],
  found: readonly ProfileCalibration[],
): string {
  const lines = [`${clips.length} clips; costs on source groups that were held out:`];
  for (const one of found) {
    const { profile, before, found: timing, heldOutBefore, heldOutFound, standardError } = one;
    const change = Object.entries(timing)
      .map(([name, value]) => `${name} ${before[name as keyof typeof before]} -> ${value}`)
      .join(', ');
    const costs = `${heldOutBefore.toFixed(3)} -> ${heldOutFound.toFixed(3)} (standard error ${standardError.toFixed(3)})`;
    lines.push(`${profile}: ${costs}: ${one.isKept ? change : 'no better than chance, not kept'}`);
  }
  lines.push(`Written to ${out}; name it as cpd.calibration in the configuration.`);
  return `${lines.join('\n')}\n`;
}
