/**
 * `dialback doctor`: can everything the configuration names be reached? Opens and closes each thing
 * once, changes nothing, and names what is missing on a media server.
 */
import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, unlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../adapters/clock/system-clock.js';
import { silentLog } from '../adapters/log.js';
import { examinePostgres } from '../adapters/store/postgres/examine.js';
import { optionsTo } from '../dial/options-watch.js';
import { examineSites } from '../adapters/telephony/examine.js';
import { checkConfig } from '../config/check-config.js';
import type { DialbackConfig } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { formatProblem } from '../config/problem.js';
import { startEmbedded } from '../embedded/index.js';
import { telephonySites } from '../telephony-sites.js';
import { printConfigError } from './check-command.js';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Of what is wrong, where it has one. */
  readonly code?: string;
}

export function registerDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('can drachtio, FreeSWITCH, trunks, media and store be reached?')
    .option(
      '--config <file>',
      'configuration file or folder (default: ./dialback.yaml, else the packaged one)',
    )
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

function lineOf({ name, ok, detail, code }: Check): string {
  const what = code === undefined ? detail : `${code}: ${detail}`;
  return `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(12)} ${what}\n`;
}

async function examine(config: DialbackConfig): Promise<Check[]> {
  return [
    ...(await examineServers(config)),
    await check('config', () => examineFile(config)),
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

/** The servers of every site, or the embedded engine, through the same eyes. */
async function examineServers(config: DialbackConfig): Promise<Check[]> {
  const trunks = config.trunks.map((trunk) => ({ name: trunk.name, request: optionsTo(trunk) }));
  const wantsSrtp = config.trunks.some(({ isSecure }) => isSecure === true);
  const surroundings = { clock: systemClock(), log: silentLog, trunks, wantsSrtp };
  const { exchangeDirectory } = config.media;
  const sharedFile =
    exchangeDirectory && join(exchangeDirectory, `dialback-doctor-${randomUUID()}`);
  try {
    if (config.engine === 'servers') {
      if (sharedFile !== undefined) await writeFile(sharedFile, '', { flag: 'wx' });
      return await examineSites(await telephonySites(config), { ...surroundings, sharedFile });
    }
    const engine = await startEmbedded(config.embedded);
    const { drachtio, freeswitch } = engine;
    const site = { name: 'embedded', drachtio, freeswitch: [freeswitch] };
    return await examineSites([site], surroundings).finally(() => engine.stop());
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ name: 'engine', ok: false, detail }];
  } finally {
    if (sharedFile !== undefined) await unlink(sharedFile).catch(() => undefined);
  }
}

/** What `dialback check` finds: sounds, URLs, queues. */
async function examineFile(config: DialbackConfig): Promise<string> {
  const problems = (await checkConfig(config)).filter(({ severity }) => severity === 'error');
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('; '));
  return `${config.file}; sounds in ${config.media.directory}`;
}

async function examineStore({ store }: DialbackConfig): Promise<string> {
  if (store.kind === 'postgres') return examinePostgres(store);
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
