// `npm run bench:store`: how long a callback takes to be durable in SQLite, and how long the main
// event loop is held up meanwhile, with a quiet disk and with two processes that write and sync all
// the time. The database goes to the folder given (a real disk, not memory), else to a temporary one.
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { argv, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSqliteStore } from '../src/adapters/store/sqlite-store.ts';
import { someCallback } from '../test/adapters/store/fixtures.ts';

const PER_SECOND = 50;
const SECONDS = 6;
const WRITERS = 2;
const TARGET_MS = 20;

const row = (...cells) =>
  console.log(cells.map((cell, n) => String(cell).padEnd(n === 0 ? 36 : 14)).join(''));
const ms = (value) => `${value.toFixed(2)} ms`;
const percentile = (list, share) => list.toSorted((a, b) => a - b)[Math.floor(share * list.length)];
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

const folder = await mkdtemp(join(argv[2] ?? tmpdir(), 'dialback-bench-'));
printLoad('before');
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
