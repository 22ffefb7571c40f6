/** The engine and the service as processes of their own, started, killed and asked from a campaign. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { namedServers } from '../sip/engines.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_WITHIN_MS = 60_000;

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

/** The build starts three times as fast as the sources; it is used when it is not older than they. */
function commandLine(): string[] {
  const built = join(ROOT, 'dist/cli.js');
  const builtAtMs = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true });
  const isFresh = sources
    .filter((entry) => entry.isFile())
    .every((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs <= builtAtMs);
  return isFresh ? [built] : ['--import', 'tsx', join(ROOT, 'src/cli.ts')];
}

function launch(args: readonly string[]): ChildProcess {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, [...commandLine(), ...args], {
    cwd: ROOT,
    stdio: [...stdio],
  });
  endWithUs(child);
  return child;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A campaign that is broken off leaves nothing running. */
export function endWithUs(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** Ctrl-C and the like end a campaign by way of `exit`, so that what it started ends, too. */
export function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(130));
}

export class EngineProcess {
  private constructor(
    private readonly child: ChildProcess | undefined,
    readonly drachtio: Address,
    readonly freeswitch: Address,
    /** Where calls from outside are taken; of the embedded engine. */
    readonly sipPort?: number,
  ) {}

  /** The embedded engine, or the real servers that the environment names. */
  static async start(): Promise<EngineProcess> {
    const named = namedServers();
    if (named) return new EngineProcess(undefined, named.drachtio, named.freeswitch);
    const child = launch(['engine', '--json']);
    if (!child.stdout) throw new Error('no output');
    const signal = AbortSignal.timeout(START_WITHIN_MS);
    const [line] = (await once(createInterface(child.stdout), 'line', { signal })) as [string];
    const { drachtio, freeswitch, sip } = JSON.parse(line) as Record<string, Address>;
    if (!drachtio || !freeswitch || !sip) throw new Error(`engine: ${line}`);
    return new EngineProcess(child, drachtio, freeswitch, sip.port);
  }

  /** Channels the media server has, asked on its event socket. */
  async channelCount(): Promise<number> {
    const { host, port, secret } = this.freeswitch;
    const socket = connect({ host, port }).setEncoding('utf8');
    try {
      socket.write(`auth ${secret}\n\napi show channels count\n\n`);
      let heard = '';
      const signal = AbortSignal.timeout(3000);
      for (;;) {
        heard += String((await once(socket, 'data', { signal }))[0]);
        const count = /(\d+) total/.exec(heard)?.[1];
        if (count !== undefined) return Number(count);
      }
    } finally {
      socket.destroy();
    }
  }

  async stop(): Promise<void> {
    if (this.child) await end(this.child, 'SIGTERM');
  }
}

interface LogLine {
  readonly msg?: string;
  readonly api?: string;
  readonly ended?: number;
  readonly unknown?: number;
}

/** What the service says of itself while it starts. */
export interface StartReport {
  readonly orphansEnded: number;
  readonly orphansUnknown: number;
}

export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly report: StartReport,
  ) {}

  /** @param logFile what it says is added there */
  static async start(configFile: string, logFile: string): Promise<ServiceProcess> {
    const child = launch(['run', '--config', configFile]);
    if (!child.stderr) throw new Error('no log');
    const seen: string[] = [];
    let report: StartReport = { orphansEnded: 0, orphansUnknown: 0 };
    const url = await new Promise<string>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${why}\n${seen.slice(-20).join('\n')}`));
      const timer = setTimeout(() => fail('the service does not start'), START_WITHIN_MS);
      child.once('exit', (code) => fail(`the service ended with ${code}`));
      createInterface(child.stderr!).on('line', (text) => {
        seen.push(text);
        appendFileSync(logFile, `${text}\n`);
        const line = parse(text);
        if (line.msg === 'legs of a dead process') {
          report = { orphansEnded: line.ended ?? 0, orphansUnknown: line.unknown ?? 0 };
        }
        if (line.msg !== 'running' || line.api === undefined) return;
        clearTimeout(timer);
        resolve(line.api);
      });
    });
    return new ServiceProcess(child, url, report);
  }

  kill(): Promise<void> {
    return end(this.child, 'SIGKILL');
  }

  stop(): Promise<void> {
    return end(this.child, 'SIGTERM');
  }

  /** Stands still, with its connections open, until `resume`. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }
}

function parse(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return {};
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.removeAllListeners('exit');
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
