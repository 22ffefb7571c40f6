/**
 * `dialback call NUMBER --service S`: one callback through a running service's API. With `--watch` it
 * follows the callback to its end, one line a step. A callback that ends with a busy line is no
 * failure of the command: the exit code says whether the callback was taken and, when watched, ended.
 */

import type { Command } from 'commander';
import { systemClock } from '../adapters/clock/system-clock.js';
import type { Clock } from '../ports.js';
import type { CallbackDocument, StoryDocument } from '../request/own-routes.js';
import type { CallbackView } from '../request/callback-view.js';
import {
  addServerOption,
  CommandFailure,
  runCommand,
  ServiceClient,
  type ServerOptions,
} from './service-client.js';
import { stepLine } from './story-lines.js';
import { printable, systemTerminal, type Terminal } from './terminal.js';

const POLL_MS = 300;
/** A service that restarts is waited for this many polls. */
const MISSES_MAX = 20;
const WRONG_USE = 2;

interface Options extends ServerOptions {
  readonly service: string;
  readonly at?: string;
  readonly data: readonly string[];
  readonly watch?: boolean;
  readonly json?: boolean;
}

interface Deps {
  readonly terminal?: Terminal;
  readonly clock?: Clock;
}

export function registerCallCommand(program: Command, deps: Deps = {}): void {
  const { terminal = systemTerminal, clock = systemClock() } = deps;
  const command = program
    .command('call')
    .description('one callback through a running service')
    .argument('<number>', "the customer's telephone number")
    .requiredOption('--service <name>', 'the configured callback service')
    .option('--at <time>', 'desired time, ISO 8601 with zone (default: now)')
    .option('--data <key=value>', 'user data, may be repeated', collect, [])
    .option('--watch', 'follow the callback to its end')
    .option('--json', 'one JSON document, the callback record');
  addServerOption(command).action((number: string, options: Options) =>
    runCommand(terminal, async () => {
      const client = new ServiceClient(options.server);
      const id = await start(client, number, options);
      const callback = options.watch
        ? // With --json stdout is for the document alone.
          await watch(client, id, clock, options.json ? terminal.err : terminal.out)
        : await read(client, id);
      if (options.json) terminal.out(JSON.stringify(callback));
      else for (const line of recordLines(callback)) terminal.out(printable(line));
    }),
  );
}

function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

async function start(client: ServiceClient, number: string, options: Options): Promise<string> {
  const userData = options.data.map((pair): [string, string] => {
    const [key = '', ...rest] = pair.split('=');
    if (key !== '' && !key.startsWith('_') && rest.length > 0) return [key, rest.join('=')];
    throw new CommandFailure('CBD_WRONG_USE', `--data ${pair}: not key=value`, WRONG_USE);
  });
  const answer = await client.post(['genesys', '1', 'service', 'callback', options.service], {
    ...Object.fromEntries(userData),
    _customer_number: number,
    ...(options.at === undefined ? {} : { _desired_time: options.at }),
  });
  return (answer as { _id: string })._id;
}

async function read(client: ServiceClient, id: string): Promise<CallbackView> {
  return ((await client.get(['v1', 'callbacks', id])) as CallbackDocument).callback;
}

/** Prints each step once; returns the record when it is COMPLETED. */
async function watch(
  client: ServiceClient,
  id: string,
  clock: Clock,
  print: (line: string) => void,
): Promise<CallbackView> {
  let printedCount = 0;
  let missCount = 0;
  print(`callback ${id}`);
  for (;;) {
    try {
      // The record first: a story read after it has every step up to the end.
      const callback = await read(client, id);
      const story = (await client.get(['v1', 'callbacks', id, 'story'])) as StoryDocument;
      const firstAtMs = story.steps[0]?.atMs ?? 0;
      for (const step of story.steps.slice(printedCount)) print(stepLine(step, firstAtMs));
      printedCount = story.steps.length;
      missCount = 0;
      if (callback.state === 'COMPLETED') return callback;
    } catch (error) {
      missCount += 1;
      const isAway = error instanceof CommandFailure && error.code === 'CBD_SERVICE_UNREACHABLE';
      if (!isAway || missCount > MISSES_MAX) throw error;
    }
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
  }
}

function recordLines(callback: CallbackView): string[] {
  const facts: [string, string | number | undefined][] = [
    ['callback', callback.id],
    ['service', callback.serviceName],
    ['number', callback.customerNumber],
    ['desired', new Date(callback.desiredAtMs).toISOString()],
    ['state', callback.state],
    ['reason', callback.reason],
    ['attempts', callback.attemptCount],
    ['call state', callback.callState],
  ];
  return facts
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(10)} ${value}`);
}
