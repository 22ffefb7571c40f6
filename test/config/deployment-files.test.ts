import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly volumes?: readonly string[]; readonly depends_on?: unknown }>
  >;
  readonly volumes: Readonly<Record<string, unknown>>;
}

describe('the files of a deployment', () => {
  it('mount nothing that is not there', () => {
    const { services, volumes } = parse(read('docker-compose.yml')) as Compose;
    const mounts = Object.values(services).flatMap(({ volumes: list = [] }) => list);
    assert.ok(mounts.length > 3);
    for (const mount of mounts) {
      const [source = ''] = mount.split(':');
      const isThere = source.startsWith('.') ? existsSync(`${ROOT}${source}`) : source in volumes;
      assert.ok(isThere, mount);
    }
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

  it('name commands and options that the program has', () => {
    const unit = read('config/systemd/dialback.service');
    const commands = [...unit.matchAll(/bin\/dialback (\w+)/g)].map(([, command]) => command);
    assert.deepEqual(commands, ['check', 'run']);
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
    const named = [...told.matchAll(/\b(FREESWITCH_(?!IMAGE)\w+)\b/g)].map(([, name]) => name);
    assert.deepEqual(
      [...new Set(named)].filter((name) => !known.has(name)),
      [],
    );
  });
});
