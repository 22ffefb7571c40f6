import assert from 'node:assert/strict';
import { once, EventEmitter } from 'node:events';
import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { ConfigWatcher } from '../../../src/adapters/config/config-watcher.js';
import { TemporaryFolder } from '../../config/temporary-config.js';

const QUIET_MS = 400;

/** Watches a file of its own; the clock says when a change was seen. */
function setUp(watchFolder = false) {
  const folder = new TemporaryFolder();
  const file = folder.write('dialback.yaml', 'engine: embedded\n');
  const clock = virtualClock();
  const seen = new EventEmitter();
  let reloads = 0;
  const warnings: string[] = [];
  const warn = (_fields: object, message: string) => void warnings.push(message);
  let work = () => Promise.resolve();
  const watcher = new ConfigWatcher({
    file: watchFolder ? dirname(file) : file,
    clock: {
      nowMs: () => clock.nowMs(),
      after: (delayMs, run) => {
        seen.emit('change');
        return clock.after(delayMs, run);
      },
    },
    log: { debug: warn, info: warn, warn, error: warn },
    reload: () => {
      reloads += 1;
      return work();
    },
  });
  return {
    folder,
    file,
    clock,
    watcher,
    warnings,
    change: () => once(seen, 'change', { signal: AbortSignal.timeout(5000) }),
    reloads: () => reloads,
    working: (next: () => Promise<void>) => (work = next),
    close: async () => {
      await watcher.stop();
      folder.remove();
    },
  };
}

describe('ConfigWatcher', () => {
  it('asks for one reload when a file that was replaced several times is quiet again', async () => {
    const t = setUp();
    for (const text of ['a', 'b', 'c']) {
      const changed = t.change();
      renameSync(t.folder.write('new', text), t.file);
      await changed;
      await t.clock.advance(QUIET_MS - 1);
    }
    assert.equal(t.reloads(), 0);
    await t.clock.advance(QUIET_MS);
    assert.equal(t.reloads(), 1);
    await t.close();
    assert.equal(t.clock.pendingCount, 0);
  });

  it('sees a new file in a folder, and nothing of what is not YAML', async () => {
    const t = setUp(true);
    t.folder.write('data.db', 'x');
    const changed = t.change();
    t.folder.write('more.yaml', 'x');
    await changed;
    await t.clock.advance(QUIET_MS);
    assert.equal(t.reloads(), 1);
    await t.close();
  });

  it('reloads once more when asked during a reload, and not twice at a time', async () => {
    const t = setUp();
    let finish = () => {};
    t.working(() => new Promise((resolve) => (finish = resolve)));
    t.watcher.poke();
    await t.clock.advance(QUIET_MS);
    t.watcher.poke();
    await t.clock.advance(QUIET_MS);
    assert.equal(t.reloads(), 1);
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    await t.clock.advance(QUIET_MS);
    assert.equal(t.reloads(), 2);
    finish();
    await t.close();
  });

  it('logs a reload that breaks, and lives on', async () => {
    const t = setUp();
    t.working(() => Promise.reject(new Error('no memory')));
    t.watcher.poke();
    await t.clock.advance(QUIET_MS);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(t.warnings, ['the configuration could not be read again']);
    t.watcher.poke();
    await t.clock.advance(QUIET_MS);
    assert.equal(t.reloads(), 2);
    await t.close();
  });

  it('says when nothing can be watched, and still reloads on request', async () => {
    const folder = new TemporaryFolder();
    folder.remove();
    const clock = virtualClock();
    const said: string[] = [];
    const warn = (_fields: object, message: string) => void said.push(message);
    let reloads = 0;
    const watcher = new ConfigWatcher({
      file: `${folder.path}/dialback.yaml`,
      clock,
      log: { debug: warn, info: warn, warn, error: warn },
      reload: async () => void (reloads += 1),
    });
    assert.match(said[0] ?? '', /send SIGHUP/);
    watcher.poke();
    await clock.advance(QUIET_MS);
    assert.equal(reloads, 1);
    await watcher.stop();
  });
});
