/**
 * `dialback cpd`: who is on this recording, and why. The same detector as on a live call, so a
 * recording of a call that was judged wrongly shows where it went wrong.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readAudio } from '../adapters/audio/read-audio.js';
import { PROFILE_NAMES, type Profile } from '../cpd/options.js';
import { plot } from '../cpd/plot/plot.js';
import { replay, type ReplayResult } from '../cpd/replay.js';
import { callStateOfVerdict } from '../dial/heard-result.js';
import { outputOf, parseCountry, parseMs, parseProfile, type Output } from './cpd-arguments.js';
import { registerCpdEval } from './cpd-eval.js';

interface CpdCommandOptions {
  readonly early?: boolean;
  readonly answeredAt: number;
  readonly profile?: Profile;
  readonly country?: string;
  readonly plot?: string;
  readonly json?: boolean;
}

/** Adds `cpd FILE.wav` to the program. Exit code 0: judged, 1: the file cannot be read, 2: wrong use. */
export function registerCpdCommands(program: Command): void {
  program
    .command('cpd')
    .description('who is on this recording: human, machine, fax, busy, ...')
    .argument('<file>', 'WAV or FLAC: what the far end sent')
    .option('--early', 'all of it is early media, from before an answer')
    .option('--answered-at <ms>', 'when the call was answered, into the recording', parseMs, 0)
    .option('--profile <name>', `which error is worse: ${PROFILE_NAMES.join(', ')}`, parseProfile)
    .option('--country <code>', 'country of the dialled number, such as DE', parseCountry)
    .option('--plot <file>', 'draw level, speech and decisions as SVG')
    .option('--json', 'print one JSON document')
    .action(async (file: string, options: CpdCommandOptions, command: Command) => {
      process.exitCode = await judge(file, options, outputOf(command));
    });
  registerCpdEval(program);
}

async function judge(file: string, options: CpdCommandOptions, to: Output): Promise<number> {
  const audio = await readAudio(resolve(file));
  if (!audio.ok) {
    to.err(`CBD_CPD_FILE: ${file}: ${audio.problem} (${audio.detail})\n`);
    return 1;
  }
  const result = replay(audio.samples, {
    answeredAtMs: options.early ? null : options.answeredAt,
    profile: options.profile,
    country: options.country,
  });
  if (options.plot !== undefined) {
    try {
      await writeFile(options.plot, plot(audio.samples, result, file));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      to.err(`CBD_CPD_PLOT: ${options.plot} cannot be written: ${why}\n`);
      return 1;
    }
  }
  const document = options.json
    ? `${JSON.stringify(toJson(file, result), null, 2)}\n`
    : toText(file, result);
  to.out(document);
  return 0;
}

function toJson(file: string, result: ReplayResult): object {
  return {
    file,
    verdict: result.verdict,
    callState: callStateOfVerdict(result.verdict),
    decidedAtMs: result.decidedAtMs,
    greetingEndMs: result.greetingEndMs,
    beepAtMs: result.beepAtMs,
    reason: result.reason,
    trace: result.trace,
  };
}

function toText(file: string, result: ReplayResult): string {
  const lines = [
    `${file}: ${result.verdict} (call state ${callStateOfVerdict(result.verdict)}), decided at ${result.decidedAtMs} ms`,
    `  because: ${result.reason}`,
  ];
  if (result.first.verdict !== result.verdict)
    lines.push(`  at first: ${result.first.verdict}, at ${result.first.atMs} ms`);
  if (result.greetingEndMs !== null) lines.push(`  greeting ended: ${result.greetingEndMs} ms`);
  if (result.beepAtMs !== null)
    lines.push(`  beep: ${result.beepStartMs} to ${result.beepEndMs} ms`);
  lines.push('');
  for (const { atMs, what, values } of result.trace) {
    if (what === 'verdict' || what === 'revised') continue;
    const detail = Object.entries(values).map(([name, value]) => `${name} ${value}`);
    lines.push(`${String(atMs).padStart(7)} ms  ${what.padEnd(16)} ${detail.join(', ')}`);
  }
  return `${lines.join('\n')}\n`;
}
