/**
 * `dialback check`: is the configuration right, and is everything it names there? Prints what a
 * compiler would, one finding a line, or one JSON document.
 */
import type { Command } from 'commander';
import { checkConfig } from '../config/check-config.js';
import { ConfigError, defaultConfigPath, loadConfig } from '../config/load-config.js';
import { checkPluginPages } from './check-plugin-pages.js';
import { formatProblem, inFileOrder, type Problem } from '../config/problem.js';

interface CheckOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Adds `check [file]` to the program. Exit code 0: no errors, 1: errors, 2: wrong use. */
export function registerCheckCommand(program: Command): void {
  program
    .command('check')
    .description('validate a configuration, and look for the files, URLs and queues it names')
    .argument(
      '[file]',
      'configuration file or folder (default: ./dialback.yaml, else the packaged one)',
    )
    .option('--config <file>', 'the same')
    .option('--json', 'print one JSON document')
    .action(async (file: string | undefined, options: CheckOptions) => {
      process.exitCode = await check(file, options);
    });
}

async function check(file: string | undefined, options: CheckOptions): Promise<number> {
  if (file !== undefined && options.config !== undefined && file !== options.config) {
    process.stderr.write('error: name the configuration once, as argument or with --config\n');
    return 2;
  }
  const named = file ?? options.config;
  const problems = await findProblems(named);
  const isOk = problems.every(({ severity }) => severity !== 'error');
  if (options.json) process.stdout.write(`${JSON.stringify(toJson(isOk, problems), null, 2)}\n`);
  else process.stdout.write(toText(isOk, problems, named));
  return isOk ? 0 : 1;
}

async function findProblems(file: string | undefined): Promise<readonly Problem[]> {
  try {
    const config = await loadConfig(file);
    const [found, pages] = await Promise.all([checkConfig(config), checkPluginPages(config)]);
    return inFileOrder([...config.warnings, ...found, ...pages]);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function toText(isOk: boolean, problems: readonly Problem[], named: string | undefined): string {
  const count = (wanted: Problem['severity']) =>
    problems.filter(({ severity }) => severity === wanted).length;
  const lines = problems.map((problem) => `${formatProblem(problem)}\n`).join('');
  const counts = `${count('error')} errors, ${count('warning')} warnings`;
  const where = named === undefined ? ` in ${defaultConfigPath()}` : '';
  return `${lines}${isOk ? 'ok' : 'not ok'}: ${counts}${where}\n`;
}

function toJson(isOk: boolean, problems: readonly Problem[]): object {
  return {
    ok: isOk,
    problems: problems.map((problem) => ({
      code: problem.code,
      severity: problem.severity,
      path: problem.path,
      file: problem.file,
      line: problem.line,
      column: problem.column,
      message: problem.message,
      found: problem.found,
      allowed: problem.allowed,
      suggestion: problem.suggestion ?? null,
    })),
  };
}

/**
 * For every command that loads a configuration: prints what is wrong with it to stderr.
 *
 * @returns the exit code, 1
 * @throws whatever is not a ConfigError
 */
export function printConfigError(error: unknown): number {
  if (!(error instanceof ConfigError)) throw error;
  for (const problem of error.problems) process.stderr.write(`${formatProblem(problem)}\n`);
  return 1;
}
