/** What the commands that try out plugins and pages have in common. */
import type { Command } from 'commander';
import { callerActions, type CallerAction } from '../vxml/line/scripted-line.js';
import type { RehearsedCall } from './rehearsal-call.js';
import { printable, type Terminal } from './terminal.js';

/** The customer's number when none is given. */
const DEFAULT_NUMBER = '+493012345678';
/** What a rehearsal may take that nobody sits at. */
const MAX_SECONDS = 60;
/** What somebody at the keyboard may take. */
const KEYBOARD_MAX_SECONDS = 600;

/** Flags of `plugin run` and `vxml run`. */
export interface RehearsalFlags {
  readonly attempt: string;
  readonly ttl: string;
  readonly number: string;
  readonly userData: string;
  readonly digits?: string;
  readonly maxSeconds?: string;
  readonly json?: boolean;
}

/** A command about one page, whose own flags follow. */
export function addPageCommand(parent: Command, name: 'run' | 'check', does: string): Command {
  return parent
    .command(name)
    .argument('<url>', 'the page: a path, or an http(s) URL')
    .description(does)
    .option('--json', 'one JSON document');
}

/** @param digits what the flag `--digits` is for */
export function addRehearsalOptions(command: Command, digits: string): Command {
  return command
    .option('--digits <list>', digits)
    .option('--attempt <n>', 'dial attempt, the current one included', '1')
    .option('--ttl <seconds>', 'how long the reply may take', '120')
    .option('--number <number>', "the customer's", DEFAULT_NUMBER)
    .option('--user-data <json>', 'what came with the request for the callback', '{}')
    .option(
      '--max-seconds <n>',
      `ends it after so much real time (default: ${MAX_SECONDS}, at the keyboard ${KEYBOARD_MAX_SECONDS})`,
    );
}

/** @throws WrongUse */
export function readRehearsedCall(flags: RehearsalFlags, isAtKeyboard = false): RehearsedCall {
  const maxSeconds = isAtKeyboard ? KEYBOARD_MAX_SECONDS : MAX_SECONDS;
  return {
    maxMs: wholeNumber(flags.maxSeconds ?? String(maxSeconds), '--max-seconds', 86_400) * 1000,
    attempt: wholeNumber(flags.attempt, '--attempt', 999),
    ttlMs: wholeNumber(flags.ttl, '--ttl', 86_400) * 1000,
    customerNumber: flags.number,
    userData: readUserData(flags.userData),
  };
}

/** @throws WrongUse */
export function readActions(text: string): CallerAction[] {
  try {
    return callerActions(text);
  } catch (error) {
    throw new WrongUse(`--digits: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Something about the command line itself; exit code 2. */
export class WrongUse extends Error {}

export async function guarded(terminal: Terminal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof WrongUse)) throw error;
    terminal.err(`CBD_WRONG_USE: ${error.message}`);
    terminal.exit(2);
  }
}

/** @throws WrongUse */
function readUserData(text: string): Readonly<Record<string, string>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new WrongUse('--user-data is no JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)]));
  throw new WrongUse('--user-data is an object of names and texts');
}

/** @throws WrongUse */
function wholeNumber(text: string, flag: string, max: number): number {
  const value = Number(text);
  if (/^\d{1,6}$/.test(text) && value >= 1 && value <= max) return value;
  throw new WrongUse(`${flag} is a number from 1 to ${max}`);
}

interface Problem {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly at?:
    { readonly file: string; readonly line: number; readonly column: number } | undefined;
}

/** `file:line:column: severity CODE: message`. */
export function problemLine({ at, severity, code, message }: Problem): string {
  const place = at ? `${at.file}:${at.line}:${at.column}: ` : '';
  return `${place}${severity} ${code}: ${message}`;
}

/** Says why there is no reply; exit code 1. */
export function tellFailure(
  failure: { readonly code: string; readonly why: string } | undefined,
  terminal: Terminal,
): void {
  if (!failure) return;
  terminal.err(printable(`${failure.code}: ${failure.why}`));
  terminal.exit(1);
}

/** `checked` pages as lines, or as one JSON document. Exit code 1 when something is an error. */
export function tellProblems(
  problems: readonly Problem[],
  url: string,
  isJson: boolean,
  terminal: Terminal,
): void {
  const isFine = problems.every(({ severity }) => severity !== 'error');
  if (isJson) {
    const listed = problems.map(({ at, ...problem }) => ({ ...problem, ...(at ?? {}) }));
    terminal.out(JSON.stringify({ ok: isFine, url, problems: listed }, null, 2));
  } else {
    for (const problem of problems) terminal.out(printable(problemLine(problem)));
    if (problems.length === 0) terminal.out('nothing is wrong with it');
  }
  if (!isFine) terminal.exit(1);
}

/** One step of a rehearsal: `+1.500s  what     detail`. */
export function stepLine(
  { atMs, what, detail }: { readonly atMs: number; readonly what: string; readonly detail: string },
  width: number,
): string {
  const time = `+${(atMs / 1000).toFixed(3)}s`.padStart(10);
  return `${time}  ${what.padEnd(width)} ${detail}`;
}
