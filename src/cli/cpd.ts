/**
 * `dialback cpd`: who is on this recording, and why. The same detector as on a live call, so a
 * recording of a call that was judged wrongly shows where it went wrong.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { Profile } from '../cpd/options.js';
import { callStateOfVerdict } from '../dial/heard-result.js';
import { plot } from '../cpd/plot.js';
import { replay, type ReplayResult } from '../cpd/replay.js';
import { readWavFile } from '../embedded/rtp/wav.js';

interface CpdCommandOptions {
  readonly early?: boolean;
  readonly answeredAt: number;
  readonly profile?: Profile;
  readonly country?: string;
  readonly plot?: string;
  readonly json?: boolean;
}

const PROFILES: readonly Profile[] = ['human-first', 'balanced', 'machine-first'];

/** Adds `cpd FILE.wav` to the program. Exit code 0: judged, 1: the file cannot be read, 2: wrong use. */
export function registerCpdCommands(program: Command): void {
  program
    .command('cpd')
    .description('who is on this recording: human, machine, fax, busy, ...')
    .argument('<file>', 'WAV file: what the far end sent, PCM or G.711')
    .option('--early', 'all of it is early media, from before an answer')
    .option('--answered-at <ms>', 'when the call was answered, into the recording', parseMs, 0)
    .option('--profile <name>', `which error is worse: ${PROFILES.join(', ')}`, parseProfile)
    .option('--country <code>', 'country of the dialled number, such as DE', parseCountry)
    .option('--plot <file>', 'draw level, speech and decisions as SVG')
    .option('--json', 'print one JSON document')
    .action(async (file: string, options: CpdCommandOptions, command: Command) => {
      process.exitCode = await judge(file, options, outputOf(command));
    });
  program
    .command('cpd-eval', { hidden: true })
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      process.stderr.write('CBD_NOT_BUILT: scoring a labelled set is not built in this version\n');
      process.exitCode = 1;
    });
}

interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** Where commander itself writes, so that both can be sent elsewhere together. */
function outputOf(command: Command): Output {
  const output = command.configureOutput();
  return {
    out: (text) => output.writeOut?.(text),
    err: (text) => output.writeErr?.(text),
  };
}

async function judge(file: string, options: CpdCommandOptions, to: Output): Promise<number> {
  const wav = await readWavFile(resolve(file));
  if (!wav.ok) {
    to.err(`CBD_CPD_FILE: ${file}: ${wav.problem} (${wav.detail})\n`);
    return 1;
  }
  const result = replay(wav.pcm, {
    answeredAtMs: options.early ? null : options.answeredAt,
    profile: options.profile,
    country: options.country,
  });
  if (options.plot !== undefined) {
    try {
      await writeFile(options.plot, plot(wav.pcm, result, file));
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
  if (result.beepAtMs !== null) lines.push(`  beep: ${result.beepAtMs} to ${result.beepEndMs} ms`);
  lines.push('');
  for (const { atMs, what, values } of result.trace) {
    if (what === 'verdict' || what === 'revised') continue;
    const detail = Object.entries(values).map(([name, value]) => `${name} ${value}`);
    lines.push(`${String(atMs).padStart(7)} ms  ${what.padEnd(16)} ${detail.join(', ')}`);
  }
  return `${lines.join('\n')}\n`;
}

function parseMs(text: string): number {
  const ms = Number(text);
  if (!Number.isFinite(ms) || ms < 0)
    throw new InvalidArgumentError('not a number of milliseconds');
  return ms;
}

function parseProfile(text: string): Profile {
  const profile = PROFILES.find((name) => name === text);
  if (!profile) throw new InvalidArgumentError(`allowed: ${PROFILES.join(', ')}`);
  return profile;
}

function parseCountry(text: string): string {
  if (!/^[a-z]{2}$/i.test(text)) throw new InvalidArgumentError('two letters, such as DE');
  return text.toUpperCase();
}
