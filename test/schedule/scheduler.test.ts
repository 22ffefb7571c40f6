import assert from 'node:assert/strict';
import { virtualClock, type VirtualClock } from '../../src/adapters/clock/virtual-clock.js';
import type { Log } from '../../src/ports.js';
import type { CallbackRecord, Change } from '../../src/schedule/callback-store.js';
import type { ClaimOf, DueService } from '../../src/schedule/due-services.js';
import { Scheduler, type SchedulerDeps } from '../../src/schedule/scheduler.js';
import { someCallback } from '../adapters/store/fixtures.js';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

const CLAIMABLE = {
  state: 'QUEUED',
  dueAtMs: 0,
  attemptCount: 0,
  claimed: false,
  updatedAtMs: 0,
} as const;

/** Just enough of a store to schedule from; what SQL does is the store's own test. */
class FewCallbacks {
  readonly waiting: CallbackRecord[] = [];
  readonly handedBack: { id: string; change: Change }[] = [];
  readonly claims: number[] = [];
  /** How often it was asked what is due. */
  asked = 0;
  isWritable = true;
  failure: Error | undefined;
  #onWork: (when: 'now' | 'soon') => void = () => undefined;
  listenerCount = 0;

  add(id: string, dueAtMs: number, serviceName = 'sales'): void {
    this.waiting.push({ ...someCallback({ id, serviceName }), ...CLAIMABLE, dueAtMs });
    this.#onWork('now');
  }

  /** One that was there already may be claimed now. */
  free(id: string): void {
    this.waiting.push({ ...someCallback({ id }), ...CLAIMABLE });
    this.#onWork('soon');
  }

  async claimDue(nowMs: number, limit: number, of?: ClaimOf): Promise<CallbackRecord[]> {
    this.claims.push(limit);
    const due = this.waiting
      .filter(({ serviceName }) => serviceName === (of?.serviceName ?? serviceName))
      .filter(({ dueAtMs }) => dueAtMs <= nowMs && dueAtMs >= (of?.dueFromMs ?? 0))
      .slice(0, limit);
    for (const record of due) this.waiting.splice(this.waiting.indexOf(record), 1);
    return due;
  }

  async dueServices(): Promise<DueService[]> {
    this.asked += 1;
    if (this.failure) throw this.failure;
    const names = new Set(this.waiting.map(({ serviceName }) => serviceName));
    return [...names].map((serviceName) => ({
      serviceName,
      dueAtMs: Math.min(
        ...this.waiting.filter((one) => one.serviceName === serviceName).map((o) => o.dueAtMs),
      ),
    }));
  }

  async commit(id: string, change: Change): Promise<{ ok: true }> {
    this.handedBack.push({ id, change });
    return { ok: true };
  }

  onWork(handler: (when: 'now' | 'soon') => void): () => void {
    this.#onWork = handler;
    this.listenerCount += 1;
    return () => {
      this.#onWork = () => undefined;
      this.listenerCount -= 1;
    };
  }
}

describe('The scheduler', () => {
  let clock: VirtualClock;
  let store: FewCallbacks;
  let started: string[];
  let capacity: number;
  let isReady: boolean;
  let scheduler: Scheduler;

  const startAtMs = Date.UTC(2026, 0, 15, 12);
  const dueIn = (ms: number): number => startAtMs + ms;

  function build(changes: Partial<SchedulerDeps> = {}): Scheduler {
    return new Scheduler({
      store,
      clock,
      log: silent,
      freeCapacity: () => capacity,
      isReady: () => isReady,
      startSession: (record) => started.push(record.id),
      ...changes,
    });
  }

  beforeEach(() => {
    clock = virtualClock(startAtMs);
    store = new FewCallbacks();
    started = [];
    capacity = 10;
    isReady = true;
    scheduler = build();
  });
  afterEach(async () => {
    await scheduler.stop();
    assert.equal(clock.pendingCount, 0);
    assert.equal(store.listenerCount, 0);
  });

  it('starts what is due at once and the rest at its very millisecond', async () => {
    store.add('now', dueIn(0));
    store.add('later', dueIn(5000));
    scheduler.start();
    await clock.advance(4999);
    assert.deepEqual(started, ['now']);
    await clock.advance(1);
    assert.deepEqual(started, ['now', 'later']);
  });

  it('wakes for new work that is due before what it slept for', async () => {
    store.add('far', dueIn(3_600_000));
    scheduler.start();
    await clock.advance(500);
    store.add('near', dueIn(500));
    await clock.advance(0);
    assert.deepEqual(started, ['near']);
    await clock.advance(3_600_000);
    assert.deepEqual(started, ['near', 'far']);
  });

  it('claims no more than there is capacity for, and goes on when poked', async () => {
    for (const id of ['a', 'b', 'c']) store.add(id, dueIn(0));
    scheduler = build({
      startSession: (record) => {
        started.push(record.id);
        capacity -= 1;
      },
    });
    capacity = 2;
    scheduler.start();
    await clock.advance(100);
    assert.deepEqual(started, ['a', 'b']);
    capacity = 1;
    scheduler.poke();
    await clock.advance(0);
    assert.deepEqual(started, ['a', 'b', 'c']);
  });

  it('asks when there is room again only if something was due that had none', async () => {
    scheduler.start();
    store.add('a', dueIn(0));
    await clock.advance(0);
    const asked = store.asked;
    for (let n = 0; n < 5; n += 1) scheduler.roomCame();
    await clock.advance(0);
    assert.equal(store.asked, asked);
    capacity = 0;
    store.add('b', dueIn(0));
    await clock.advance(0);
    capacity = 1;
    scheduler.roomCame();
    await clock.advance(0);
    assert.deepEqual(started, ['a', 'b']);
  });

  it('misses no room that comes while it asks', async () => {
    store.add('a', dueIn(0));
    let free = 0;
    scheduler = build({ roomOf: () => ({ free, share: 1, leftOverAfterMs: Infinity }) });
    scheduler.start();
    free = 1;
    scheduler.roomCame();
    free = 0;
    const dueServices = store.dueServices.bind(store);
    store.dueServices = async () => {
      const due = await dueServices();
      queueMicrotask(() => {
        free = 1;
        scheduler.roomCame();
      });
      return due;
    };
    await clock.advance(0);
    assert.deepEqual(started, ['a']);
  });

  it('looks for what nobody waits for together with what comes within a tenth of a second', async () => {
    scheduler.start();
    await clock.advance(1000);
    const asked = store.asked;
    store.free('a');
    store.free('b');
    await clock.advance(99);
    assert.deepEqual([started, store.asked], [[], asked]);
    await clock.advance(1);
    assert.deepEqual([started, store.asked], [['a', 'b'], asked + 2], 'and when there is more');
    store.free('c');
    store.add('d', dueIn(0));
    await clock.advance(0);
    assert.deepEqual(started.slice(2), ['c', 'd']);
  });

  it('starts each at its very millisecond, however soon after others', async () => {
    for (const id of ['a', 'b', 'c']) store.add(id, dueIn(1000));
    store.add('soon', dueIn(1020));
    store.add('sooner', dueIn(1001));
    scheduler.start();
    await clock.advance(1000);
    await clock.advance(1);
    assert.deepEqual(started.slice(3), ['sooner']);
    await clock.advance(19);
    assert.deepEqual(started.slice(4), ['soon']);
  });

  it('drains more than one claim holds', async () => {
    for (let index = 0; index < 120; index += 1) store.add(`c${index}`, dueIn(0));
    capacity = 1000;
    scheduler.start();
    await clock.advance(0);
    assert.equal(started.length, 120);
    assert.ok(Math.max(...store.claims) <= 50);
  });

  it('claims nothing while the infrastructure is down, and goes on when it is back', async () => {
    store.add('a', dueIn(0));
    isReady = false;
    scheduler.start();
    await clock.advance(60_000);
    assert.deepEqual(started, []);
    assert.deepEqual(store.claims, []);
    isReady = true;
    await clock.advance(1000);
    assert.deepEqual(started, ['a']);
  });

  it('claims nothing while the store cannot be written', async () => {
    store.add('a', dueIn(0));
    store.isWritable = false;
    scheduler.start();
    await clock.advance(5000);
    assert.deepEqual(store.claims, []);
    store.isWritable = true;
    await clock.advance(1000);
    assert.deepEqual(started, ['a']);
  });

  it('survives a store that fails for a while', async () => {
    store.add('a', dueIn(0));
    store.failure = new Error('disk on fire');
    scheduler.start();
    await clock.advance(5000);
    store.failure = undefined;
    await clock.advance(1000);
    assert.deepEqual(started, ['a']);
  });

  it('starts what it has claimed, though the store fails for another service meanwhile', async () => {
    const claimDue = store.claimDue.bind(store);
    store.claimDue = async (nowMs, limit, of) => {
      const isSecondOfOld = of?.serviceName === 'old' && of.dueFromMs === undefined;
      if (of?.serviceName === 'broken' || isSecondOfOld) throw new Error('no lock to be had');
      return claimDue(nowMs, limit, of);
    };
    const leftOverAfterMs = 600_000;
    scheduler = build({ roomOf: () => ({ free: 10, share: 1, leftOverAfterMs }) });
    store.add('x', dueIn(0), 'broken');
    store.add('a', dueIn(0), 'fine');
    store.add('b', dueIn(-600_001), 'old');
    store.add('c', dueIn(0), 'old');
    scheduler.start();
    await clock.advance(0);
    assert.deepEqual(started.sort(), ['a', 'c']);
  });

  it('hands on what comes behind a callback that could not be handed back', async () => {
    store.add('a', dueIn(0));
    store.add('b', dueIn(0));
    store.commit = () => Promise.reject(new Error('disk on fire'));
    scheduler = build({
      startSession: ({ id }) => {
        if (id === 'a') throw new Error('no');
        started.push(id);
      },
    });
    scheduler.start();
    await clock.advance(0);
    assert.deepEqual(started, ['b']);
  });

  it('does not spin while nothing can be claimed', async () => {
    capacity = 0;
    store.add('a', dueIn(0));
    scheduler.start();
    await clock.advance(100_000);
    assert.deepEqual(store.claims, []);
    capacity = 1;
    store.waiting.splice(0);
    await clock.advance(100_000);
    assert.ok(store.claims.length <= 11, `${store.claims.length} claims in 100 s`);
  });

  it('shares what room there is between services by their weights, however long a backlog is', async () => {
    for (let n = 0; n < 200; n += 1) store.add(`long ${n}`, dueIn(-n), 'long');
    for (let n = 0; n < 200; n += 1) store.add(`late ${n}`, dueIn(0), 'late');
    scheduler = build({
      roomOf: (name) => ({ free: 9, share: name === 'late' ? 2 : 1, leftOverAfterMs: 3_600_000 }),
      startSession: ({ serviceName }) => {
        started.push(serviceName);
        capacity -= 1;
      },
    });
    capacity = 0;
    scheduler.start();
    for (let n = 0; n < 90; n += 1) {
      capacity = 1;
      scheduler.poke();
      await clock.advance(0);
    }
    const late = started.filter((name) => name === 'late').length;
    assert.deepEqual([started.length, late], [90, 60]);
  });

  it('claims nothing of a service without room, and holds up no other for it', async () => {
    for (let n = 0; n < 5; n += 1) store.add(`full ${n}`, dueIn(0), 'full');
    store.add('other', dueIn(0), 'other');
    let free = 2;
    scheduler = build({
      roomOf: (name) => ({ free: name === 'full' ? free : 9, share: 1, leftOverAfterMs: Infinity }),
      startSession: ({ id, serviceName }) => {
        started.push(id);
        if (serviceName === 'full') free -= 1;
      },
    });
    scheduler.start();
    await clock.advance(0);
    assert.deepEqual([...started].sort(), ['full 0', 'full 1', 'other']);
    free = 1;
    scheduler.poke();
    await clock.advance(0);
    assert.equal(started.at(-1), 'full 2');
  });

  it('takes what is left over from an outage after what is due now', async () => {
    store.add('left over', dueIn(-7_200_001));
    store.add('now', dueIn(0));
    capacity = 1;
    scheduler = build({
      roomOf: () => ({ free: 9, share: 1, leftOverAfterMs: 7_200_000 }),
    });
    scheduler.start();
    await clock.advance(0);
    assert.deepEqual(started, ['now', 'left over']);
  });

  it('says before each round whether anything can be dialled', async () => {
    const said: boolean[] = [];
    isReady = false;
    scheduler = build({ onRound: (isOpen) => said.push(isOpen) });
    scheduler.start();
    await clock.advance(1000);
    isReady = true;
    await clock.advance(1000);
    assert.deepEqual([said[0], said.at(-1)], [false, true]);
  });

  it('hands back a callback whose session cannot be started, for a little later', async () => {
    store.add('a', dueIn(0));
    scheduler = build({
      startSession: () => {
        throw new Error('no');
      },
    });
    scheduler.start();
    await clock.advance(0);
    assert.deepEqual(store.handedBack, [
      { id: 'a', change: { atMs: dueIn(0), record: { claimed: false, dueAtMs: dueIn(10_000) } } },
    ]);
  });

  it('hands back what a claim brings after it was stopped', async () => {
    store.add('a', dueIn(0));
    scheduler.start();
    await scheduler.stop();
    assert.deepEqual(started, []);
    assert.deepEqual(
      store.handedBack.map(({ id, change }) => [id, change.record]),
      [['a', { claimed: false, dueAtMs: dueIn(0) }]],
    );
    store.add('b', dueIn(0));
    scheduler.poke();
    await clock.advance(60_000);
    assert.deepEqual(started, []);
  });
});
