/**
 * `dialback plugin run` and `dialback plugin check`: an SCXML plugin at the terminal, on a call that is
 * none and without a service. Exit codes: 0 it replied, or nothing is wrong with it; 1 not; 2 wrong use.
 */
import type { Command } from 'commander';
import { ANSWER_WORDS, isAnswerWord } from '../callflow/call-state.js';
import type { CheckedPage } from '../plugin/scxml/check-page.js';
import { chartOf } from '../plugin/scxml/diagram/chart.js';
import { chartMermaid } from '../plugin/scxml/diagram/mermaid.js';
import { chartSvg } from '../plugin/scxml/diagram/svg.js';
import type { Document } from '../plugin/scxml/document/model.js';
import {
  addPageCommand,
  addRehearsalOptions,
  guarded,
  problemLine,
  readActions,
  readRehearsedCall,
  stepLine,
  tellFailure,
  tellProblems,
  WrongUse,
  type RehearsalFlags,
} from './page-flags.js';
import { openPageSource, type PageSource } from './page-source.js';
import { checkFetchedPage } from './plugin-page-check.js';
import { rehearse, type Happening, type Rehearsal } from './plugin-rehearsal.js';
import { printable, systemTerminal, type Terminal } from './terminal.js';

const FORMATS = ['mermaid', 'svg'] as const;
const UNIT_MS = { ms: 1, s: 1000, m: 60_000 } as const;

interface RunFlags extends RehearsalFlags {
  readonly answer: string;
  readonly event: readonly string[];
  readonly associate: boolean;
  readonly diagram?: string;
}

interface CheckFlags {
  readonly json?: boolean;
  readonly diagram?: string;
}

/** Adds `plugin` to the program. */
export function registerPluginCommand(
  program: Command,
  { terminal = systemTerminal }: { readonly terminal?: Terminal } = {},
): void {
  const plugin = program.command('plugin').description('an SCXML plugin at the terminal');
  const run = addPageCommand(
    plugin,
    'run',
    'steps a plugin on a call that is none, in time that costs none',
  )
    .requiredOption('--answer <word>', ANSWER_WORDS.join(' '))
    .option(
      '--event <what@time>',
      'hangup@2s, digits:12@3s, machine@4s, or the name of an event; may come again',
      (value: string, before: readonly string[]) => [...before, value],
      [] as readonly string[],
    )
    .option('--no-associate', 'as with _plugin_on_dial_associate_ixn: false')
    .option('--diagram <format>', `the chart with what was visited instead: ${FORMATS.join(', ')}`);
  addRehearsalOptions(
    run,
    'what the customer does each time a VoiceXML page waits that the plugin starts, as for vxml run',
  ).action((url: string, flags: RunFlags) =>
    guarded(terminal, () => runPlugin(url, flags, terminal)),
  );
  addPageCommand(
    plugin,
    'check',
    'lists what is wrong or not supported, before the page is deployed',
  )
    .option('--diagram <format>', `draws the chart instead: ${FORMATS.join(', ')}`)
    .action((url: string, flags: CheckFlags) =>
      guarded(terminal, () => check(url, flags, terminal)),
    );
}

async function runPlugin(page: string, flags: RunFlags, terminal: Terminal): Promise<void> {
  const { answer, diagram } = flags;
  if (!isAnswerWord(answer))
    throw new WrongUse(`--answer is one of ${ANSWER_WORDS.join(', ')}, not ${answer}`);
  checkFormat(diagram);
  const options = {
    ...readRehearsedCall(flags),
    answer,
    actions: readActions(flags.digits ?? ''),
    isAssociated: flags.associate,
    happenings: flags.event.map(readHappening),
  };
  const source = openPageSource(page);
  try {
    const rehearsal = await rehearse(source, options);
    if (diagram !== undefined) terminal.out(await drawnPage(source, diagram, rehearsal.visited));
    else if (flags.json === true) terminal.out(rehearsalJson(source.url, answer, rehearsal));
    else for (const line of rehearsalLines(rehearsal)) terminal.out(printable(line));
    tellFailure(rehearsal.failure, terminal);
  } finally {
    await source.close();
  }
}

async function check(page: string, flags: CheckFlags, terminal: Terminal): Promise<void> {
  checkFormat(flags.diagram);
  const source = openPageSource(page);
  try {
    if (flags.diagram !== undefined) {
      terminal.out(await drawnPage(source, flags.diagram));
      return;
    }
    const { problems } = await checked(source);
    tellProblems(problems, source.url, flags.json === true, terminal);
  } finally {
    await source.close();
  }
}

/** @throws Error when there is nothing to draw */
async function drawnPage(
  source: PageSource,
  format: string,
  visited: ReadonlySet<string> = new Set(),
): Promise<string> {
  const { document, problems } = await checked(source);
  if (!document) throw new Error(problems.map(problemLine).join('\n'));
  return drawn(document, format, visited).trimEnd();
}

function drawn(document: Document, format: string, visited: ReadonlySet<string>): string {
  const chart = chartOf(document);
  return format === 'svg' ? chartSvg(chart, visited) : chartMermaid(chart, visited);
}

async function checked({ url, fetcher }: PageSource): Promise<CheckedPage> {
  let why = '';
  const page = await checkFetchedPage(url, fetcher, (reason) => (why = reason));
  if (!page) throw new Error(`SCXML_FETCH_FAILED: ${url}: ${why}`);
  return page;
}

function rehearsalLines({ steps, reply, failure }: Rehearsal): readonly string[] {
  const lines = steps.map((step) => stepLine(step, 7));
  if (failure || !reply) return lines;
  const { action, destination } = reply;
  return [
    ...lines,
    '',
    `=> ${[action, destination].filter((part) => part !== undefined).join(' ')}`,
  ];
}

function rehearsalJson(url: string, answer: string, rehearsal: Rehearsal): string {
  const { reply = null, failure = null, steps, visited } = rehearsal;
  return JSON.stringify({ url, answer, reply, failure, states: [...visited], steps }, null, 2);
}

function checkFormat(format: string | undefined): void {
  if (format === undefined || FORMATS.some((known) => known === format)) return;
  throw new WrongUse(`--diagram is one of ${FORMATS.join(', ')}, not ${format}`);
}

function readHappening(text: string): Happening {
  const match = /^(.+)@(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  const [, what = '', amount = '', unit = 's'] = match ?? [];
  if (!match) throw new WrongUse(`--event is WHAT@TIME, such as hangup@2s, not ${text}`);
  const atMs = Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  const digits = /^(?:digits:)?([0-9*#A-D]+)$/.exec(what)?.[1];
  if (digits !== undefined) return { atMs, what: { kind: 'digits', digits } };
  if (what === 'hangup') return { atMs, what: { kind: 'hangup' } };
  if (what === 'machine' || what === 'fax')
    return { atMs, what: { kind: 'revised', answer: what } };
  return { atMs, what: { kind: 'event', name: what } };
}
