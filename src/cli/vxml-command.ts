/**
 * `dialback vxml run` and `dialback vxml check`: a VoiceXML page at the terminal, without a call and
 * without a service. Exit codes: 0 it returned a result, or nothing is wrong with it; 1 not; 2 wrong use.
 */
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { CookieJar } from '../vxml/cookie-jar.js';
import { findingsIn, type SupportFinding } from '../vxml/document/support.js';
import { readXml } from '../vxml/document/page.js';
import { PageEvent } from '../vxml/errors.js';
import { DEFAULT_PAGE_LIMITS } from '../vxml/limits.js';
import type { LineEvent, ScriptedLine } from '../vxml/line/scripted-line.js';
import { TRANSFER_RESULTS } from '../vxml/line/transfer-outcome.js';
import { fetchForPage } from '../vxml/page-fetch.js';
import {
  addPageCommand,
  addRehearsalOptions,
  guarded,
  readActions,
  readRehearsedCall,
  stepLine,
  tellFailure,
  tellProblems,
  WrongUse,
  type RehearsalFlags,
} from './page-flags.js';
import { openPageSource } from './page-source.js';
import { printable, systemTerminal, type Terminal } from './terminal.js';
import { rehearsePage, type PageRehearsal } from './vxml-rehearsal.js';

interface RunFlags extends RehearsalFlags {
  readonly transfer: string;
}

/** Adds `vxml` to the program. */
export function registerVxmlCommand(
  program: Command,
  { terminal = systemTerminal }: { readonly terminal?: Terminal } = {},
): void {
  const vxml = program.command('vxml').description('a VoiceXML page at the terminal');
  const run = addPageCommand(
    vxml,
    'run',
    'plays a page; without --digits you are the caller: type keys, or hangup',
  ).option('--transfer <result>', 'what a bridged transfer comes to', 'far_end_disconnect');
  addRehearsalOptions(
    run,
    'what the caller does each time the page waits, in time that costs none: 1,22#,-,~3,speak:3000,hangup (- is silence, ~ during the prompt)',
  ).action((url: string, flags: RunFlags) =>
    guarded(terminal, () => runPage(url, flags, terminal)),
  );
  addPageCommand(
    vxml,
    'check',
    'lists what is wrong with a page or not supported, before it is deployed',
  ).action((url: string, { json }: { readonly json?: boolean }) =>
    guarded(terminal, () => check(url, json === true, terminal)),
  );
}

async function runPage(page: string, flags: RunFlags, terminal: Terminal): Promise<void> {
  const isJson = flags.json === true;
  if (!TRANSFER_RESULTS.some((known) => known === flags.transfer))
    throw new WrongUse(`--transfer is one of ${TRANSFER_RESULTS.join(', ')}`);
  const actions = flags.digits === undefined ? undefined : readActions(flags.digits);
  const call = readRehearsedCall(flags, actions === undefined);
  const source = openPageSource(page);
  const keyboard = actions ? undefined : createInterface({ input: process.stdin });
  try {
    const options = {
      ...call,
      actions,
      transfer: flags.transfer,
      onStep: (step: LineEvent) => {
        if (!isJson) terminal.out(printable(stepLine(step, 8)));
      },
      onLine: (line: ScriptedLine) => {
        keyboard?.on('line', (text) => {
          const typed = text.trim();
          if (/^h(angup)?$/i.test(typed)) line.end();
          else line.press(typed.replace(/[^0-9*#A-D]/gi, '').toUpperCase());
        });
        keyboard?.on('close', () => line.end());
      },
    };
    const rehearsal = await rehearsePage(source, options);
    if (isJson) terminal.out(rehearsalJson(source.url, rehearsal));
    else terminal.out(printable(resultLine(rehearsal)));
    tellFailure(rehearsal.failure, terminal);
  } finally {
    keyboard?.close();
    await source.close();
  }
}

async function check(page: string, isJson: boolean, terminal: Terminal): Promise<void> {
  const source = openPageSource(page);
  try {
    const fetched = await fetchForPage(
      { url: source.url, what: 'page', method: 'GET', timeoutMs: undefined },
      () => undefined,
      new CookieJar(),
      {
        fetcher: source.fetcher,
        readFile: () => Promise.reject(new Error('nothing is sent')),
        newId: () => 'check',
      },
    );
    if (fetched.kind === 'failed') {
      throw new Error(`VXML_BADFETCH: ${source.url}: ${fetched.why}`);
    }
    const problems = problemsOf(fetched.text, fetched.url);
    tellProblems(problems, source.url, isJson, terminal);
  } finally {
    await source.close();
  }
}

type Problem = Omit<SupportFinding, 'at'> & { readonly at?: SupportFinding['at'] };

function problemsOf(text: string, url: string): Problem[] {
  try {
    return findingsIn(readXml(text, url, DEFAULT_PAGE_LIMITS));
  } catch (error) {
    if (!(error instanceof PageEvent)) throw error;
    return [{ severity: 'error', code: 'VXML_INVALID', message: error.said ?? error.event }];
  }
}

function resultLine({ reply, failure }: PageRehearsal): string {
  if (failure || !reply) return '=> no result';
  const { action, destination, delayMs } = reply;
  const delay = delayMs === undefined ? undefined : `in ${delayMs / 1000} s`;
  return `=> ${[action, destination, delay].filter((part) => part !== undefined).join(' ')}`;
}

function rehearsalJson(url: string, { reply, failure, end, steps }: PageRehearsal): string {
  const exit =
    end.kind === 'exited'
      ? {
          value: parsed(end.value),
          values: Object.fromEntries(
            Object.entries(end.values).map(([name, json]) => [name, parsed(json)]),
          ),
        }
      : null;
  const event = 'event' in end ? { name: end.event, message: end.message } : null;
  const outcome = { url, reply: reply ?? null, failure: failure ?? null, exit, event, steps };
  return JSON.stringify(outcome, null, 2);
}

function parsed(json: string | undefined): unknown {
  return json === undefined ? null : JSON.parse(json);
}
