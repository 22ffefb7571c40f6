/**
 * Reads a configuration from YAML: one file or a folder, checked as a whole against the schema. It
 * either returns a complete configuration or throws everything that is wrong with it. It refuses
 * what is wrong in itself; files and URLs that cannot be reached are the business of `check`.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMap } from 'yaml';
import { buildConfig } from './build-config.js';
import type { DialbackConfig } from './config.js';
import { deepFreeze } from './deep-freeze.js';
import { ParseContext } from './parse-context.js';
import { parseBlock } from './parse-node.js';
import { rememberWritten } from './positions.js';
import { ConfigError, inFileOrder, type Position, type Problem } from './problem.js';
import { readSources } from './read-files.js';
import { readYaml } from './read-yaml.js';
import { resolveReferences } from './references.js';
import { CONFIG_OPTIONS } from './schema.js';
import { isBlock, type Block, type Value } from './values.js';

export type * from './config.js';
export { ConfigError, formatProblem, type Problem } from './problem.js';

/** Blocks of named entries: several files of a folder may each bring some. */
const MERGED = new Set(['services', 'queues', 'agents', 'routePoints']);

export interface LoadOptions {
  /** For ${env:NAME}; default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** `dialback.yaml` of the working directory, where there is one; else the configuration that ships with the product. */
export function defaultConfigPath(workingDirectory = process.cwd()): string {
  const own = resolve(workingDirectory, 'dialback.yaml');
  return existsSync(own) ? own : packagedConfigPath();
}

function packagedConfigPath(): string {
  return fileURLToPath(new URL('../../config/dialback.yaml', import.meta.url));
}

/**
 * @param path file or folder; default: see `defaultConfigPath`
 * @throws ConfigError with every problem found
 */
export async function loadConfig(
  path?: string,
  options: LoadOptions = {},
): Promise<DialbackConfig> {
  const file = resolve(path ?? defaultConfigPath());
  const sources = await readSources(file);
  const problems: Problem[] = [...sources.problems];
  const positions = new Map<string, Position>();
  const referenced = new Set<string>();
  const values = new Map<string, Value>();
  for (const source of sources.files) {
    const parsed = await parseSource(source, sources.folder, options.env ?? process.env);
    problems.push(...parsed.problems);
    merge(values, parsed, problems);
    for (const [at, position] of parsed.positions) {
      if (!positions.has(at)) positions.set(at, position);
    }
    for (const at of parsed.referenced) referenced.add(at);
  }
  const built = buildConfig(values, { file, folder: sources.folder, positions, problems });
  if (problems.some(({ severity }) => severity === 'error'))
    throw new ConfigError(inFileOrder(problems));
  const config = deepFreeze({ ...built, warnings: inFileOrder(problems) });
  rememberWritten(config, { positions, values, referenced });
  return config;
}

interface ParsedSource {
  readonly file: string;
  readonly values: Block;
  readonly problems: readonly Problem[];
  readonly positions: ReadonlyMap<string, Position>;
  readonly referenced: ReadonlySet<string>;
}

async function parseSource(
  { file, text }: { file: string; text: string },
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ParsedSource> {
  const yaml = readYaml(file, text);
  const nothing = {
    file,
    values: new Map(),
    positions: new Map(),
    referenced: new Set<string>(),
  };
  if ('problems' in yaml) return { ...nothing, problems: yaml.problems };
  const context = new ParseContext(yaml, await resolveReferences(yaml, folder, env));
  const root = yaml.document.contents;
  if (root === null) return { ...nothing, problems: [] };
  if (!isMap(root)) {
    const allowed = 'a block of options';
    context.fault('CONFIG_WRONG_TYPE', root, '', 'The document is not a block of options.', {
      allowed,
    });
    return { ...nothing, problems: context.problems };
  }
  const values = parseBlock(root, CONFIG_OPTIONS, '', context);
  const { problems, positions, referenced } = context;
  return { file, values, problems, positions, referenced };
}

/** Adds one file's values; what two files both say is a fault of the second. */
function merge(into: Map<string, Value>, source: ParsedSource, problems: Problem[]): void {
  for (const [key, value] of source.values) {
    const existing = into.get(key);
    if (existing === undefined) {
      into.set(key, value);
      continue;
    }
    if (!MERGED.has(key) || !isBlock(existing) || !isBlock(value)) {
      problems.push(duplicate(source, key));
      continue;
    }
    for (const name of value.keys()) {
      if (existing.has(name)) problems.push(duplicate(source, `${key}.${name}`));
    }
    into.set(key, new Map([...value, ...existing]));
  }
}

function duplicate(source: ParsedSource, path: string): Problem {
  const place = source.positions.get(path) ?? { file: source.file, line: 1, column: 1 };
  const message = 'Another file of this folder says this already.';
  return { code: 'CONFIG_DUPLICATE_KEY', severity: 'error', ...place, path, message };
}
