/**
 * `dialback pause` and `resume`: nothing is dialled of a service, or of any, until it is resumed; and
 * `dialback notifications`: what could not be delivered, and sending it once more.
 */
import type { Command } from 'commander';
import {
  addServerOption,
  CommandFailure,
  runCommand,
  ServiceClient,
  type ServerOptions,
} from './service-client.js';
import { printable, systemTerminal, type Terminal } from './terminal.js';

const WRONG_USE = 2;

interface PauseOptions extends ServerOptions {
  readonly all?: boolean;
  readonly service?: string;
  readonly json?: boolean;
}

interface Deps {
  readonly terminal?: Terminal;
}

export function registerPauseCommands(program: Command, { terminal = systemTerminal }: Deps = {}) {
  for (const [word, description] of [
    ['pause', 'dial nobody of a service, or nobody at all, until it is resumed'],
    ['resume', 'dial again what was paused'],
  ] as const) {
    const command = program
      .command(word)
      .description(description)
      .option('--all', 'every service')
      .option('--service <name>', 'one service')
      .option('--json', 'one JSON document');
    addServerOption(command).action((options: PauseOptions) =>
      runCommand(terminal, async () => {
        const { all, service, server, json } = options;
        if ((service === undefined) === (all === undefined)) {
          throw new CommandFailure('CBD_WRONG_USE', 'either --all or --service NAME', WRONG_USE);
        }
        const client = new ServiceClient(server);
        const path = service === undefined ? ['v1', word] : ['v1', 'services', service, word];
        const paused = (await client.post(path, {})) as PausedView;
        if (json) terminal.out(JSON.stringify(paused));
        else terminal.out(printable(sentenceOf(paused)));
      }),
    );
  }

  const notifications = program
    .command('notifications')
    .description('notices that could not be delivered, and sending them once more')
    .option('--replay', 'send them once more')
    .option('--json', 'one JSON document');
  addServerOption(notifications).action(
    (options: ServerOptions & { readonly replay?: boolean; readonly json?: boolean }) =>
      runCommand(terminal, async () => {
        const client = new ServiceClient(options.server);
        const document = options.replay
          ? await client.post(['v1', 'notifications', 'replay'], {})
          : await client.get(['v1', 'notifications']);
        if (options.json) return terminal.out(JSON.stringify(document));
        for (const line of linesOf(document as NoticesView)) terminal.out(printable(line));
      }),
  );
}

interface PausedView {
  readonly everything: boolean;
  readonly services: readonly string[];
}

function sentenceOf({ everything, services }: PausedView): string {
  if (everything) return 'paused: everything';
  return services.length === 0 ? 'nothing is paused' : `paused: ${services.join(', ')}`;
}

interface NoticesView {
  readonly replayed?: number;
  readonly notices?: readonly {
    readonly id: string;
    readonly event: string;
    readonly target: string;
    readonly why?: string;
  }[];
}

function linesOf({ replayed, notices = [] }: NoticesView): string[] {
  if (replayed !== undefined) return [`${replayed} on their way`];
  if (notices.length === 0) return ['nothing was given up'];
  return notices.map(({ id, event, target, why }) => `${id}  ${event}  ${target}  ${why ?? ''}`);
}
