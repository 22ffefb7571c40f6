/** `dialback cancel --number N`: ends every callback of a number through a running service's API. */
import type { Command } from 'commander';
import type { CancelledNumber } from '../request/number-routes.js';
import {
  addServerOption,
  runCommand,
  ServiceClient,
  type ServerOptions,
} from './service-client.js';
import { printable, systemTerminal, type Terminal } from './terminal.js';

interface Options extends ServerOptions {
  readonly number: string;
  readonly service?: string;
  readonly admin?: boolean;
  readonly json?: boolean;
}

export function registerCancelCommand(program: Command, terminal: Terminal = systemTerminal): void {
  const command = program
    .command('cancel')
    .description('end every callback of a number, one that rings included')
    .requiredOption('--number <number>', "the customer's telephone number")
    .option('--service <name>', 'of this service only')
    .option('--admin', 'end with CANCELLED_BY_ADMIN instead of CANCELLED')
    .option('--json', 'one JSON document');
  addServerOption(command).action((options: Options) =>
    runCommand(terminal, async () => {
      const { server, number, service, admin } = options;
      const answer = (await new ServiceClient(server).post(['v1', 'numbers', number, 'cancel'], {
        by: admin ? 'admin' : 'customer',
        ...(service === undefined ? {} : { service }),
      })) as CancelledNumber;
      if (options.json) terminal.out(JSON.stringify(answer));
      else for (const line of linesOf(answer)) terminal.out(printable(line));
    }),
  );
}

function linesOf({ numbers, callbacks, hasMore }: CancelledNumber): string[] {
  if (callbacks.length === 0) return [`no open callback for ${numbers.join(', ')}`];
  const lines = callbacks.map(
    ({ id, service, was, became }) => `${id} ${service} was ${was}: ${became}`,
  );
  return hasMore ? [...lines, 'there are more: ask again'] : lines;
}
