/**
 * The surroundings that drachtio-srf's own integration tests expect, without containers: its called
 * parties are local sipp processes on loopback addresses of their own, `docker run ... sipp` is a
 * script on the PATH that runs sipp here, and the server under test is the embedded engine.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const upstream = dirname(createRequire(import.meta.url).resolve('drachtio-srf/package.json'));
const SIP_PORT = 5060;

/** The containers of docker-compose-testbed.yaml: name, address in its network, scenario. */
const CALLED_PARTIES = [
  ['sipp-uas-cancel', '172.29.0.12', 'uas-cancel.xml'],
  ['sipp-uas', '172.29.0.13', 'uas.xml'],
  ['sipp-uas-404', '172.29.0.14', 'uas-404.xml'],
  ['sipp-uas-auth', '172.29.0.15', 'uas-auth.xml'],
  ['sipp-uas-auth-register', '172.29.0.16', 'uas-auth-register.xml'],
  ['sipp-uas-auth-register-no-realm', '172.29.0.17', 'uas-auth-register-no-realm.xml'],
  ['sipp-uas-fast-reinvite', '172.29.0.20', 'uas-reinvite.xml'],
  ['sipp-uas-reinvite-overlap', '172.29.0.21', 'uas-reinvite-overlap.xml'],
  ['sipp-uas-302', '172.29.0.22', 'uas-302.xml'],
  ['sipp-uas-prack', '172.29.0.23', 'uas-prack.xml'],
  ['sipp-uas-bye-with-auth', '172.29.0.24', 'uas-bye-with-auth.xml'],
  ['sipp-uas-reinvite-with-auth', '172.29.0.25', 'uas-reinvite-with-auth.xml'],
  ['sipp-uas-407-no-auth-header', '172.29.0.27', 'uas-407-no-auth-header.xml'],
  ['sipp-uas-fast-update', '172.29.0.29', 'uas-update-with-sdp.xml'],
] as const;

/** What came of one test file. */
export interface TapResult {
  readonly passed: number;
  readonly failed: number;
  readonly output: string;
}

export interface Server {
  readonly drachtio: { readonly host: string; readonly port: number; readonly secret: string };
  readonly sip: { readonly host: string; readonly port: number };
}

/** True if sipp can be run. */
export async function hasSipp(): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('sipp', ['-v'], { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('exit', () => resolve(true));
  });
}

export class UpstreamBed {
  /** 127.x.y of this run: two runs on one machine do not meet. */
  readonly #prefix = `127.${randomInt(32, 250)}.${randomInt(1, 250)}`;
  readonly #sipps: ChildProcess[] = [];
  #directory = '';

  /** For the engine's `hosts`: names and addresses of the test network, and where they are here. */
  get hosts(): Record<string, string> {
    return Object.fromEntries(
      CALLED_PARTIES.flatMap(([name, address]) => {
        const here = this.#here(address);
        return [
          [name, here],
          [address, here],
        ];
      }),
    );
  }

  /** Where the server under test has its SIP agent. */
  get sutHost(): string {
    return `${this.#prefix}.10`;
  }

  async start(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'dialback-upstream-'));
    await this.#copyScenarios();
    for (const [, address, scenario] of CALLED_PARTIES) this.#startSipp(address, scenario);
    await Promise.all(CALLED_PARTIES.map(([, address]) => isListening(this.#here(address))));
  }

  async stop(): Promise<void> {
    for (const child of this.#sipps) child.kill('SIGKILL');
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Runs one file of the upstream tests against a server. */
  async run(file: string, server: Server): Promise<TapResult> {
    const bin = await this.#installDocker(server);
    const { host, port, secret } = server.drachtio;
    const config = { 'drachtio-sut': { host, port, secret, enablePing: true, pingInterval: 5000 } };
    const child = spawn(process.execPath, [join(upstream, 'test', file)], {
      cwd: this.#directory,
      env: {
        ...process.env,
        NODE_ENV: 'test',
        NODE_CONFIG: JSON.stringify(config),
        NODE_CONFIG_DIR: this.#directory,
        NODE_OPTIONS: '',
        SUPPRESS_NO_CONFIG_WARNING: '1',
        PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => (output += text.toString()));
    }
    await new Promise((resolve) => child.once('close', resolve));
    const count = (pattern: RegExp): number => output.match(pattern)?.length ?? 0;
    return { passed: count(/^ok /gm), failed: count(/^not ok /gm), output };
  }

  #here(address: string): string {
    return `${this.#prefix}.${address.split('.')[3] ?? ''}`;
  }

  /** sipp 3.6.1 wants `<` escaped in attributes; three of the files have it bare. */
  async #copyScenarios(): Promise<void> {
    const from = join(upstream, 'test', 'scenarios');
    const to = join(this.#directory, 'scenarios');
    await mkdir(to);
    for (const name of await readdir(from)) {
      if (!name.endsWith('.xml')) continue;
      const text = await readFile(join(from, name), 'utf8');
      const fixed = text.replace(/="([^"\n]*)"/g, (_all, value: string) => {
        return `="${value.replaceAll('<', '&lt;')}"`;
      });
      await writeFile(join(to, name), fixed);
    }
  }

  #startSipp(address: string, scenario: string): void {
    const host = this.#here(address);
    const args = ['-sf', join('scenarios', scenario), '-i', host, '-mi', host, '-p', `${SIP_PORT}`];
    const options = { cwd: this.#directory, stdio: 'ignore' } as const;
    this.#sipps.push(spawn('sipp', [...args, '-nostdin', '-timeout', '120s'], options));
  }

  /** `docker run [options] IMAGE sipp ARGS drachtio-sut` becomes `sipp ARGS` to our server. */
  async #installDocker(server: Server): Promise<string> {
    const bin = join(this.#directory, 'bin');
    await mkdir(bin, { recursive: true });
    const file = join(bin, 'docker');
    const caller = `${this.#prefix}.99`;
    const script = [
      '#!/bin/sh',
      'while [ "$1" != sipp ]; do shift; done',
      'shift',
      'for arg in "$@"; do',
      '  shift',
      '  case "$arg" in',
      `    /tmp/scenarios/*) arg="${this.#directory}/scenarios/\${arg##*/}" ;;`,
      `    drachtio-sut) arg=${server.sip.host}:${server.sip.port} ;;`,
      '  esac',
      '  set -- "$@" "$arg"',
      'done',
      `exec sipp -i ${caller} -mi ${caller} "$@"`,
      '',
    ].join('\n');
    await writeFile(file, script);
    await chmod(file, 0o755);
    return bin;
  }
}

/** Waits until a UDP socket is bound there; the kernel's table says so without sending anything. */
async function isListening(host: string): Promise<void> {
  const octets = host.split('.').map(Number).reverse();
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');
  const wanted = `${octets.map(hex).join('')}:${hex(SIP_PORT >> 8)}${hex(SIP_PORT & 255)}`;
  for (let i = 0; i < 100; i++) {
    const table = await readFile('/proc/net/udp', 'utf8').catch(() => wanted);
    if (table.includes(wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`sipp does not listen on ${host}`);
}
