/**
 * `dialback farend`: a scripted called party as a process of its own, for trying a configuration
 * without a telephone. One line per event of each call on stdout, JSON lines with `--json`; SIGTERM
 * and SIGINT end the calls in the proper way.
 */
import { isIP } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import type { Command } from 'commander';
import { nearestName } from '../config/nearest-name.js';
import { startFarEnd, type CallSummary, type FarEnd, type HeardCall } from '../farend/far-end.js';
import { isPersonaName, PERSONA_NAMES, PERSONAS, type PersonaName } from '../farend/personas.js';
import { PACKAGE_DIRECTORY } from './version.js';

const EXIT_FAILED = 1;
const EXIT_WRONG_USE = 2;
const PORT_MAX = 65_535;

interface FarendOptions {
  readonly persona: string;
  readonly listen: string;
  readonly number: readonly string[];
  readonly record?: string;
  readonly json?: boolean;
}

/** What the options mean, or why they mean nothing. */
type Plan =
  | {
      readonly ok: true;
      readonly host: string;
      readonly port: number;
      readonly persona: PersonaName;
      readonly byNumber: ReadonlyMap<string, PersonaName>;
    }
  | { readonly ok: false; readonly why: string };

/** Adds `farend` to the program. Exit code 0: ended by a signal, 1: cannot listen, 2: wrong use. */
export function registerFarendCommand(program: Command): void {
  program
    .command('farend')
    .description('a scripted called party on SIP and RTP')
    .option('--persona <name>', 'who picks up', 'human')
    .option('--listen <host:port>', 'IPv4 address and UDP port; port 0 chooses one', '127.0.0.1:0')
    .option(
      '--number <number=persona>',
      'who picks up for one number; may be repeated',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option('--record <directory>', 'write what each call heard as a WAV file')
    .option('--json', 'print one JSON document per line')
    .addHelpText('after', `\nPersonas:\n${personaTable()}\n\nEnd it with SIGTERM or Ctrl-C.`)
    .action(async (options: FarendOptions) => {
      process.exitCode = await run(options);
    });
}

function personaTable(): string {
  const width = Math.max(...PERSONA_NAMES.map((name) => name.length));
  return PERSONA_NAMES.map((name) => `  ${name.padEnd(width)}  ${PERSONAS[name].does}`).join('\n');
}

async function run(options: FarendOptions): Promise<number> {
  const plan = readOptions(options);
  if (!plan.ok) {
    process.stderr.write(`error: ${plan.why}\n`);
    return EXIT_WRONG_USE;
  }
  const print = (event: object, text: string): void => {
    process.stdout.write(`${options.json ? JSON.stringify(event) : text}\n`);
  };
  let farEnd: FarEnd;
  try {
    farEnd = await startFarEnd({
      host: plan.host,
      port: plan.port,
      mediaDirectory: join(PACKAGE_DIRECTORY, 'media'),
      rules: (userPart) => plan.byNumber.get(userPart.replace(/^\+/, '')) ?? plan.persona,
      ...(options.record === undefined ? {} : { recordDirectory: options.record }),
      onStep: (call, step) =>
        print({ event: 'step', ...call, ...step }, `${name(call)}  ${step.atMs} ms  ${step.what}`),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`CBD_FAREND_START: ${why}\n`);
    return EXIT_FAILED;
  }
  farEnd.onCallEnded((call) => print({ event: 'ended', ...withoutSamples(call) }, endLine(call)));
  const { host, port } = farEnd;
  print({ event: 'listening', host, port }, `listening on ${host}:${port}`);
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  await farEnd.stop();
  return 0;
}

function readOptions({ persona, listen, number }: FarendOptions): Plan {
  const match = /^(.+):(\d{1,5})$/.exec(listen);
  const [, host = '', port = ''] = match ?? [];
  if (isIP(host) !== 4 || Number(port) > PORT_MAX) {
    return { ok: false, why: `--listen ${listen}: not an IPv4 address and port` };
  }
  if (!isPersonaName(persona)) return { ok: false, why: unknownPersona(persona) };
  const byNumber = new Map<string, PersonaName>();
  for (const entry of number) {
    const [digits = '', chosen = ''] = entry.split('=', 2);
    if (digits === '' || chosen === '')
      return { ok: false, why: `--number ${entry}: NUMBER=PERSONA` };
    if (!isPersonaName(chosen)) return { ok: false, why: unknownPersona(chosen) };
    byNumber.set(digits.replace(/^\+/, ''), chosen);
  }
  return { ok: true, host, port: Number(port), persona, byNumber };
}

function unknownPersona(given: string): string {
  const nearest = nearestName(given, PERSONA_NAMES);
  const hint = nearest === undefined ? 'see dialback farend --help' : `did you mean ${nearest}?`;
  return `no persona is called ${JSON.stringify(given)}; ${hint}`;
}

function name({ persona, userPart, callId }: CallSummary): string {
  return `${persona}  ${userPart || '-'}  ${callId}`;
}

function endLine(call: HeardCall): string {
  const seconds = (call.recording.length / 8000).toFixed(1);
  return `${name(call)}  ${call.endedAtMs ?? 0} ms  ended by ${call.endedBy ?? '?'}, heard ${seconds} s`;
}

function withoutSamples({ recording, ...rest }: HeardCall): object {
  return { ...rest, recordedMs: Math.round(recording.length / 8) };
}
