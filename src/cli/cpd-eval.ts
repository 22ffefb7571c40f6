/**
 * `dialback cpd-eval`: how good the detector is on a labelled set of recordings. The set may be the
 * site's own; the table's columns are described in docs/cpd.md.
 */
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { evaluateClips, type ClipJob, type ClipResult } from '../adapters/cpd/evaluate-clips.js';
import { readCalibration } from '../adapters/cpd/read-calibration.js';
import type { Calibration } from '../cpd/calibration.js';
import type { LabelledClip } from '../cpd/evaluate/labels.js';
import { reportGroups, reportText, type ProfileScore } from '../cpd/evaluate/report.js';
import { score, scoreBy, type Judged } from '../cpd/evaluate/score.js';
import { PROFILE_NAMES, type Profile } from '../cpd/options.js';
import { callStateOfVerdict } from '../dial/heard-result.js';
import { outputOf, parseProfile, type Output } from './cpd-arguments.js';
import { describeLabelProblem, readLabelTable, unreadableClip } from './label-table.js';

interface EvalOptions {
  readonly json?: boolean;
  readonly profile?: Profile;
  readonly groups?: boolean;
  readonly calibration?: string;
}

/** Shown in detail when no profile is asked for: the default of a service. */
const DEFAULT_PROFILE: Profile = 'human-first';

/** Adds `cpd-eval LABELS.tsv`. Exit code 0: scored, 1: the table or a file cannot be read, 2: wrong use. */
export function registerCpdEval(program: Command): void {
  program
    .command('cpd-eval')
    .description('how well call progress detection does on labelled recordings')
    .argument('<labels>', 'table of the recordings (TSV); their paths are relative to it')
    .option(
      '--profile <name>',
      'this profile alone; default: human-first, and the curve over all',
      parseProfile,
    )
    .option('--groups', 'also each source group on its own')
    .option('--calibration <file>', 'with the timing that cpd-train found')
    .option('--json', 'print one JSON document')
    .action(async (file: string, options: EvalOptions, command: Command) => {
      process.exitCode = await evaluate(file, options, outputOf(command));
    });
}

async function evaluate(file: string, options: EvalOptions, to: Output): Promise<number> {
  const table = await readLabelTable(file);
  for (const warning of table.warnings) to.err(describeLabelProblem(file, warning));
  for (const problem of table.problems) to.err(describeLabelProblem(file, problem));
  if (table.problems.length > 0) return 1;
  let calibration: Calibration | undefined;
  if (options.calibration !== undefined) {
    const read = await readCalibration(resolve(options.calibration));
    if (!read.ok) {
      to.err(`CBD_CALIBRATION: ${options.calibration}: ${read.problem}\n`);
      return 1;
    }
    calibration = read.calibration;
  }
  const shown = options.profile ?? DEFAULT_PROFILE;
  const profiles = options.profile ? [options.profile] : PROFILE_NAMES;
  const results = await evaluateClips(
    table.clips.map((clip) => jobOf(file, clip, profiles, calibration)),
  );
  const unread = results.flatMap((result, i) =>
    result.ok ? [] : [unreadableClip(table.clips[i]!, result)],
  );
  for (const problem of unread.slice(0, 20)) to.err(describeLabelProblem(file, problem));
  if (unread.length > 0) return 1;
  const judged = new Map(
    profiles.map((profile, run) => [
      profile,
      table.clips.map((clip, i) => judge(clip, results[i]!, run)),
    ]),
  );
  const curve = [...judged].map(([profile, clips]) => ({ profile, score: score(clips) }));
  const clips = judged.get(shown) ?? [];
  to.out(options.json ? toJson(clips, shown, curve) : toText(clips, shown, curve, options));
  return 0;
}

/** Before an answer all profiles are one. */
const isJudgedByProfile = ({ answeredAtMs }: LabelledClip): boolean => answeredAtMs !== null;

function jobOf(
  file: string,
  clip: LabelledClip,
  profiles: readonly Profile[],
  calibration: Calibration | undefined,
): ClipJob {
  const timingOf = (profile: Profile) => ({ timing: calibration?.profiles[profile] ?? {} });
  const { answeredAtMs, country } = clip;
  return {
    path: resolve(dirname(file), clip.file),
    runs: profiles
      .slice(0, isJudgedByProfile(clip) ? profiles.length : 1)
      .map((profile) => ({ profile, country, answeredAtMs, ...timingOf(profile) })),
  };
}

function judge(clip: LabelledClip, result: ClipResult, run: number): Judged {
  const outcome = result.ok ? result.outcomes[isJudgedByProfile(clip) ? run : 0] : undefined;
  if (!outcome) throw new Error(`no outcome for ${clip.file}`);
  return { clip, outcome };
}

function toJson(
  judged: readonly Judged[],
  profile: Profile,
  curve: readonly ProfileScore[],
): string {
  const shown = curve.find((point) => point.profile === profile);
  const document = {
    clips: judged.map(({ clip, outcome }) => ({
      file: clip.file,
      verdict: outcome.verdict,
      callState: callStateOfVerdict(outcome.verdict),
      decidedAtMs: outcome.decidedAtMs,
      revisedTo: outcome.revisedTo,
      revisedAtMs: outcome.revisedAtMs,
      greetingEndMs: outcome.greetingEndMs,
      beepAtMs: outcome.beepAtMs,
      reason: outcome.reason,
    })),
    summary: {
      profile,
      ...shown?.score,
      groups: byGroup(judged),
      curve,
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function toText(
  judged: readonly Judged[],
  profile: Profile,
  curve: readonly ProfileScore[],
  { groups }: EvalOptions,
): string {
  const shown = curve.find((point) => point.profile === profile)!;
  const text = reportText(shown, curve);
  return groups ? `${text}\n${reportGroups(byGroup(judged))}` : text;
}

const byGroup = (judged: readonly Judged[]): ReturnType<typeof scoreBy> =>
  scoreBy(judged, ({ clip }) => `${clip.className}/${clip.group}`);
