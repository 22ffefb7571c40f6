/**
 * `dialback engine`: the embedded engine as a process of its own. The service reaches it as it would
 * reach real servers (`engine: servers`), so that calls outlive a restart of the service. It prints
 * where it listens and ends on SIGTERM or SIGINT; calls still up then end without a word.
 */
import { isIP } from 'node:net';
import { once } from 'node:events';
import type { Command } from 'commander';
import { startEmbedded, type EmbeddedEngine, type EngineLogLine } from '../embedded/index.js';

const EXIT_FAILED = 1;
const EXIT_WRONG_USE = 2;
const PORT_MAX = 65_535;

interface EngineCommandOptions {
  readonly sip: string;
  readonly drachtioPort: string;
  readonly freeswitchPort: string;
  readonly json?: boolean;
}

interface Ports {
  readonly sipHost: string;
  readonly sipPort: number;
  readonly drachtioPort: number;
  readonly freeswitchPort: number;
}

/** Adds `engine` to the program. Exit code 0: ended by a signal, 1: cannot listen, 2: wrong use. */
export function registerEngineCommand(program: Command): void {
  program
    .command('engine')
    .description('the embedded engine as a process of its own, for engine: servers')
    .option('--sip <host:port>', 'IPv4 address and UDP port; port 0 chooses one', '127.0.0.1:0')
    .option('--drachtio-port <number>', 'control port on 127.0.0.1; 0 chooses one', '0')
    .option('--freeswitch-port <number>', 'event socket on 127.0.0.1; 0 chooses one', '0')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nDIALBACK_DRACHTIO_SECRET and DIALBACK_FREESWITCH_SECRET set the secrets; without them\n' +
        'each start makes new ones and prints them. End it with SIGTERM or Ctrl-C.',
    )
    .action(async (options: EngineCommandOptions) => {
      process.exitCode = await run(options);
    });
}

async function run(options: EngineCommandOptions): Promise<number> {
  const ports = readPorts(options);
  if (typeof ports === 'string') {
    process.stderr.write(`error: ${ports}\n`);
    return EXIT_WRONG_USE;
  }
  const { DIALBACK_DRACHTIO_SECRET: drachtio, DIALBACK_FREESWITCH_SECRET: freeswitch } =
    process.env;
  // Listened for before anything is printed: whoever reads the addresses may end us at once.
  const ended = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  let engine: EmbeddedEngine;
  try {
    engine = await startEmbedded({ ...ports, secrets: { drachtio, freeswitch }, onLog: complain });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`CBD_ENGINE_START: ${why}\n`);
    return EXIT_FAILED;
  }
  process.stdout.write(options.json ? `${asJson(engine)}\n` : asYaml(engine));
  await ended;
  await engine.stop();
  return 0;
}

/** @returns the addresses, or why they mean nothing */
function readPorts(options: EngineCommandOptions): Ports | string {
  const [, sipHost = '', sipPort = ''] = /^(.+):(\d{1,5})$/.exec(options.sip) ?? [];
  if (isIP(sipHost) !== 4 || !isPort(sipPort)) {
    return `--sip ${options.sip}: not an IPv4 address and port`;
  }
  const { drachtioPort, freeswitchPort } = options;
  if (!isPort(drachtioPort)) return `--drachtio-port ${drachtioPort}: not a port`;
  if (!isPort(freeswitchPort)) return `--freeswitch-port ${freeswitchPort}: not a port`;
  return {
    sipHost,
    sipPort: Number(sipPort),
    drachtioPort: Number(drachtioPort),
    freeswitchPort: Number(freeswitchPort),
  };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= PORT_MAX;
}

function asJson({ sip, drachtio, freeswitch }: EmbeddedEngine): string {
  return JSON.stringify({ sip, drachtio, freeswitch });
}

/** Ready to be pasted into a configuration file. */
function asYaml({ sip, drachtio, freeswitch }: EmbeddedEngine): string {
  const entry = ({ host, port, secret }: EmbeddedEngine['drachtio']) =>
    `{ host: ${host}, port: ${port}, secret: ${JSON.stringify(secret)} }`;
  return [
    `# SIP on ${sip.host}:${sip.port}/udp`,
    'engine: servers',
    `drachtio: ${entry(drachtio)}`,
    `freeswitch: [${entry(freeswitch)}]`,
    '',
  ].join('\n');
}

function complain({ level, msg, fields }: EngineLogLine): void {
  if (level !== 'error' && level !== 'warn') return;
  process.stderr.write(`${level}: ${msg}${fields ? ` ${JSON.stringify(fields)}` : ''}\n`);
}
