import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load-config.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');

interface ComposeService {
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly stdin_open?: boolean;
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface Mount {
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
}

function compose(file = 'docker-compose.yml'): Compose {
  return parse(read(file), { merge: true }) as Compose;
}

/** `${NAME:-default}` has colons of its own. */
function mountOf(text: string): Mount {
  const [source = '', target = '', mode] = text.replace(/\$\{\w+:[-?]([^}]*)\}/g, '$1').split(':');
  return { source, target, isReadOnly: mode === 'ro' };
}

function mountsOf({ volumes = [] }: ComposeService): readonly Mount[] {
  return volumes.map(mountOf);
}

/** The mount that a path of the container lies in. */
function mountFor(service: ComposeService, path: string): Mount | undefined {
  return mountsOf(service)
    .filter(({ target }) => path === target || path.startsWith(`${target}/`))
    .sort((a, b) => b.target.length - a.target.length)[0];
}

/** What follows `--config` where the service is started. */
function mountedConfig({ command = [] }: ComposeService): string {
  return command[command.indexOf('--config') + 1] ?? '';
}

describe('the files of a deployment', () => {
  it('mount nothing that is not there', () => {
    const { services, volumes } = compose();
    const mounts = Object.values(services).flatMap(mountsOf);
    assert.ok(mounts.length > 3);
    for (const { source } of mounts) {
      if (!source.startsWith('.')) assert.ok(source in volumes, source);
      // In the place of a file an editor puts another one, which a mount of the file never shows.
      else assert.ok(statSync(`${ROOT}${source}`).isDirectory(), source);
    }
  });

  it('share what Dialback and FreeSWITCH leave for each other, at one path', async () => {
    const { dialback, freeswitch } = compose().services;
    assert.ok(dialback && freeswitch);
    const file = mountedConfig(dialback);
    const { source = '', target = '' } = mountFor(dialback, file) ?? {};
    const here = `${ROOT}${source}${file.slice(target.length)}`;
    const env = { DRACHTIO_SECRET: 'a-secret', FREESWITCH_SECRET: 'a-secret' };
    const { media } = await loadConfig(here, { env });
    // As the container sees what the file names relative to itself.
    const inside = (path = '') =>
      posix.resolve(posix.dirname(file), posix.relative(posix.dirname(here), path));
    const [, recordings = ''] = /recordCalls: (\S+)/.exec(readFileSync(here, 'utf8')) ?? [];
    assert.notEqual(media.exchangeDirectory, undefined);
    assert.notEqual(recordings, '');
    for (const [path, writer] of [
      [inside(media.directory), undefined],
      [inside(media.exchangeDirectory), 'both'],
      [recordings, 'both'],
    ] as const) {
      const ours = mountFor(dialback, path);
      const theirs = mountFor(freeswitch, path);
      assert.ok(ours && theirs, `${path} is in a volume of both`);
      assert.deepEqual([theirs.source, theirs.target], [ours.source, ours.target], path);
      if (writer === 'both') assert.deepEqual([ours.isReadOnly, theirs.isReadOnly], [false, false]);
    }
    const store = posix.resolve(posix.dirname(file), '../../data');
    assert.equal(mountFor(dialback, store)?.isReadOnly, false);
    // A new volume has the owner that the folder has in the image.
    assert.match(read('Dockerfile'), /^RUN mkdir data exchange && chown node:node data exchange$/m);
  });

  it('look for the service where the mounted configuration has it, and wait for its calls', async () => {
    const { dialback } = compose().services;
    assert.ok(dialback);
    const { test = [] } = dialback.healthcheck ?? {};
    assert.deepEqual(test.slice(3), ['health', '--config', mountedConfig(dialback)]);
    const { shutdown } = await loadConfig(`${ROOT}config/examples/minimal.yaml`);
    const drainS = shutdown.drainTimeoutMs / 1000;
    assert.ok(parseInt(dialback.stop_grace_period ?? '', 10) > drainS + 5);
    const [, unitS] = /^TimeoutStopSec=(\d+)$/m.exec(read('config/systemd/dialback.service')) ?? [];
    assert.ok(Number(unitS) > drainS + 5);
    const [, podS] = /terminationGracePeriodSeconds: (\d+)/.exec(read('docs/deploy.md')) ?? [];
    assert.ok(Number(podS) > drainS + 5);
  });

  it('say the public address to both servers, and none unless it is given', () => {
    for (const file of ['docker-compose.yml', 'docker-compose.tls.yml']) {
      const { command = [] } = compose(file).services['drachtio'] ?? {};
      const contacts = command.filter((word) => word === '--contact').length;
      const named = command.flatMap((word, at) =>
        word === '--external-ip' ? [command[at + 1]] : [],
      );
      assert.deepEqual(named, Array<string>(contacts).fill('${DIALBACK_PUBLIC_ADDRESS:-}'), file);
    }
    const { environment = {} } = compose().services['freeswitch'] ?? {};
    // Or -nc, without a log: on a console whose input is at its end it takes two cores for nothing.
    assert.equal(compose().services['freeswitch']?.stdin_open, true);
    // With an empty value FreeSWITCH would have no address at all.
    assert.equal(environment['DIALBACK_PUBLIC_ADDRESS'], null);
    assert.match(
      read('config/freeswitch/vars.xml'),
      /rtp_public_address=\$DIALBACK_PUBLIC_ADDRESS/,
    );
  });

  it('copy into the image what is there and what is not kept out of it', () => {
    const ignored = read('.dockerignore').split('\n').filter(Boolean);
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, sources = '']) => sources.split(' '),
    );
    assert.ok(copied.length > 5);
    for (const source of copied) {
      assert.ok(existsSync(`${ROOT}${source}`), source);
      assert.ok(!ignored.includes(source), `${source} is in .dockerignore`);
    }
    for (const needed of ['package-lock.json', 'config', 'media'])
      assert.ok(copied.includes(needed));
  });

  it('are valid for docker-compose', function () {
    this.timeout(120_000);
    for (const files of [
      ['docker-compose.yml'],
      ['docker-compose.yml', 'docker-compose.tls.yml'],
    ]) {
      const named = files.flatMap((file) => ['-f', `${ROOT}${file}`]);
      const env = { ...process.env, DIALBACK_TLS: '/etc/dialback/tls' };
      const run = spawnSync('docker-compose', [...named, 'config', '-q'], { env });
      if (run.error) return this.skip(); // Debian: apt-get install docker-compose
      assert.equal(String(run.stderr), '');
      assert.equal(run.status, 0);
    }
  });

  it('are units that systemd takes', function () {
    this.timeout(60_000);
    for (const name of ['dialback', 'drachtio']) {
      const file = `${ROOT}config/systemd/${name}.service`;
      const run = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
        env: { ...process.env, SYSTEMD_UNIT_PATH: `${ROOT}config/systemd:` },
      });
      if (run.error) return this.skip(); // Debian: apt-get install systemd
      const problems = String(run.stderr)
        .split('\n')
        .filter((line) => line.startsWith(`${name}.service`) || line.startsWith(file))
        // The programs are where a deployment puts them.
        .filter((line) => !/Command \S+ is not executable/.test(line));
      assert.deepEqual(problems, []);
    }
  });

  it('name commands and options that the program has', () => {
    const unit = read('config/systemd/dialback.service');
    const commands = [...unit.matchAll(/bin\/dialback (\w+)/g)].map(([, command]) => command);
    assert.deepEqual(commands, ['check', 'run']);
    // Node asks for interfaces over netlink, the resolver over a socket of the file system.
    for (const family of ['AF_INET', 'AF_INET6', 'AF_UNIX', 'AF_NETLINK']) {
      assert.match(unit, new RegExp(`^RestrictAddressFamilies=.*\\b${family}\\b`, 'm'));
    }
    const [, exchange = ''] = /^d (\S+) 2770 dialback freeswitch/m.exec(
      read('config/systemd/dialback.tmpfiles.conf'),
    ) ?? [''];
    assert.match(unit, new RegExp(`^ReadWritePaths=-${exchange}$`, 'm'));
    assert.ok(unit.includes(`exchangeDirectory: ${exchange}`));
    const guide = read('docs/deploy.md');
    const links = [...guide.matchAll(/\]\((\.\.\/)?([\w./-]+)(?:#[\w-]+)?\)/g)];
    assert.ok(links.length > 5);
    for (const [, up, path] of links)
      assert.ok(existsSync(`${ROOT}${up ? '' : 'docs/'}${path}`), path);
  });

  it('tell of every variable that the FreeSWITCH configuration reads, and of no other', () => {
    const vars = read('config/freeswitch/vars.xml');
    const known = new Set([...vars.matchAll(/\$(FREESWITCH_\w+)/g)].map(([, name]) => name));
    const told = [read('docs/deploy.md'), read('docker-compose.yml')].join('\n');
    const named = [...told.matchAll(/\b(FREESWITCH_(?!IMAGE)[A-Z_]+)\b/g)].map(([, name]) => name);
    assert.deepEqual(
      [...new Set(named)].filter((name) => !known.has(name)),
      [],
    );
  });
});
