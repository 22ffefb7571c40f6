/** What the builders of the configuration share: reading nested blocks, and reporting a fault at its place. */
import type { Position, Problem, ProblemCode } from './problem.js';
import type { OptionSpec } from './schema-types.js';
import { OptionReader } from './values.js';

export interface BuildContext {
  readonly file: string;
  /** Relative paths start here. */
  readonly folder: string;
  readonly positions: ReadonlyMap<string, Position>;
  /** Faults are added here. */
  readonly problems: Problem[];
}

/** 127.0.0.0/8 (RFC 1122 3.2.1.3), ::1 and the name localhost. */
export function isLoopbackHost(host: string): boolean {
  return /^127(?:\.\d{1,3}){3}$/.test(host) || host === '::1' || host.toLowerCase() === 'localhost';
}

export function addFault(
  context: BuildContext,
  code: ProblemCode,
  path: string,
  message: string,
  hints: Pick<Problem, 'allowed' | 'suggestion'> = {},
): void {
  const [block = ''] = path.split('.');
  const start = { file: context.file, line: 1, column: 1 };
  const place =
    context.positions.get(path) ??
    context.positions.get(block) ??
    context.positions.get('engine') ??
    start;
  context.problems.push({ code, severity: 'error', ...place, path, message, ...hints });
}

export function blockReader(key: string, read: OptionReader): OptionReader {
  const spec = read.spec(key);
  return new OptionReader(optionsOf(spec), [read.block(key)]);
}

export function readersOf(key: string, read: OptionReader): [string, OptionReader][] {
  const options = optionsOf(read.spec(key));
  const single = read.block(key);
  const isSingle = single !== undefined && read.spec(key).type.kind === 'list';
  if (isSingle) return [['', new OptionReader(options, [single])]];
  return read.blocks(key).map(([name, block]) => [name, new OptionReader(options, [block])]);
}

function optionsOf({ type }: OptionSpec): readonly OptionSpec[] {
  if (type.kind === 'block') return type.options;
  const isNested = type.kind === 'list' || type.kind === 'map';
  return isNested && type.of.kind === 'block' ? type.of.options : [];
}

/** A map of texts. */
export function textsByName(read: OptionReader, key: string): Readonly<Record<string, string>> {
  const entries = [...(read.block(key) ?? [])];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
