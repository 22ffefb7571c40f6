// What a store of ours is measured with, SQLite or PostgreSQL alike.
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../src/adapters/log.ts';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { Scheduler } from '../../src/schedule/scheduler.ts';
import { someCallback } from '../../test/adapters/store/fixtures.ts';

export const percentile = (list, share) =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))];

/** Milliseconds that writing one page and syncing it takes there, so many times. */
export async function bareSyncs(folder, times = 200) {
  const disk = await BareDisk.open(folder);
  const taken = [];
  for (let n = 0; n < times; n += 1) taken.push((await disk.sync()).tookMs);
  await disk.close();
  return taken;
}

/** A page is written and synced every 50 ms beside the work. @returns what the work returns, and those */
export async function besideSyncs(folder, work) {
  const disk = await BareDisk.open(folder);
  const syncs = [];
  let isOver = false;
  const beside = (async () => {
    while (!isOver) {
      syncs.push(await disk.sync());
      await sleep(50);
    }
  })();
  const result = await work();
  isOver = true;
  await beside;
  await disk.close();
  return { result, syncs };
}

class BareDisk {
  #count = 0;

  constructor(path, file) {
    this.path = path;
    this.file = file;
  }

  static async open(folder) {
    const path = join(folder, 'bare-sync');
    return new BareDisk(path, await open(path, 'w'));
  }

  async sync() {
    const atMs = Date.now();
    const before = performance.now();
    await this.file.write(PAGE, 0, PAGE.length, PAGE.length * this.#count++);
    await this.file.datasync();
    return { atMs, tookMs: performance.now() - before };
  }

  async close() {
    await this.file.close();
    await rm(this.path);
  }
}

/** Until the first is due: time to accept them all. */
const HEAD_START_MS = 5000;
const PAGE = Buffer.alloc(4096);
const future = () => Date.now() + 30 * 24 * 3_600_000;
const callback = (id, desiredAtMs, number) =>
  someCallback({
    id,
    customerNumber: number,
    createdAtMs: Date.now(),
    desiredAtMs,
    expiresAtMs: future(),
  });

/** Durable creates a second, all asked for at once. */
export async function burst(store, name, count) {
  const at = future();
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      store.accept(callback(`${name}-burst-${n}`, at, `+1888${String(n).padStart(7, '0')}`)),
    ),
  );
  return count / ((performance.now() - startedAt) / 1000);
}

const take = (store, id, attempt = 1) =>
  store.commit(
    id,
    {
      dialLock: 'take',
      record: { attemptCount: attempt },
      attempt: { attempt, callId: `call-${id}`, number: '1', startedAtMs: Date.now() },
    },
    { durable: true },
  );
const complete = (store, id) =>
  store.commit(
    id,
    { record: { state: 'COMPLETED', reason: 'AGENT_CONNECTED' } },
    { durable: true },
  );

/** From the due time until the attempt is on disk and the INVITE may leave: `{ atMs, lateMs }`. */
export async function dueToDial(store, name, count, perSecond) {
  const lateness = [];
  const base = Date.now() + HEAD_START_MS;
  const dueAt = new Map(
    Array.from({ length: count }, (_, n) => [
      `${name}-due-${n}`,
      base + Math.round((n * 1000) / perSecond),
    ]),
  );
  // All at once: whoever is late here would be late there.
  const each = [...dueAt].map(([id, atMs], n) =>
    store.accept(callback(id, atMs, `+1777${String(n).padStart(7, '0')}`)),
  );
  await Promise.all(each);
  if (Date.now() > base - 500)
    throw new Error('Too slow to have them all before the first is due.');
  await new Promise((resolve) => {
    const scheduler = new Scheduler({
      store,
      clock: systemClock(),
      log: silentLog,
      freeCapacity: () => 100,
      isReady: () => true,
      startSession: ({ id }) => {
        void take(store, id).then(async () => {
          const atMs = Date.now();
          if (dueAt.has(id)) lateness.push({ atMs, lateMs: atMs - dueAt.get(id) });
          await complete(store, id);
          if (lateness.length === count) void scheduler.stop().then(resolve);
        });
      },
    });
    scheduler.start();
  });
  return lateness;
}

async function acceptDue(store, name, count) {
  const at = Date.now() - 1000;
  const each = Array.from({ length: count }, (_, n) =>
    store.accept(callback(`${name}-${n}`, at, `+1666${String(n).padStart(7, '0')}`)),
  );
  await Promise.all(each);
}

/** Callbacks claimed a second, fifty at a time, as the scheduler does it. */
export async function claims(store, name, count) {
  await acceptDue(store, `${name}-claim`, count);
  const startedAt = performance.now();
  const ids = [];
  for (;;) {
    const claimed = await store.claimDue(Date.now(), 50);
    if (claimed.length === 0) break;
    ids.push(...claimed.map(({ id }) => id));
  }
  const rate = ids.length / ((performance.now() - startedAt) / 1000);
  await Promise.all(ids.map((id) => complete(store, id)));
  return rate;
}

/** Due callbacks claimed, dialled and completed a second: two durable transactions beside the claim. */
export async function drain(store, name, count) {
  await acceptDue(store, `${name}-drain`, count);
  const startedAt = performance.now();
  let done = 0;
  const busy = new Set();
  while (done < count) {
    const claimed = await store.claimDue(Date.now(), 50);
    for (const { id } of claimed) {
      const one = take(store, id)
        .then(() => complete(store, id))
        .then(() => {
          busy.delete(one);
          done += 1;
        });
      busy.add(one);
    }
    if (busy.size >= 50 || claimed.length === 0) await Promise.race(busy);
  }
  return count / ((performance.now() - startedAt) / 1000);
}
