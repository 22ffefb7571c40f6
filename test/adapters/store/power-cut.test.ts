/**
 * The power goes while the store writes: ext4 on a loop device is shut down under it without its journal
 * being flushed (EXT4_IOC_SHUTDOWN), mounted anew, and everything acknowledged has to be there.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openSqliteStore } from '../../../src/adapters/store/sqlite-store.js';

const ACKNOWLEDGED_MIN = 300;
/** linux/ext4.h: _IOR('X', 125, __u32), and its flag NOLOGFLUSH. */
const SHUT_DOWN = `import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))`;

const quietly = (command: string, ...args: string[]) =>
  execFileSync(command, args, { stdio: 'ignore' });

describe('a power cut under the store', function () {
  this.timeout(60_000);
  let folder: string;
  let mounted: string;

  before(function () {
    folder = mkdtempSync(join(tmpdir(), 'dialback-power-'));
    mounted = join(folder, 'disk');
    mkdirSync(mounted);
    try {
      quietly('truncate', '-s', '64M', join(folder, 'image'));
      quietly('mkfs.ext4', '-q', join(folder, 'image'));
      quietly('mount', '-o', 'loop', join(folder, 'image'), mounted);
    } catch {
      rmSync(folder, { recursive: true });
      console.log('      skipped: a loop device cannot be mounted here (needs root)');
      this.skip();
    }
  });
  after(() => {
    if (mounted === undefined) return;
    try {
      quietly('umount', mounted);
    } catch {
      // Never mounted.
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('loses nothing that was acknowledged', async function () {
    const file = join(mounted, 'dialback.db');
    const script = new URL('./accept-until-killed.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--import', 'tsx', script, file], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = once(child, 'exit');
    const acknowledged: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      acknowledged.push(line);
      if (acknowledged.length !== ACKNOWLEDGED_MIN) continue;
      quietly('python3', '-c', SHUT_DOWN, mounted);
      child.kill('SIGKILL');
    }
    await exited;
    quietly('umount', mounted);
    quietly('mount', '-o', 'loop', join(folder, 'image'), mounted);
    const store = await openSqliteStore({ file });
    const lost: string[] = [];
    for (const id of acknowledged) if ((await store.get(id)) === undefined) lost.push(id);
    await store.close();
    assert.ok(acknowledged.length >= ACKNOWLEDGED_MIN);
    assert.deepEqual(lost, []);
  });
});
