/** Runs sipp, a SIP peer that is not ours, as a called party. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const POLL_MS = 20;
const SCENARIOS = fileURLToPath(new URL('./scenarios/', import.meta.url));

export interface SippRun {
  readonly port: number;
  /** Resolves with sipp's exit code (0: the scenario went through) and its error log. */
  readonly done: Promise<{ readonly code: number | null; readonly errors: string }>;
  stop(): void;
}

const LISTENS_WITHIN_MS = 20_000;

/**
 * It tells nobody when it listens, and an INVITE before that would be refused by the host. Asked of
 * the kernel, because a packet would be a call to it.
 */
async function untilListening(port: number, transport: 'udp' | 'tcp'): Promise<void> {
  const socket = new RegExp(
    `^ *\\d+: [0-9A-F]{8}:${port.toString(16).toUpperCase().padStart(4, '0')} `,
    'm',
  );
  for (let waitedMs = 0; waitedMs < LISTENS_WITHIN_MS; waitedMs += POLL_MS) {
    if (socket.test(await readFile(`/proc/net/${transport}`, 'utf8'))) return;
    await sleep(POLL_MS);
  }
  throw new Error(`sipp does not listen on ${port}`);
}

export function hasSipp(): boolean {
  return spawnSync('sipp', ['-v'], { stdio: 'ignore' }).error === undefined;
}

/**
 * @param scenario file name under scenarios/, or an absolute path
 * @param keys values of `[name]` in the scenario
 * @param calls how many calls it takes before it ends
 * @param transport by which it is called
 * @param pauseMs what the pauses without a length last
 */
export async function startSipp(
  scenario: string,
  keys: Readonly<Record<string, string>> = {},
  calls = 1,
  transport: 'udp' | 'tcp' = 'udp',
  pauseMs = 5000,
): Promise<SippRun> {
  const folder = await mkdtemp(join(tmpdir(), 'dialback-sipp-'));
  const port = await freePort();
  const args = ['-sf', resolve(SCENARIOS, scenario), '-i', '127.0.0.1', '-p', String(port)];
  args.push(
    '-m',
    String(calls),
    '-nd',
    '-nostdin',
    '-trace_err',
    '-error_file',
    join(folder, 'errors.log'),
  );
  args.push('-d', String(pauseMs));
  if (transport === 'tcp') args.push('-t', 't1');
  for (const [name, value] of Object.entries(keys)) args.push('-key', name, value);
  const child = spawn('sipp', args, { cwd: folder, stdio: 'ignore' });
  const done = once(child, 'exit').then(async ([code]) => {
    const logs = (await readdir(folder)).filter((name) => name.endsWith('.log'));
    const texts = await Promise.all(logs.map((name) => readFile(join(folder, name), 'utf8')));
    await rm(folder, { recursive: true, force: true });
    return { code: code as number | null, errors: texts.map(withoutItsOwnTroubles).join('') };
  });
  await untilListening(port, transport);
  return { port, done, stop: () => void child.kill('SIGTERM') };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** That the machine is too slow for sipp's own timers is no word about the calls. */
function withoutItsOwnTroubles(log: string): string {
  const [title = '', ...lines] = log.trim().split('\n');
  const told = lines.filter((line) => !/Overload warning: the \w+ watchdog timer/.test(line));
  return told.length === 0 ? '' : [title, ...told].join('\n');
}
