import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

describe('npm run sbom', function () {
  this.timeout(60_000);

  it('lists what is delivered, each with the version that is pinned, and nothing for development', function () {
    const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as Manifest;
    const [command = '', ...args] = manifest.scripts['sbom']?.split(' ') ?? [];
    assert.equal(command, 'npm');
    // The lock file alone is read: what else lies in a folder of modules is nobody's delivery.
    const run = spawnSync(command, [...args, '--package-lock-only'], {
      ...{ cwd: ROOT, encoding: 'utf8', timeout: 50_000, shell: process.platform === 'win32' },
      env: { ...process.env, npm_config_offline: 'true', npm_config_update_notifier: 'false' },
    });
    if (run.error && 'code' in run.error && run.error.code === 'ENOENT') {
      console.log('      skipped: no npm');
      return this.skip();
    }
    assert.equal(run.status, 0, run.stderr);
    const bill = JSON.parse(run.stdout) as {
      readonly bomFormat: string;
      readonly components: readonly { readonly name: string; readonly version: string }[];
    };
    assert.equal(bill.bomFormat, 'CycloneDX');
    const versions = new Map(bill.components.map(({ name, version }) => [name, version]));
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      assert.equal(versions.get(name), version, name);
    }
    for (const name of ['mocha', 'typescript', 'eslint']) {
      assert.ok(Object.hasOwn(manifest.devDependencies, name));
      assert.ok(!versions.has(name), `${name} is not delivered`);
    }
  });
});
