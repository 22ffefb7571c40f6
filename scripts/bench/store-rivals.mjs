// pg-boss and graphile-worker on the same PostgreSQL, installed apart. Latency with their defaults;
// the drain with settings that suit them (large batches, the shortest poll).
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const PACKAGES = ['pg-boss@10.4.2', 'graphile-worker@0.17.3'];
const FUTURE_MS = 30 * 24 * 3_600_000;
const PAGE = 5000;

/** @returns what loads them, or undefined when they cannot be installed */
export function installRivals(folder) {
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const { status } = spawnSync('npm', ['install', '--prefix', folder, ...flags, ...PACKAGES], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0 ? createRequire(join(folder, 'rivals.cjs')) : undefined;
}

const rateOf = (count, startedAt) => count / ((performance.now() - startedAt) / 1000);

export async function benchPgBoss(load, url, { pending, count, perSecond, drained }) {
  const PgBoss = load('pg-boss');
  const boss = new PgBoss({ connectionString: url, schema: 'pgboss_bench' });
  boss.on('error', () => undefined);
  await boss.start();
  for (const queue of ['due', 'drain']) await boss.createQueue(queue);
  for (let n = 0; n < pending; n += PAGE) {
    const startAfter = new Date(Date.now() + FUTURE_MS);
    const page = Array.from({ length: Math.min(PAGE, pending - n) }, (_, i) => ({
      name: 'due',
      data: { n: n + i },
      startAfter,
    }));
    await boss.insert(page);
  }
  const lateness = [];
  const base = Date.now() + 3000;
  for (let n = 0; n < count; n += 1) {
    const dueAt = base + Math.round((n * 1000) / perSecond);
    await boss.send('due', { dueAt }, { startAfter: new Date(dueAt) });
  }
  // Its default takes one job a poll: it would never catch up. The poll is its default, the batch not.
  const hear = (jobs) => {
    for (const { data } of jobs) lateness.push(Date.now() - data.dueAt);
    return Promise.resolve();
  };
  await boss.work('due', { batchSize: 50 }, hear);
  while (lateness.length < count) await sleep(100);
  await boss.offWork('due');
  for (let n = 0; n < drained; n += PAGE) {
    const size = Math.min(PAGE, drained - n);
    await boss.insert(Array.from({ length: size }, () => ({ name: 'drain', data: {} })));
  }
  let done = 0;
  const startedAt = performance.now();
  const options = { batchSize: 50, pollingIntervalSeconds: 0.5 };
  for (let worker = 0; worker < 2; worker += 1) {
    await boss.work('drain', options, (jobs) => {
      done += jobs.length;
      return Promise.resolve();
    });
  }
  while (done < drained) await sleep(10);
  const rate = rateOf(drained, startedAt);
  await boss.stop({ graceful: false });
  return { lateness, rate };
}

export async function benchGraphile(load, url, query, { pending, count, perSecond, drained }) {
  const { run, makeWorkerUtils, Logger } = load('graphile-worker');
  const logger = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  await utils.migrate();
  await query(
    `SELECT count(graphile_worker.add_job('due', '{}', NULL, now() + interval '30 days'))
     FROM generate_series(1, ${pending})`,
  );
  const lateness = [];
  const base = Date.now() + 3000;
  for (let n = 0; n < count; n += 1) {
    const dueAt = base + Math.round((n * 1000) / perSecond);
    await utils.addJob('due', { dueAt }, { runAt: new Date(dueAt) });
  }
  let done = 0;
  const taskList = {
    due: ({ dueAt }) => void lateness.push(Date.now() - dueAt),
    drain: () => void (done += 1),
  };
  const common = { connectionString: url, taskList, noHandleSignals: true, logger };
  const byDefault = await run(common);
  while (lateness.length < count) await sleep(100);
  await byDefault.stop();
  await query(
    `SELECT count(graphile_worker.add_job('drain', '{}')) FROM generate_series(1, ${drained})`,
  );
  const startedAt = performance.now();
  const many = await run({ ...common, concurrency: 50 });
  while (done < drained) await sleep(10);
  const rate = rateOf(drained, startedAt);
  await many.stop();
  await utils.release();
  return { lateness, rate };
}
