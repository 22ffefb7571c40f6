/**
 * `dialback api-key NAME`: makes a key for the API and prints it once, with the entry for the
 * configuration. The key itself is written nowhere; only its hash goes into the file.
 */
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { sha256Of } from '../config/build-http.js';
import { API_SCOPES, type ApiScope } from '../config/schema-http.js';
import { NAME } from '../config/schema-parts.js';
import { nearestName } from '../config/nearest-name.js';
import { systemTerminal, type Terminal } from './terminal.js';

/** 256 bits: guessing is hopeless, so that a plain hash is enough. */
const KEY_BYTES = 32;
const PREFIX = 'dbk_';

interface Options {
  readonly scopes?: readonly ApiScope[];
  readonly services?: readonly string[];
  readonly json?: boolean;
}

export function registerApiKeyCommand(
  program: Command,
  { terminal = systemTerminal }: { readonly terminal?: Terminal } = {},
): void {
  program
    .command('api-key')
    .description('make a key for the API and print its entry for the configuration')
    .argument('<name>', 'who is going to use it', checkedName)
    .option('--scopes <list>', `what it may do: ${API_SCOPES.join(', ')}`, scopesIn)
    .option('--services <list>', 'the services it may touch (default: all)', namesIn)
    .option('--json', 'one JSON document')
    .action((name: string, { scopes, services, json }: Options) => {
      const key = `${PREFIX}${randomBytes(KEY_BYTES).toString('base64url')}`;
      const entry = { name, hash: `sha256:${sha256Of(key)}`, scopes, services };
      if (json) return terminal.out(JSON.stringify({ key, entry }));
      terminal.out(`key, shown this once: ${key}`);
      terminal.out('');
      terminal.out('http:');
      terminal.out('  apiKeys:');
      terminal.out(`    - name: ${JSON.stringify(name)}`);
      terminal.out(`      hash: ${entry.hash}`);
      if (scopes) terminal.out(`      scopes: ${JSON.stringify(scopes)}`);
      if (services) terminal.out(`      services: ${JSON.stringify(services)}`);
    });
}

function checkedName(name: string): string {
  if (NAME.pattern.test(name)) return name;
  throw new InvalidArgumentError(`It has to be ${NAME.says}.`);
}

function namesIn(text: string): string[] {
  return text.split(',').map((word) => checkedName(word.trim()));
}

function scopesIn(text: string): ApiScope[] {
  return text.split(',').map((word) => {
    const scope = API_SCOPES.find((known) => known === word.trim());
    if (scope) return scope;
    const nearest = nearestName(word.trim(), API_SCOPES);
    const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
    throw new InvalidArgumentError(`There is no scope ${JSON.stringify(word.trim())}.${hint}`);
  });
}
