/** `dialback trace ID`: the readable story of one callback, from a running service. */

import type { Command } from 'commander';
import type { StoryDocument } from '../request/own-routes.js';
import {
  addServerOption,
  runCommand,
  ServiceClient,
  type ServerOptions,
} from './service-client.js';
import { storyLines } from './story-lines.js';
import { systemTerminal, type Terminal } from './terminal.js';

interface Options extends ServerOptions {
  readonly json?: boolean;
}

export function registerTraceCommand(program: Command, terminal: Terminal = systemTerminal): void {
  const command = program
    .command('trace')
    .description('the story of one callback: steps, attempts, SIP')
    .argument('<id>', "the callback's id")
    .option('--json', 'one JSON document');
  addServerOption(command).action((id: string, options: Options) =>
    runCommand(terminal, async () => {
      const client = new ServiceClient(options.server);
      const story = (await client.get(['v1', 'callbacks', id, 'story'])) as StoryDocument;
      if (options.json) terminal.out(JSON.stringify(story));
      else for (const line of storyLines(story)) terminal.out(line);
    }),
  );
}
