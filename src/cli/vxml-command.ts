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
import { callerActions, type CallerAction } from '../vxml/line/scripted-line.js';
import { TRANSFER_RESULTS } from '../vxml/line/transfer-outcome.js';
import { fetchForPage } from '../vxml/page-fetch.js';
import {
  DEFAULT_NUMBER,
  guarded,
  readUserData,
  stepLine,
  tellProblems,
  wholeNumber,
  WrongUse,
} from './page-flags.js';
import { openPageSource } from './page-source.js';
import { printable, systemTerminal, type Terminal } from './terminal.js';
import { rehearsePage, type PageRehearsal } from './vxml-rehearsal.js';

interface RunFlags {
  readonly digits?: string;
  readonly number: string;
  readonly attempt: string;
  readonly ttl: string;
  readonly userData: string;
  readonly transfer: string;
  readonly json?: boolean;
}

/** Adds `vxml` to the program. */
export function registerVxmlCommand(
  program: Command,
  { terminal = systemTerminal }: { readonly terminal?: Terminal } = {},
): void {
  const vxml = program.command('vxml').description('a VoiceXML page at the terminal');
  vxml
    .command('run')
    .argument('<url>', 'the page: a path, or an http(s) URL')
    .description('plays a page; without --digits you are the caller: type keys, or hangup')
    .option(
      '--digits <list>',
      'what the caller does each time the page waits, in time that costs none: 1,22#,-,~3,speak:3000,hangup (- is silence, ~ during the prompt)',
    )
    .option('--number <number>', "the customer's", DEFAULT_NUMBER)
    .option('--attempt <n>', 'dial attempt, the current one included', '1')
    .option('--ttl <seconds>', 'how long the result may take', '120')
    .option('--user-data <json>', 'what came with the request for the callback', '{}')
    .option('--transfer <result>', 'what a bridged transfer comes to', 'far_end_disconnect')
    .option('--json', 'one JSON document')
    .action((url: string, flags: RunFlags) => guarded(terminal, () => run(url, flags, terminal)));
  vxml
    .command('check')
    .argument('<url>', 'the page: a path, or an http(s) URL')
    .description('lists what is wrong with a page or not supported, before it is deployed')
    .option('--json', 'one JSON document')
    .action((url: string, { json }: { readonly json?: boolean }) =>
      guarded(terminal, () => check(url, json === true, terminal)),
    );
}

async function run(page: string, flags: RunFlags, terminal: Terminal): Promise<void> {
  const isJson = flags.json === true;
  if (!TRANSFER_RESULTS.some((known) => known === flags.transfer))
    throw new WrongUse(`--transfer is one of ${TRANSFER_RESULTS.join(', ')}`);
  const source = openPageSource(page);
  const keyboard =
    flags.digits === undefined ? createInterface({ input: process.stdin }) : undefined;
  try {
    const rehearsal = await rehearsePage(source, {
      actions: flags.digits === undefined ? undefined : actionsOf(flags.digits),
      customerNumber: flags.number,
      attempt: wholeNumber(flags.attempt, '--attempt', 999),
      ttlMs: wholeNumber(flags.ttl, '--ttl', 86_400) * 1000,
      userData: readUserData(flags.userData),
      transfer: flags.transfer,
      onStep: (step) => {
        if (!isJson) terminal.out(printable(stepLine(step, 8)));
      },
      onLine: (line) => {
        keyboard?.on('line', (text) => {
          const typed = text.trim();
          if (/^h(angup)?$/i.test(typed)) line.end();
          else line.press(typed.replace(/[^0-9*#A-D]/gi, '').toUpperCase());
        });
        keyboard?.on('close', () => line.end());
      },
    });
    if (isJson) terminal.out(rehearsalJson(source.url, rehearsal));
    else terminal.out(printable(resultLine(rehearsal)));
    if (rehearsal.failure) {
      const { code, why } = rehearsal.failure;
      terminal.err(printable(`${code}: ${why}`));
      terminal.exit(1);
    }
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

function actionsOf(text: string): CallerAction[] {
  try {
    return callerActions(text);
  } catch (error) {
    throw new WrongUse(`--digits: ${error instanceof Error ? error.message : String(error)}`);
  }
}
