/**
 * `dialback cpd`: who is on this recording, and why. The same detector as on a live call, so a
 * recording of a call that was judged wrongly shows where it went wrong, and what other options would
 * have made of it.
 */
import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { readAudio } from '../adapters/audio/read-audio.js';
import { PROFILE_NAMES, resolveOptions, type CpdOptions, type Profile } from '../cpd/options.js';
import { plot, type Drawing } from '../cpd/plot/plot.js';
import type { Reading } from '../cpd/reading.js';
import { replay, type ReplayOptions, type ReplayResult } from '../cpd/replay.js';
import { callStateOfVerdict } from '../dial/heard-result.js';
import {
  collectOption,
  outputOf,
  parseCountry,
  parseMs,
  parseProfile,
  parseProfiles,
  type Output,
} from './cpd-arguments.js';
import { registerCpdEval } from './cpd-eval.js';
import { registerCpdTrain } from './cpd-train.js';

interface CpdCommandOptions {
  readonly early?: boolean;
  readonly answeredAt: number;
  readonly profile?: Profile;
  readonly profiles?: readonly Profile[];
  readonly option?: Partial<CpdOptions>;
  readonly country?: string;
  readonly plot?: string;
  readonly json?: boolean;
}

/** What another profile makes of the same recording. */
interface Compared {
  readonly name: Profile;
  readonly result: ReplayResult;
}

/** Adds `cpd FILE` to the program. Exit code 0: judged, 1: the file cannot be read, 2: wrong use. */
export function registerCpdCommands(program: Command): void {
  const names = PROFILE_NAMES.join(', ');
  program
    .command('cpd')
    .description('who is on this recording: human, machine, fax, busy, ...')
    .argument('<file>', 'WAV or FLAC: what the far end sent')
    .option('--early', 'all of it is early media, from before an answer')
    .option('--answered-at <ms>', 'when the call was answered, into the recording', parseMs, 0)
    .option('--profile <name>', `which error is worse: ${names}`, parseProfile)
    .option(
      '--profiles <names>',
      'what others make of it: names with commas, or all',
      parseProfiles,
    )
    .option('--option <name=value>', 'another value for one option; may be repeated', collectOption)
    .option('--country <code>', 'country of the dialled number, such as DE', parseCountry)
    .option('--plot <file>', 'draw sound, speech, tones, evidence and decisions as SVG')
    .option('--json', 'print one JSON document')
    .action(async (file: string, options: CpdCommandOptions, command: Command) => {
      process.exitCode = await judge(file, options, outputOf(command));
    });
  registerCpdEval(program);
  registerCpdTrain(program);
}

async function judge(file: string, options: CpdCommandOptions, to: Output): Promise<number> {
  const replayOptions = replayOptionsOf(options);
  try {
    resolveOptions(replayOptions);
  } catch (error) {
    to.err(`CBD_CPD_OPTION: ${messageOf(error)}\n`);
    return 2;
  }
  const audio = await readAudio(resolve(file));
  if (!audio.ok) {
    to.err(`CBD_CPD_FILE: ${file}: ${audio.problem} (${audio.detail})\n`);
    return 1;
  }
  const { samples } = audio;
  const readings: Reading[] = [];
  const result = replay(samples, replayOptions, (reading) => readings.push({ ...reading }));
  const compared = (options.profiles ?? []).map((name) => ({
    name,
    result: replay(samples, { ...replayOptions, profile: name }),
  }));
  if (options.plot !== undefined) {
    const subtitle = describe(options);
    const { answeredAtMs = 0 } = replayOptions;
    const title = basename(file);
    const drawing = { samples, result, readings, answeredAtMs, title, subtitle, compared };
    const problem = await writeDrawing(options.plot, drawing);
    if (problem !== undefined) {
      to.err(problem);
      return 1;
    }
  }
  to.out(options.json ? toJson(file, result, compared) : toText(file, result, compared));
  return 0;
}

function replayOptionsOf(options: CpdCommandOptions): ReplayOptions {
  const { early, answeredAt, profile, country, option } = options;
  return { profile, country, ...option, answeredAtMs: early ? null : answeredAt };
}

/** What the recording was judged with, for the drawing. */
function describe({ early, answeredAt, profile, country, option }: CpdCommandOptions): string {
  const { timing, appAmd, gvp, ...single } = option ?? {};
  const changed: [string, unknown][] = Object.entries({ ...single, ...timing, ...appAmd, ...gvp });
  return [
    `profile ${profile ?? 'human-first'}`,
    country === undefined ? 'country not known' : `country ${country}`,
    early ? 'early media' : `answered at ${answeredAt} ms`,
    ...changed.map(([name, value]) => `${name} ${JSON.stringify(value)}`),
  ].join(' · ');
}

/** @returns what went wrong */
async function writeDrawing(path: string, drawing: Drawing): Promise<string | undefined> {
  try {
    await writeFile(path, plot(drawing));
    return undefined;
  } catch (error) {
    return `CBD_CPD_PLOT: ${path} cannot be written: ${messageOf(error)}\n`;
  }
}

function toJson(file: string, result: ReplayResult, compared: readonly Compared[]): string {
  const document = {
    file,
    ...summaryOf(result),
    trace: result.trace,
    ...(compared.length > 0
      ? {
          profiles: compared.map((other) => ({
            profile: other.name,
            first: other.result.first,
            ...summaryOf(other.result),
          })),
        }
      : {}),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const summaryOf = (result: ReplayResult): object => ({
  verdict: result.verdict,
  callState: callStateOfVerdict(result.verdict),
  decidedAtMs: result.decidedAtMs,
  greetingEndMs: result.greetingEndMs,
  beepAtMs: result.beepAtMs,
  reason: result.reason,
});

function toText(file: string, result: ReplayResult, compared: readonly Compared[]): string {
  const lines = [
    `${file}: ${result.verdict} (call state ${callStateOfVerdict(result.verdict)}), decided at ${result.decidedAtMs} ms`,
    `  because: ${result.reason}`,
  ];
  if (result.first.verdict !== result.verdict)
    lines.push(`  at first: ${result.first.verdict}, at ${result.first.atMs} ms`);
  if (result.greetingEndMs !== null) lines.push(`  greeting ended: ${result.greetingEndMs} ms`);
  if (result.beepAtMs !== null)
    lines.push(`  beep: ${result.beepStartMs} to ${result.beepEndMs} ms`);
  for (const other of compared) lines.push(`  ${comparedLine(other)}`);
  lines.push('');
  for (const { atMs, what, values } of result.trace) {
    if (what === 'verdict' || what === 'revised') continue;
    const detail = Object.entries(values).map(([name, value]) => `${name} ${value}`);
    lines.push(`${String(atMs).padStart(7)} ms  ${what.padEnd(16)} ${detail.join(', ')}`);
  }
  return `${lines.join('\n')}\n`;
}

function comparedLine({ name, result }: Compared): string {
  const { first, verdict, decidedAtMs } = result;
  const then = first.verdict === verdict ? '' : `, then ${verdict} at ${decidedAtMs} ms`;
  return `${name.padEnd(14)} ${first.verdict} at ${first.atMs} ms${then}`;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
