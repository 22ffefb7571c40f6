import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openSqliteStore } from '../../../src/adapters/store/sqlite-store.js';
import { openDatabase } from '../../../src/adapters/store/sqlite-driver.js';
import type { CallbackStore } from '../../../src/schedule/callback-store.js';
import { describeStore } from './conformance.js';
import { CLEANED_TABLES, someCallback, someStep } from './fixtures.js';

describe('SQLite behind the store interface', () => {
  let folder: string;
  let file: string;
  let store: CallbackStore | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-store-'));
    file = join(folder, 'data', 'dialback.db');
  });
  after(async () => {
    await store?.close();
    await rm(folder, { recursive: true, force: true });
  });

  // A thread per test would be most of the suite's time: one store is emptied instead.
  describeStore('The SQLite store', async () => {
    if (store?.isWritable) emptyTables(file);
    else store = await openSqliteStore({ file });
    return {
      store,
      async reopen() {
        await store?.close();
        store = await openSqliteStore({ file });
        return store;
      },
      async dispose() {
        if (store?.isWritable) return;
        emptyTables(file);
      },
    };
  });
});

function emptyTables(file: string): void {
  const database = openDatabase(file, 1000);
  for (const table of CLEANED_TABLES) database.run(`DELETE FROM ${table}`);
  database.close();
}

describe('The SQLite file', () => {
  let folder: string;
  let file: string;
  const open: CallbackStore[] = [];
  const openStore = async (options: { sizeMaxBytes?: number } = {}): Promise<CallbackStore> => {
    const store = await openSqliteStore({ file, ...options });
    open.push(store);
    return store;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-store-'));
    file = join(folder, 'dialback.db');
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('lets no second user in, and the next one once the first has closed', async () => {
    const first = await openStore();
    await assert.rejects(openSqliteStore({ file }), { code: 'STORE_LOCKED' });
    await first.accept(someCallback());
    await first.close();
    assert.equal((await (await openStore()).find({})).length, 1);
  });

  it('marks what is its own by a name that outlives the process', async () => {
    const store = await openStore();
    const id = await store.ownerId();
    await store.close();
    assert.equal(await (await openStore()).ownerId(), id);
  });

  it('can be read by others while it is in use', async () => {
    const store = await openStore();
    await store.accept(someCallback());
    const reader = openDatabase(file, 0);
    assert.equal(reader.get('SELECT count(*) AS count FROM callbacks')?.['count'], 1);
    reader.close();
  });

  it('is readable by its owner only', async () => {
    await openStore();
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  it('takes in what is in its log while it is in use', async () => {
    const store = await openStore();
    const userData = { filler: 'x'.repeat(50_000) };
    for (let n = 0; n < 120; n += 1) await store.accept(someCallback({ userData }));
    await store.find({ limit: 1 });
    assert.ok((await stat(file)).size > 4_000_000);
  });

  it('gives back the room that its log took while somebody read', async () => {
    const store = await openStore();
    const reader = openDatabase(file, 0);
    reader.exec('BEGIN');
    reader.get('SELECT count(*) AS count FROM callbacks');
    const userData = { filler: 'x'.repeat(50_000) };
    const some = Array.from({ length: 300 }, () => someCallback({ userData }));
    await Promise.all(some.map((one) => store.accept(one)));
    const logBytes = async () => (await stat(`${file}-wal`)).size;
    assert.ok((await logBytes()) > 12_000_000);
    reader.exec('COMMIT');
    // Copied after the first, begun anew by the second.
    for (let n = 0; n < 3; n += 1) await store.accept(someCallback());
    assert.ok((await logBytes()) < 9_000_000);
    reader.close();
  });

  it('is refused when a newer version wrote it, or when it is no database', async () => {
    const database = openDatabase(file, 0);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await assert.rejects(openSqliteStore({ file }), { code: 'STORE_UNREADABLE' });
    file = new URL(import.meta.url).pathname;
    await assert.rejects(openSqliteStore({ file }), { code: 'STORE_UNREADABLE' });
    await rm(`${file}.lock`, { force: true });
  });

  it('reports a full disk as such, loses nothing acknowledged, and recovers', async () => {
    const store = await openStore({ sizeMaxBytes: 400_000 });
    const failures: string[] = [];
    store.onFailure((error) => failures.push(error.code));
    const filler = 'x'.repeat(50_000);
    const acknowledged: string[] = [];
    const fill = async (): Promise<void> => {
      for (;;) {
        const record = await store.accept(someCallback({ userData: { filler } }));
        acknowledged.push(record.id);
      }
    };
    await assert.rejects(fill(), { code: 'STORE_FULL' });
    assert.equal(store.isWritable, false);
    assert.deepEqual(failures, ['STORE_FULL']);
    assert.deepEqual(
      (await store.find({ limit: 1000 })).map((record) => record.id).sort(),
      acknowledged.sort(),
    );

    const worksAgain = new Promise<void>((resolve) => store.onWork(() => resolve()));
    for (const id of acknowledged) await store.requestCancel(id, 'admin', 1).catch(() => undefined);
    await store.purge(2);
    await worksAgain;
    assert.equal(store.isWritable, true);
    await store.accept(someCallback());
  });

  it('tells of a write behind that failed', async () => {
    const store = await openStore({ sizeMaxBytes: 400_000 });
    const { id } = await store.accept(someCallback());
    const failure = new Promise<string>((resolve) =>
      store.onFailure((error) => resolve(error.code)),
    );
    const step = someStep({ because: 'x'.repeat(500_000) });
    assert.deepEqual(await store.commit(id, { step }, { durable: false }), { ok: true });
    assert.equal(await failure, 'STORE_FULL');
    assert.equal(store.isWritable, false);
  });

  it('has every acknowledged callback after the process was killed', async () => {
    const acknowledged = await acknowledgedBeforeKill(file, 300);
    assert.ok(acknowledged.length >= 300);
    const store = await openStore();
    const lost: string[] = [];
    for (const id of acknowledged) if ((await store.get(id)) === undefined) lost.push(id);
    assert.deepEqual(lost, []);
    const leftovers = await store.takeOverLeftovers();
    assert.ok(leftovers.length > 0);
    assert.ok(leftovers.every((record) => record.openAttempt !== undefined));
  }).timeout(20_000);
});

/** Runs a process that accepts and dials without end, and kills it after so many acknowledgements. */
async function acknowledgedBeforeKill(file: string, count: number): Promise<string[]> {
  const script = new URL('./accept-until-killed.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const ids: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    ids.push(line);
    if (ids.length === count) child.kill('SIGKILL');
  }
  const [, signal] = (await exited) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  return ids;
}
