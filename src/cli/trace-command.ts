/** `dialback trace ID`: the readable story of a callback or a call from outside, from a running service. */

import type { Command } from 'commander';
import type { InboundStoryDocument } from '../request/inbound-routes.js';
import type { StoryDocument } from '../request/own-routes.js';
import {
  addServerOption,
  runCommand,
  ServiceClient,
  type ServerOptions,
} from './service-client.js';
import { inboundStoryLines, storyLines } from './story-lines.js';
import { systemTerminal, type Terminal } from './terminal.js';

interface Options extends ServerOptions {
  readonly json?: boolean;
}

export function registerTraceCommand(program: Command, terminal: Terminal = systemTerminal): void {
  const command = program
    .command('trace')
    .description('the story of a callback, or of a call that came to us: steps, attempts, SIP')
    .argument('<id>', "the callback's id, or the call's: inbound-...")
    .option('--json', 'one JSON document');
  addServerOption(command).action((id: string, options: Options) =>
    runCommand(terminal, async () => {
      const client = new ServiceClient(options.server);
      const isInbound = id.startsWith('inbound-');
      const path = ['v1', isInbound ? 'inbound-calls' : 'callbacks', id, 'story'];
      const story = await client.get(path);
      const lines = isInbound
        ? inboundStoryLines(story as InboundStoryDocument)
        : storyLines(story as StoryDocument);
      if (options.json) terminal.out(JSON.stringify(story));
      else for (const line of lines) terminal.out(line);
    }),
  );
}
