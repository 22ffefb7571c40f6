/**
 * A real drachtio-server and a real FreeSWITCH as child processes, started with the configuration that
 * this repository ships for them (config/drachtio, config/freeswitch) and nothing else, on free ports of
 * loopback, to be killed, frozen and started again.
 *
 * DIALBACK_DRACHTIO_BIN and DIALBACK_FREESWITCH_BIN name the programs; else they are looked for on PATH.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../fakes/free-port.js';
import { type Address, endWithUs } from '../crash/processes.js';

const CONFIG = fileURLToPath(new URL('../../config/', import.meta.url));
const READY_WITHIN_MS = 30_000;
const END_WITHIN_MS = 10_000;
const RTP_PORTS = 2000;

/** What a server says on its control port once it can be used. */
interface Greeting {
  readonly send: string;
  readonly expect: RegExp;
}

interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly control: Address;
  readonly greeting: Greeting;
}

export class ServerProcess {
  #child: ChildProcess | undefined;
  #version = '';

  constructor(
    private readonly program: Program,
    private readonly logFile: string,
  ) {}

  get address(): Address {
    return this.program.control;
  }

  /** As the server names it; after `start`. */
  get version(): string {
    return `${this.program.name} ${this.#version}`;
  }

  /** @throws Error when the program cannot be started or does not answer */
  async start(): Promise<void> {
    const { command, args, env, name } = this.program;
    const log = openSync(this.logFile, 'a');
    const child = spawn(command, args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
    });
    endWithUs(child);
    this.#child = child;
    const failed = once(child, 'error').then(([error]) => {
      throw error as Error;
    });
    const gone = once(child, 'exit').then(() => {
      throw new Error(`${name} ended at once, see ${this.logFile}`);
    });
    this.#version = await Promise.race([this.#untilReady(), failed, gone]);
  }

  async #untilReady(): Promise<string> {
    const { control, greeting, name } = this.program;
    const giveUpAtMs = performance.now() + READY_WITHIN_MS;
    while (performance.now() < giveUpAtMs) {
      const found = await ask(control, greeting).catch(() => undefined);
      if (found !== undefined) return found;
      await sleep(100);
    }
    throw new Error(`${name} does not answer, see ${this.logFile}`);
  }

  /** Channels of a FreeSWITCH, a line of comma-separated facts for each. */
  async channels(): Promise<string[]> {
    const { control } = this.program;
    const send = `auth ${control.secret}\n\napi show channels\n\n`;
    const table = await ask(control, { send, expect: /api\/response[^]*?\n\n([^]*?)\d+ total/ });
    return table
      .split('\n')
      .slice(1)
      .filter((line) => line.includes(','));
  }

  /** SIGSTOP and SIGCONT freeze and thaw it; after the others it has ended. */
  async signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') {
      child.kill(signal);
      return;
    }
    const ended = once(child, 'exit');
    child.kill(signal);
    const late = sleep(END_WITHIN_MS, 'late', { ref: false });
    if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.signal('SIGCONT');
    await this.signal('SIGTERM');
  }
}

/** @returns what the greeting's expression has found */
async function ask({ host, port }: Address, { send, expect }: Greeting): Promise<string> {
  const socket = connect({ host, port }).setEncoding('utf8');
  try {
    socket.write(send);
    let heard = '';
    const signal = AbortSignal.timeout(2000);
    for (;;) {
      heard += String((await once(socket, 'data', { signal }))[0]);
      const found = expect.exec(heard)?.[1];
      if (found !== undefined) return found;
    }
  } finally {
    socket.destroy();
  }
}

/** @returns the program's path, or what is missing and how to name it */
export function findProgram(
  name: string,
  variable: string,
): { path: string } | { missing: string } {
  const path = process.env[variable] ?? name;
  const { error } = spawnSync(path, ['-version'], { stdio: 'ignore', timeout: 5000 });
  const isMissing = error !== undefined && 'code' in error && error.code === 'ENOENT';
  return isMissing ? { missing: `${path} cannot be run: set ${variable} to its path` } : { path };
}

export interface ServerPair {
  readonly drachtio: ServerProcess;
  readonly freeswitch: ServerProcess;
  /** Where the trunk's messages go to. */
  readonly sipPort: number;
  readonly rtpPorts: readonly [first: number, last: number];
}

/** Neither is started yet. @param folder logs and data of both */
export async function makePair(
  programs: { readonly drachtio: string; readonly freeswitch: string },
  folder: string,
): Promise<ServerPair> {
  const host = '127.0.0.1';
  const secret = 'of-this-run-only';
  const [admin, sip, esl, mediaSip] = await Promise.all([1, 2, 3, 4].map(freePort));
  const drachtio: Program = {
    name: 'drachtio-server',
    command: programs.drachtio,
    args: [
      ...['--file', join(CONFIG, 'drachtio/drachtio.conf.xml'), '--address', host],
      ...['--port', String(admin), '--contact', `sip:${host}:${sip};transport=udp,tcp`],
    ],
    env: { DRACHTIO_SECRET: secret },
    control: { host, port: admin!, secret },
    greeting: greetingOf(secret),
  };
  const data = ['log', 'db', 'run', 'storage', 'recordings', 'cache', 'temp'];
  for (const name of data) mkdirSync(join(folder, 'freeswitch', name), { recursive: true });
  const rtpFirst = 10_000 + (process.pid % 20) * RTP_PORTS;
  const freeswitch: Program = {
    name: 'FreeSWITCH',
    command: programs.freeswitch,
    args: [
      ...['-nonat', '-nf', '-np', '-nc', '-conf', join(CONFIG, 'freeswitch')],
      ...data.flatMap((name) => [`-${name}`, join(folder, 'freeswitch', name)]),
    ],
    env: {
      FREESWITCH_SECRET: secret,
      FREESWITCH_ESL_PORT: String(esl),
      FREESWITCH_SIP_PORT: String(mediaSip),
      FREESWITCH_RTP_PORT_FIRST: String(rtpFirst),
      FREESWITCH_RTP_PORT_LAST: String(rtpFirst + RTP_PORTS - 1),
    },
    control: { host, port: esl!, secret },
    greeting: {
      send: `auth ${secret}\n\napi version\n\n`,
      expect: /FreeSWITCH Version (\S+)/,
    },
  };
  return {
    drachtio: new ServerProcess(drachtio, join(folder, 'drachtio.log')),
    freeswitch: new ServerProcess(freeswitch, join(folder, 'freeswitch.log')),
    sipPort: sip!,
    rtpPorts: [rtpFirst, rtpFirst + RTP_PORTS - 1],
  };
}

/** A drachtio-server's; its frames begin with their length. */
export function greetingOf(secret: string): Greeting {
  const login = `ask|authenticate|${secret}|`;
  return { send: `${login.length}#${login}`, expect: /\|OK\|[^|]*\|(v[^|\s]+)/ };
}
