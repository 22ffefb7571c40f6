// `npm run bench:store`: what the two kinds of store do in a second and how soon after its due time a
// callback may be dialled, with many pending, and what the API creates in a second. A bare sync of the
// same disk stands beside it, and on the same PostgreSQL pg-boss and graphile-worker (`-- --no-rivals`
// leaves them out). Then how long the main event loop is held up while the disk is quiet, and while two
// processes write and sync all the time.
// `-- --folder F` puts the files on another disk, `--pending N` has so many callbacks wait.
import { fork } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openPostgresStore } from '../src/adapters/store/postgres/postgres-store.ts';
import { openDatabase } from '../src/adapters/store/sqlite-driver.ts';
import { openSqliteStore } from '../src/adapters/store/sqlite-store.ts';
import { someCallback } from '../test/adapters/store/fixtures.ts';
import { PrivateServer, postgresPrograms } from '../test/adapters/store/postgres/private-server.ts';
import { httpCreates } from './bench/http-creates.mjs';
import { benchGraphile, benchPgBoss, installRivals } from './bench/store-rivals.mjs';
import {
  bareSyncs,
  besideSyncs,
  burst,
  claims,
  drain,
  dueToDial,
  percentile,
} from './bench/store-workload.mjs';

const PER_SECOND = 50;
const SECONDS = 6;
const WRITERS = 2;
const TARGET_MS = 20;
/** Due at this rate, and so many. */
const DUE = { count: 300, perSecond: 20 };
const DRAINED = 3000;
const BURST = 10_000;
const HTTP = { count: 4000, inFlight: 32 };
/** Waiting in the rivals' tables: few, which suits them. */
const PENDING_RIVALS = 10_000;

const row = (...cells) =>
  console.log(cells.map((cell, n) => String(cell).padEnd(n === 0 ? 36 : 14)).join(''));
const ms = (value) => `${value.toFixed(2)} ms`;
const printLoad = (when) => row(`load average ${when}`, loadavg()[0].toFixed(1));

async function measure(folder, name) {
  const store = await openSqliteStore({ file: join(folder, `${name.replace(' ', '-')}.db`) });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const times = [];
  const accepting = [];
  await sleep(200);
  delay.enable();
  const startedAt = performance.now();
  for (let n = 0; n < PER_SECOND * SECONDS; n++) {
    await sleep(Math.max(0, startedAt + (n * 1000) / PER_SECOND - performance.now()));
    const before = performance.now();
    const accepted = store.accept(someCallback({ id: `${name}-${n}` }));
    accepting.push(accepted.then(() => times.push(performance.now() - before)));
  }
  await Promise.all(accepting);
  delay.disable();
  await store.close();
  const loop = delay.percentile(99) / 1e6;
  row(`${name}: insert until durable`, ms(percentile(times, 0.5)), ms(percentile(times, 0.99)));
  row(`${name}: event loop delay`, ms(delay.percentile(50) / 1e6), ms(loop));
  row('  p99 to its target', `target ${TARGET_MS} ms`, `x ${(loop / TARGET_MS).toFixed(2)}`);
}

const rate = (value) => `${Math.round(value)}/s`;
const atLeast = (value, target) => `target ${target}, x ${(value / target).toFixed(2)}`;

/** Beside it stands what the disk and the machine did to a bare sync at the same time. */
async function dueToDialBeside(folder, name, store, kind, targets) {
  const { count, perSecond } = DUE;
  const work = () => dueToDial(store, kind, count, perSecond);
  const { result, syncs } = await besideSyncs(folder, work);
  const list = result.map(({ lateMs }) => lateMs);
  const taken = syncs.map(({ tookMs }) => tookMs);
  const [p50, p99] = targets;
  row(name, ms(percentile(list, 0.5)), ms(percentile(list, 0.99)), `targets ${p50} and ${p99} ms`);
  row('  a bare sync meanwhile', ms(percentile(taken, 0.5)), ms(percentile(taken, 0.99)));
  const late = result.filter(({ lateMs }) => lateMs > p99);
  const excused = late.filter(({ atMs, lateMs }) => {
    const near = syncs.filter((one) => one.atMs < atMs && one.atMs + one.tookMs > atMs - lateMs);
    return near.some(({ tookMs }) => tookMs > p99 / 4);
  });
  const what = `${late.length} of ${count}, ${excused.length} while a bare sync took over ${p99 / 4} ms`;
  row(`  later than ${p99} ms`, what);
  return list;
}

async function printSyncs(folder, name) {
  const taken = await bareSyncs(folder);
  row(`bare sync, ${name}`, ms(percentile(taken, 0.5)), ms(percentile(taken, 0.99)));
}

/** Callbacks wanted in a month, written past the store: making them is not what is measured. */
const PENDING_COLUMNS = `id, service_name, customer_number, created_at_ms, desired_at_ms,
  expires_at_ms, user_data, lookup_keys, request_options, state, due_at_ms, updated_at_ms`;
const pendingRow = (at) => `'pending-' || n, 'sales', '+1555' || (10000000 + n), 0, ${at} + n,
  ${at} + 99999999, '{"product":"kettle"}', '{}', '{}', 'SCHEDULED', ${at} + n, 0`;

async function benchSqlite(folder, pending) {
  const file = join(folder, 'dialback.db');
  await (await openSqliteStore({ file })).close();
  const database = openDatabase(file, 0);
  database.exec(`WITH RECURSIVE numbers (n) AS (
      SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${pending}
    )
    INSERT INTO callbacks (${PENDING_COLUMNS})
    SELECT ${pendingRow(Date.now() + 30 * 86_400_000)} FROM numbers`);
  database.close();
  const startedAt = performance.now();
  const store = await openSqliteStore({ file });
  await store.takeOverLegs(Date.now());
  await store.takeOverLeftovers();
  await store.dueServices();
  row(`SQLite, ${pending} pending: start`, ms(performance.now() - startedAt), '', 'target 2000 ms');
  const created = await burst(store, 'sqlite', BURST);
  row('SQLite: durable creates, burst', rate(created), '', atLeast(created, 10_000));
  row('SQLite: claims', rate(await claims(store, 'sqlite', DRAINED)));
  row('SQLite: drain', rate(await drain(store, 'sqlite', DRAINED)));
  await dueToDialBeside(folder, 'SQLite: due to dial', store, 'sqlite', [10, 50]);
  await store.close();
}

async function benchPostgres(folder, server, pending) {
  await (await openPostgresStore({ url: server.url })).close();
  await server.query(`INSERT INTO dialback.callbacks (${PENDING_COLUMNS})
    SELECT ${pendingRow(`${Date.now() + 30 * 86_400_000}::bigint`)}
    FROM generate_series(1, ${pending}) AS n`);
  await server.query('VACUUM ANALYZE dialback.callbacks');
  // What the rows left in its memory is not written while something else is measured.
  await server.query('CHECKPOINT');
  const startedAt = performance.now();
  const store = await openPostgresStore({ url: server.url });
  await store.takeOverLegs(Date.now());
  await store.takeOverLeftovers();
  await store.dueServices();
  row(`PostgreSQL, ${pending} pending: start`, ms(performance.now() - startedAt));
  row('PostgreSQL: durable creates, burst', rate(await burst(store, 'pg', DRAINED)));
  const claimed = await claims(store, 'pg', DRAINED);
  row('PostgreSQL: claims', rate(claimed), '', atLeast(claimed, 1500));
  const drained = await drain(store, 'pg', DRAINED);
  row('PostgreSQL: drain', rate(drained));
  const name = 'PostgreSQL: due to dial';
  const lateness = await dueToDialBeside(folder, name, store, 'pg', [10, 100]);
  await store.close();
  return { lateness, rate: drained };
}

/** The client takes its part of the same two cores. */
async function benchHttp(folder) {
  const { perSecond, ourMs, clientMs } = await httpCreates(folder, HTTP);
  row('HTTP: durable creates', rate(perSecond), '', atLeast(perSecond, 1000));
  row('  processor time of one', ms(ourMs), '', `the client's: ${ms(clientMs)}`);
}

function compare(name, ours, theirs, times) {
  const [mine, other] = [percentile(ours.lateness, 0.5), percentile(theirs.lateness, 0.5)];
  row(`${name}: due to start`, ms(other), ms(percentile(theirs.lateness, 0.99)));
  row(
    '  median, times ours',
    `x ${(other / Math.max(mine, 0.5)).toFixed(0)}`,
    '',
    `target ${times}`,
  );
  row(`${name}: drain`, rate(theirs.rate));
  const target = name === 'pg-boss' ? 'target 5' : '';
  row('  ours, times theirs', `x ${(ours.rate / theirs.rate).toFixed(1)}`, '', target);
}

async function benchServer(folder, pending, withRivals) {
  if (postgresPrograms() === undefined) return row('PostgreSQL is not installed');
  const server = await PrivateServer.start(folder);
  try {
    const ours = await benchPostgres(folder, server, pending);
    const load = withRivals ? installRivals(join(folder, 'rivals')) : undefined;
    if (load === undefined) return;
    const how = { pending: PENDING_RIVALS, ...DUE, drained: DRAINED };
    compare('pg-boss', ours, await benchPgBoss(load, server.url, how), 20);
    const query = (sql) => server.query(sql);
    compare('graphile-worker', ours, await benchGraphile(load, server.url, query, how), 5);
  } finally {
    await server.stop();
  }
}

const { values: options } = parseArgs({
  options: {
    folder: { type: 'string', default: tmpdir() },
    pending: { type: 'string', default: '1000000' },
    'no-rivals': { type: 'boolean', default: false },
  },
});
const folder = await mkdtemp(join(options.folder, 'dialback-bench-'));
await chmod(folder, 0o755);
printLoad('before');
row('', 'p50', 'p99');
await printSyncs(folder, 'before');
await benchSqlite(folder, Number(options.pending));
await printSyncs(folder, 'between');
await benchHttp(folder);
printLoad('between');
await benchServer(folder, Number(options.pending), !options['no-rivals']);
await printSyncs(folder, 'after');
printLoad('between');
row(`${PER_SECOND} callbacks a second`, 'p50', 'p99');
await measure(folder, 'quiet disk');
let written = 0;
const writers = Array.from({ length: WRITERS }, (_, n) => {
  const child = fork(fileURLToPath(new URL('./bench/disk-writer.mjs', import.meta.url)), [
    join(folder, `noise-${n}`),
  ]);
  return child.on('message', () => written++);
});
const startedAt = performance.now();
await measure(folder, 'busy disk');
const mibPerSecond = (written * 8) / ((performance.now() - startedAt) / 1000);
row('  written and synced beside it', `${mibPerSecond.toFixed(0)} MiB/s`);
printLoad('after');
for (const writer of writers) writer.disconnect();
await rm(folder, { recursive: true, force: true, maxRetries: 5 });
exit(0);
