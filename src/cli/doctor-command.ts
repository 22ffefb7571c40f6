/**
 * `dialback doctor`: can everything the configuration names be reached? Opens and closes each thing
 * once, changes nothing, and names what is missing on a media server.
 */
import { access, constants, mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../adapters/clock/system-clock.js';
import { silentLog } from '../adapters/log.js';
import { connectTelephony } from '../adapters/telephony/connect.js';
import { checkConfig } from '../config/check-config.js';
import type { DialbackConfig } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { startEmbedded } from '../embedded/index.js';
import { printConfigError } from './check-command.js';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export function registerDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('can drachtio, FreeSWITCH, trunks, media and store be reached?')
    .option('--config <file>', 'configuration file or folder')
    .option('--json', 'one JSON document')
    .action(async (options: { config?: string; json?: boolean }) => {
      let config;
      try {
        config = await loadConfig(options.config);
      } catch (error) {
        process.exitCode = printConfigError(error);
        return;
      }
      const checks = await examine(config);
      if (options.json) process.stdout.write(`${JSON.stringify({ checks })}\n`);
      else for (const check of checks) process.stdout.write(lineOf(check));
      process.exitCode = checks.every(({ ok }) => ok) ? 0 : 1;
    });
}

function lineOf({ name, ok, detail }: Check): string {
  return `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(12)} ${detail}\n`;
}

async function examine(config: DialbackConfig): Promise<Check[]> {
  return [
    await check('engine', () => examineEngine(config)),
    ...(await Promise.all(
      config.trunks.map((trunk) =>
        check(`trunk ${trunk.name}`, () => Promise.resolve(`${trunk.uri}, not probed`)),
      ),
    )),
    await check('media', () => examineMedia(config)),
    await check('store', () => examineStore(config)),
    await check('http', () => examineListener(config)),
  ];
}

async function check(name: string, run: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await run() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function examineEngine(config: DialbackConfig): Promise<string> {
  if (config.engine === 'servers') {
    const [freeswitch] = config.freeswitch;
    if (!config.drachtio || !freeswitch)
      throw new Error('drachtio or freeswitch is not configured');
    return examineTelephony(config.drachtio, freeswitch);
  }
  const engine = await startEmbedded(config.embedded);
  try {
    return `embedded: ${await examineTelephony(engine.drachtio, engine.freeswitch)}`;
  } finally {
    await engine.stop();
  }
}

type Endpoint = { readonly host: string; readonly port: number; readonly secret: string };

async function examineTelephony(drachtio: Endpoint, freeswitch: Endpoint): Promise<string> {
  const clock = systemClock();
  const telephony = await connectTelephony({ drachtio, freeswitch, clock, log: silentLog });
  try {
    const endpoint = await telephony.media.createEndpoint();
    await endpoint.close();
    return `drachtio ${drachtio.host}:${drachtio.port}, FreeSWITCH ${freeswitch.host}:${freeswitch.port}, a media endpoint was made`;
  } finally {
    await telephony.close();
  }
}

async function examineMedia(config: DialbackConfig): Promise<string> {
  const problems = (await checkConfig(config)).filter(({ severity }) => severity === 'error');
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('; '));
  return config.media.directory;
}

async function examineStore({ store }: DialbackConfig): Promise<string> {
  if (store.kind === 'postgres') throw new Error('PostgreSQL is not built in this version');
  if (store.path === ':memory:') return 'in memory: nothing survives a restart';
  await mkdir(dirname(store.path), { recursive: true });
  await access(dirname(store.path), constants.W_OK);
  return store.path;
}

/** A service that runs already is fine here: the port answers. */
async function examineListener({ http }: DialbackConfig): Promise<string> {
  if (http.port === 0) return 'any free port';
  const isTaken = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: http.host, port: http.port, timeout: 1000 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => done(true));
    socket.on('error', () => done(false));
    socket.on('timeout', () => done(false));
  });
  return `${http.host}:${http.port} ${isTaken ? 'is in use (a running service?)' : 'is free'}`;
}
