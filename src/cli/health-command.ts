/**
 * `dialback health`: is the service that runs with this configuration alive? For the health checks of
 * containers, which know no port: it asks where the service has left word that it listens, else where the
 * file says.
 */
import type { Command } from 'commander';
import { Agent, request } from 'undici';
import type { DialbackConfig } from '../config/config.js';
import { ConfigError, loadConfig } from '../config/load-config.js';
import { addressLeft } from './running-address.js';
import { CommandFailure, runCommand } from './service-client.js';
import { systemTerminal, type Terminal } from './terminal.js';

const ANSWER_MAX_MS = 4000;
const ANSWER_MAX_BYTES = 65_536;
const EDITED =
  'Was http.listen edited? A service that runs listens where it did until it is restarted';

interface HealthOptions {
  readonly config?: string;
  readonly ready?: boolean;
}

interface Deps {
  readonly terminal?: Terminal;
}

export function registerHealthCommand(program: Command, { terminal = systemTerminal }: Deps = {}) {
  program
    .command('health')
    .description('is the service of this configuration alive, or ready to dial?')
    .option(
      '--config <file>',
      'configuration file or folder (default: ./dialback.yaml, else the packaged one)',
    )
    .option(
      '--ready',
      'also: store, drachtio and a media server work, and it does not drain (not: paused)',
    )
    .action((options: HealthOptions) => runCommand(terminal, () => look(options, terminal)));
}

/** @throws CommandFailure when it is not */
async function look({ config: file, ready }: HealthOptions, terminal: Terminal): Promise<void> {
  const config = await readConfig(file);
  // The service goes on with the file of before: somebody's slip of the pen must not have it killed.
  if (config === undefined && ready !== true)
    return terminal.out('the file has a fault: not asked');
  if (config === undefined) throw new CommandFailure('CBD_CONFIG', 'the file has a fault');
  const path = ready === true ? '/readyz' : '/livez';
  const written = addressOf(config);
  const running = addressLeft(config.file);
  if (running === undefined || running === written) return ask(written, path, terminal);
  try {
    await ask(running, path, terminal);
  } catch (error) {
    // Left by one that was killed.
    if (error instanceof Unreachable) return ask(written, path, terminal);
    throw error;
  }
  // A name and its address may be one place; two ports are none.
  if (new URL(running).port === new URL(written).port) return;
  terminal.err(
    `it listens at ${running} until it is restarted; http.listen of the file is another`,
  );
}

class Unreachable extends CommandFailure {}

/** @throws CommandFailure when it is not well; Unreachable when nobody is there */
async function ask(base: string, path: string, terminal: Terminal): Promise<void> {
  const url = new URL(path, base);
  // A certificate is made for the name that clients use, and its date is not what is asked for here.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const signal = AbortSignal.timeout(ANSWER_MAX_MS);
    const { statusCode, body } = await request(url, { dispatcher, signal });
    const text = (await body.text()).slice(0, ANSWER_MAX_BYTES);
    if (statusCode !== 200) throw new CommandFailure('CBD_NOT_WELL', `${url.href}: ${text}`);
    terminal.out(text);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Unreachable('CBD_SERVICE_UNREACHABLE', `${url.href}: ${why}. ${EDITED}`);
  } finally {
    await dispatcher.close();
  }
}

async function readConfig(file: string | undefined): Promise<DialbackConfig | undefined> {
  try {
    return await loadConfig(file);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Whoever listens on every address listens on loopback. */
function addressOf({ http: { host, port, tls } }: DialbackConfig): string {
  const here = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const name = here.includes(':') ? `[${here}]` : here;
  return `${tls === undefined ? 'http' : 'https'}://${name}:${port}`;
}
