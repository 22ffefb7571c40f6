/**
 * A PostgreSQL server of the tests' own, on loopback, in a temporary folder: started when the first
 * test wants it, stopped at the end of the mocha run. A server that the machine runs is left alone.
 */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../../fakes/free-port.js';

const ROOT = '/usr/lib/postgresql';
const START_MS = 20_000;
/** A test may make it: the one database that wants a password. */
export const LOCKED_DATABASE = 'locked';

/** Folder of the newest installed version's programs. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const versions = readdirSync(ROOT).sort((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => join(ROOT, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
}

export class PrivateServer {
  private constructor(
    /** Of the database `postgres`, for its superuser. */
    readonly url: string,
    readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @param parent where its folder is made; a file system to be tested, else the temporary one */
  static async start(parent = tmpdir()): Promise<PrivateServer> {
    const programs = postgresPrograms();
    if (programs === undefined) throw new Error('PostgreSQL is not installed');
    const folder = mkdtempSync(join(parent, 'dialback-pg-'));
    const data = join(folder, 'data');
    const user = userForServer();
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    const options = { stdio: 'ignore', cwd: folder, ...user } as const;
    // `--no-sync` is about initdb's own files: nothing here outlives the machine.
    const initial = ['-D', data, '-U', 'postgres', '-A', 'trust', '--locale=C', '-E', 'UTF8'];
    execFileSync(join(programs, 'initdb'), [...initial, '--no-sync'], options);
    const rules = join(data, 'pg_hba.conf');
    const ask = `host ${LOCKED_DATABASE} all 127.0.0.1/32 scram-sha-256`;
    writeFileSync(rules, `${ask}\n${readFileSync(rules, 'utf8')}`);
    const port = await freePort();
    const child = spawn(
      join(programs, 'postgres'),
      ['-D', data, '-p', String(port), '-k', folder],
      {
        ...options,
      },
    );
    const server = new PrivateServer(
      `postgres://postgres@127.0.0.1:${port}/postgres`,
      child,
      folder,
    );
    await server.#answers();
    return server;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, 'exit');
      // At once: nothing here is kept.
      this.process.kill('SIGQUIT');
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** For a process that ends without waiting. */
  kill(): void {
    this.process.kill('SIGQUIT');
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async #answers(): Promise<void> {
    const giveUpAtMs = Date.now() + START_MS;
    for (;;) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (Date.now() > giveUpAtMs || this.process.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

/** The server refuses to run as root. */
function userForServer(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

let shared: Promise<PrivateServer> | undefined;

/**
 * The server of this mocha run; to be called in a `before`, which it skips when there is none.
 * The file that calls it has `after(stopSharedServer)` outside of every `describe`.
 */
export async function sharedServer(context: Mocha.Context): Promise<PrivateServer> {
  if (postgresPrograms() === undefined) {
    context.test?.parent?.eachTest((test) => {
      test.title += ' (PostgreSQL is missing; Debian: apt-get install postgresql)';
    });
    context.skip();
  }
  context.timeout(START_MS * 2);
  shared ??= PrivateServer.start().then((server) => {
    process.once('exit', () => server.kill());
    return server;
  });
  return shared;
}

export async function stopSharedServer(): Promise<void> {
  const server = await shared;
  shared = undefined;
  await server?.stop();
}
