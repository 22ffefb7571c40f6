/**
 * `dialback explain` and `dialback matrix`: what the flow does with an answer, and all it can do. Both
 * only read the configuration; nothing is dialled. Exit codes: 0 done, 1 failed, 2 wrong use.
 */
import type { Command } from 'commander';
import { ANSWER_WORDS, callStateName, isAnswerWord } from '../callflow/call-state.js';
import { describeCommand } from '../callflow/describe.js';
import { figureMermaid } from '../callflow/diagram.js';
import { explain, type Explanation, type Outcome } from '../callflow/explain.js';
import { figureSvg } from '../callflow/figure-svg.js';
import { conditionText, matrixMarkdown, matrixRows, type Matrix } from '../callflow/matrix.js';
import type { ServiceOptions } from '../callflow/service-options.js';
import type { DialbackConfig, ServiceConfig } from '../config/config.js';
import { ConfigError, formatProblem, loadConfig } from '../config/load-config.js';
import { nearestName } from '../config/nearest-name.js';
import { routeDestinations } from '../handoff/route-destinations.js';
import { judgeReply, type JudgedRefusal } from '../holder/judge-reply.js';
import { isPrefixAllowed, numberRulesOf } from '../request/allow-list.js';
import { systemTerminal, type Terminal } from './terminal.js';

const EXIT_FAILED = 1;
const EXIT_WRONG_USE = 2;
const LINE_LENGTH = 80;
const FORMATS = ['md', 'json', 'mermaid', 'svg'] as const;

interface ExplainFlags {
  readonly service: string;
  readonly answer: string;
  readonly attempt: string;
  readonly reply?: string;
  readonly config?: string;
  readonly json?: boolean;
}

interface MatrixFlags {
  readonly service?: string;
  readonly format?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Why a command could not do what it was asked. */
interface Failure {
  /** For stderr, the code first. */
  readonly lines: readonly string[];
  readonly exitCode: typeof EXIT_FAILED | typeof EXIT_WRONG_USE;
}

interface Found {
  readonly service: ServiceConfig;
  readonly config: DialbackConfig;
}

/** What a command prints, or why it could not. */
type Answer = { readonly text: string } | Failure;

/** Adds `explain` and `matrix` to the program. */
export function registerFlowCommands(
  program: Command,
  { terminal = systemTerminal }: { readonly terminal?: Terminal } = {},
): void {
  program
    .command('explain')
    .description('the path through the figure for one answer, and on from a reply when given')
    .requiredOption('--service <name>', 'callback service')
    .requiredOption('--answer <word>', ANSWER_WORDS.join(' '))
    .option('--attempt <n>', 'dial attempt, the current one included', '1')
    .option('--reply <json>', "the plugin's or page's reply")
    .option(
      '--config <file>',
      'configuration file or folder (default: ./dialback.yaml, else the packaged one)',
    )
    .option('--json', 'one JSON document')
    .action(async (flags: ExplainFlags) => finish(terminal, await explainAnswer(flags)));
  program
    .command('matrix')
    .description('every decision of the call flow, or those of one service')
    .option('--service <name>', 'callback service')
    .option('--format <format>', `${FORMATS.join(', ')} (default: lines of text)`)
    .option(
      '--config <file>',
      'configuration file or folder (default: ./dialback.yaml, else the packaged one)',
    )
    .option('--json', 'one JSON document')
    .action(async (flags: MatrixFlags) => finish(terminal, await printMatrix(flags)));
}

function finish(terminal: Terminal, answer: Answer): void {
  if ('text' in answer) {
    terminal.out(answer.text);
    return;
  }
  for (const line of answer.lines) terminal.err(line);
  terminal.exit(answer.exitCode);
}

async function explainAnswer(flags: ExplainFlags): Promise<Answer> {
  const { answer } = flags;
  if (!isAnswerWord(answer))
    return unknownWord('CBD_UNKNOWN_ANSWER', 'answer', answer, ANSWER_WORDS);
  if (!/^[1-9][0-9]{0,2}$/.test(flags.attempt)) {
    return wrongUse('CBD_BAD_ATTEMPT', '--attempt is a number from 1 to 999');
  }
  if (flags.reply !== undefined && !isJson(flags.reply)) {
    return wrongUse(
      'CBD_BAD_JSON',
      '--reply is not JSON; for example {"action":"retry","message":"OK"}',
    );
  }
  const found = await findService(flags.service, flags.config);
  if ('lines' in found) return found;
  const { reply } = flags;
  const refused = reply === undefined ? undefined : objectionTo(reply, found);
  const options = { attempt: Number(flags.attempt), reply, refused };
  const explanation = explain(found.service.options, answer, options);
  if (reply !== undefined && !isSomebodyAsked(explanation)) {
    const because = explanation.path.at(-1)?.because ?? '';
    return wrongUse('CBD_NOBODY_ASKED', `--reply: nobody is asked about ${answer} (${because})`);
  }
  return { text: flags.json === true ? json(explanation) : explanationText(explanation) };
}

/** As the service judges it, but for the do-not-call file; whether there is a call, the flow knows. */
function objectionTo(
  reply: string,
  { service, config: { routePoints } }: Found,
): JudgedRefusal | undefined {
  const judged = judgeReply(reply, {
    callIsUp: true,
    numberRules: numberRulesOf(service),
    allowsPrefix: (prefix) => isPrefixAllowed(prefix, service),
    destinations: routeDestinations({ routePoints, service }),
  });
  return judged.ok ? undefined : judged.refusal;
}

async function printMatrix(flags: MatrixFlags): Promise<Answer> {
  const format = flags.json === true ? 'json' : (flags.format ?? 'text');
  let service: ServiceOptions | undefined;
  if (flags.service !== undefined) {
    const found = await findService(flags.service, flags.config);
    if ('lines' in found) return found;
    service = found.service.options;
  }
  const matrix = matrixRows(service);
  const shown = new Set<string>(matrix.rows.map(({ row }) => row));
  const isShown = ({ row }: { readonly row: string }) => shown.has(row);
  switch (format) {
    case 'text':
      return { text: matrixText(matrix) };
    case 'md':
      return { text: matrixMarkdown(matrix).trimEnd() };
    case 'json':
      return { text: json(matrix) };
    case 'mermaid':
      return { text: figureMermaid(isShown).trimEnd() };
    case 'svg':
      return { text: figureSvg({ isShown, service: flags.service }).trimEnd() };
    default:
      return unknownWord('CBD_UNKNOWN_FORMAT', 'format', format, FORMATS);
  }
}

async function findService(name: string, file: string | undefined): Promise<Found | Failure> {
  try {
    const config = await loadConfig(file);
    const { services } = config;
    const service = Object.hasOwn(services, name) ? services[name] : undefined;
    if (service !== undefined) return { service, config };
    return unknownWord('CBD_UNKNOWN_SERVICE', 'service', name, Object.keys(services));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { lines: error.problems.map(formatProblem), exitCode: EXIT_FAILED };
  }
}

function unknownWord(code: string, what: string, found: string, known: readonly string[]): Failure {
  const nearest = nearestName(found, known);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  const list = known.length === 0 ? 'there is none' : `one of ${known.join(', ')}`;
  return wrongUse(code, `no ${what} ${JSON.stringify(found)}${hint} (${list})`);
}

function wrongUse(code: string, message: string): Failure {
  return { lines: [`${code}: ${message}`], exitCode: EXIT_WRONG_USE };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isSomebodyAsked({ path }: Explanation): boolean {
  return path.some(({ commands }) =>
    commands.some(({ type }) => type === 'start-plugin' || type === 'start-vxml'),
  );
}

/** One JSON document; what is absent is null. */
function json(document: object): string {
  const absentIsNull = (_key: string, value: unknown) => (value === undefined ? null : value);
  return JSON.stringify(document, absentIsNull, 2);
}

function explanationText(explanation: Explanation): string {
  const { service, answer, callState, attempt, path, outcome } = explanation;
  const rowWidth = Math.max(...path.map(({ row }) => row.length));
  const steps = path.flatMap(({ row, box, because, commands }, index) => [
    '',
    `${String(index + 1).padStart(2)}  ${row.padEnd(rowWidth)}  ${box}`,
    ...wrapped(because, '    '),
    ...commands.flatMap((command) => wrapped(`> ${describeCommand(command)}`, '    ')),
  ]);
  const head = `${service}: ${answer} (${callStateName(callState)}, ${callState}), attempt ${attempt}`;
  return [head, ...steps, '', ...wrapped(outcomeText(outcome), '')].join('\n');
}

function outcomeText({ kind, state, reason, retryInMs, destination }: Outcome): string {
  const where = destination === null ? '' : ` ${destination}`;
  const when = retryInMs === null ? '' : ` in ${retryInMs / 1000} s`;
  return `=> ${kind}${where}${when}, ${state}${reason === null ? '' : ` / ${reason}`}`;
}

function matrixText({ rows }: Matrix): string {
  const blocks = rows.map(({ row, when, then, reading }) =>
    [
      row,
      ...wrapped(`when ${conditionText(when)}`, '    '),
      ...wrapped(then, '    '),
      ...(reading === undefined ? [] : wrapped(`(${reading})`, '    ')),
      '',
    ].join('\n'),
  );
  return `${blocks.join('\n')}\n${rows.length} rows`;
}

/** Breaks at blanks so that lines stay narrow; a longer word keeps its line. */
function wrapped(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > LINE_LENGTH) {
      lines.push(indent + line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}
