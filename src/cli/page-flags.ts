/** What the commands that try out plugins and pages have in common. */
import { printable, type Terminal } from './terminal.js';

/** The customer's number when none is given. */
export const DEFAULT_NUMBER = '+493012345678';

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
export function readUserData(text: string): Readonly<Record<string, string>> {
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
export function wholeNumber(text: string, flag: string, max: number): number {
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
