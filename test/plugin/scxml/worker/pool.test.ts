import assert from 'node:assert/strict';
import { virtualClock, type VirtualClock } from '../../../../src/adapters/clock/virtual-clock.js';
import { silentLog } from '../../../../src/adapters/log.js';
import type {
  FromThread,
  ThreadPort,
  ToThread,
} from '../../../../src/plugin/scxml/worker/messages.js';
import { ScxmlPool, type PoolOptions } from '../../../../src/plugin/scxml/worker/pool.js';
import { serveThread } from '../../../../src/plugin/scxml/worker/thread.js';

/** A thread that is none: both ends in this one, messages cloned and late as between real ones. */
class NearThread implements ThreadPort {
  isDeaf = false;
  isKilled = false;
  /** Whose turn it was at each message of the thread, and where that is told. */
  readonly turns: number[] = [];
  /** What came together from the thread. */
  readonly posts: string[] = [];
  turn: Int32Array = new Int32Array(1);
  readonly #clock: VirtualClock;
  #toThread: (message: ToThread) => void = () => undefined;
  #toPool: (messages: readonly FromThread[]) => void = () => undefined;
  #gone: (why: string) => void = () => undefined;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    let ids = 0;
    const post = (messages: readonly FromThread[]) => {
      const copy = structuredClone(messages);
      this.posts.push(messages.map(({ kind }) => kind).join(' '));
      const hasLog = messages.some(({ kind }) => kind === 'log');
      if (hasLog) this.turns.push(Atomics.load(this.turn, 0));
      queueMicrotask(() => !this.isKilled && this.#toPool(copy));
    };
    serveThread(
      { post, onMessage: (handle) => (this.#toThread = handle) },
      { clock: this.#clock, newId: () => `child${++ids}` },
    );
  }

  post(message: ToThread): void {
    if (message.kind === 'setup') this.turn = message.setup.turn;
    const copy = structuredClone(message);
    queueMicrotask(() => !this.isDeaf && !this.isKilled && this.#toThread(copy));
  }

  onMessage(handle: (messages: readonly FromThread[]) => void): void {
    this.#toPool = handle;
  }

  onGone(handle: (why: string) => void): void {
    this.#gone = handle;
  }

  /** Whoever is deaf computes all the time. */
  processorMs(): number {
    return this.isDeaf ? this.#clock.nowMs() : 0;
  }

  kill(): Promise<void> {
    this.isKilled = true;
    this.#gone('killed');
    return Promise.resolve();
  }
}

const WAIT =
  '<scxml><state id="a"><transition event="go" target="b"/></state><final id="b"/></scxml>';
const document = (text: string) => ({ kind: 'source', text, file: 'a.scxml' }) as const;

async function startPool(options: Partial<PoolOptions> = {}) {
  const clock = virtualClock();
  const threads: NearThread[] = [];
  let ids = 0;
  const pool = new ScxmlPool({
    clock,
    newId: () => `s${++ids}`,
    newThread: () => {
      const thread = new NearThread(clock);
      threads.push(thread);
      return thread;
    },
    host: {
      fetch: ({ reference, sessionId }) =>
        Promise.resolve({ kind: 'ok', text: `"${reference} for ${sessionId}"`, url: reference }),
      post: () => Promise.resolve({ kind: 'failed', why: 'nobody listens' }),
    },
    ...options,
  });
  await pool.warm();
  return { pool, clock, threads };
}

describe('the pool of plugin threads', () => {
  it('starts sessions, passes events, logs and ends', async () => {
    const { pool, clock } = await startPool();
    const log: unknown[] = [];
    const page = `<scxml><datamodel><data id="d" src="data.json"/></datamodel><state id="a"><onentry><log label="d" expr="d"/></onentry>
      <transition event="go" target="b"/></state><final id="b"><donedata><content expr="1"/></donedata></final></scxml>`;
    const session = pool.start({
      document: document(page),
      observer: { log: ({ value }) => log.push(value) },
    });
    session.send({ name: 'go', type: 'external' });
    await clock.advance(0);
    assert.deepEqual(await session.ended, { kind: 'final', state: 'b', data: '1' });
    assert.deepEqual(log, ['"data.json for s1"']);
    assert.deepEqual(pool.stats(), { threads: 2, sessions: 0 });
    await pool.stop();
    // The thread replaces the engine that was used.
    await clock.advance(100);
    assert.equal(clock.pendingCount, 0);
  });

  it('hears of steps with what follows them, and of nothing that nobody listens to', async () => {
    const { pool, threads } = await startPool();
    const text = `<scxml><state id="a"><transition target="b"/></state>
      <state id="b"><onentry><log expr="1"/><log expr="nothing"/></onentry>
      <transition event="error.*" target="c"/></state><final id="c"/></scxml>`;
    const told: string[] = [];
    const traced = pool.start({
      document: document(text),
      observer: {
        log: ({ value }) => told.push(String(value)),
        step: ({ entered }) => told.push(entered.join()),
        trouble: ({ event }) => told.push(event),
      },
    });
    await traced.ended;
    assert.deepEqual(told, ['a', 'b', '1', 'error.execution', 'c']);
    await pool.start({ document: document(text), observer: {} }).ended;
    const posts = threads.flatMap((thread) => thread.posts);
    assert.deepEqual(posts.filter((kinds) => !/^(ready|pong)$/.test(kinds)).sort(), [
      'ended',
      'step step log',
      'trouble step ended',
    ]);
    await pool.stop();
  });

  it('spreads sessions over its threads and refuses more than it may hold', async () => {
    const { pool, threads } = await startPool({ threads: 2, maxSessions: 2 });
    const start = () => pool.start({ document: document(WAIT), observer: {} });
    const [first, , third] = [start(), start(), start()];
    assert.equal(threads.length, 3, 'two, and one for newcomers');
    const end = await third.ended;
    assert.equal(end.kind === 'limit' && end.code, 'SCXML_TOO_MANY_SESSIONS');
    first.terminate();
    assert.deepEqual(await first.ended, { kind: 'terminated' });
    await pool.stop();
  });

  it('kills a thread that answers no more, ends its sessions, and goes on with a new one', async () => {
    const { pool, clock, threads } = await startPool();
    const lost = pool.start({ document: document(WAIT), observer: {} });
    await clock.advance(30_000);
    const thread = threads[1];
    assert.equal(thread?.isKilled, false, 'a thread that answers is left alone');
    thread.isDeaf = true;
    await clock.advance(12_000);
    const end = await lost.ended;
    assert.equal(end.kind === 'failed' && end.code, 'SCXML_WORKER_LOST');
    assert.equal(thread.isKilled, true);
    const next = pool.start({ document: document(WAIT), observer: {} });
    next.send({ name: 'go', type: 'external' });
    assert.equal((await next.ended).kind, 'final');
    assert.equal(threads.length, 3);
    await pool.stop();
  });

  describe('a page that has held up its thread', () => {
    const LOOP =
      '<scxml><state id="a"><onentry><script>for (;;);</script></onentry></state></scxml>';
    const named = (text: string, file: string) => ({ kind: 'source', text, file }) as const;
    const wait = (pool: ScxmlPool, file: string) =>
      pool.start({ document: named(WAIT, file), observer: {} });

    it('runs apart from then on, for an hour, and its thread goes with its last session', async () => {
      const warnings: unknown[] = [];
      const log = { ...silentLog, warn: (fields: object) => warnings.push(fields) };
      const { pool, clock, threads } = await startPool({ limits: { scriptTicks: 3 }, log });
      const loop = () => pool.start({ document: named(LOOP, 'loop.scxml'), observer: {} });
      const first = await loop().ended;
      assert.equal(first.kind === 'limit' && first.code, 'SCXML_SCRIPT_TOO_LONG');
      assert.deepEqual(warnings, [{ page: 'loop.scxml' }]);
      const other = wait(pool, 'other.scxml');
      assert.equal(threads.length, 2);
      await loop().ended;
      assert.equal(threads.length, 3);
      assert.deepEqual(
        threads.map(({ isKilled }) => isKilled),
        [false, false, true],
      );
      other.terminate();
      await other.ended;
      await clock.advance(3_600_000);
      await loop().ended;
      assert.equal(threads.length, 3, 'an hour later it is a newcomer like any other');
      await pool.stop();
    });

    it('is known when its thread answers no more, and the pages beside it are innocent', async () => {
      const { pool, clock, threads } = await startPool();
      const log = () => undefined;
      const tells = named(
        '<scxml><state id="a"><onentry><log expr="1"/></onentry></state></scxml>',
        'tells.scxml',
      );
      for (const start of [
        () => wait(pool, 'a.scxml'),
        () => pool.start({ document: tells, observer: {} }),
      ]) {
        const proof = start();
        proof.terminate();
        await proof.ended;
      }
      const lost = [wait(pool, 'a.scxml'), pool.start({ document: tells, observer: { log } })];
      await clock.advance(10);
      const [thread] = threads;
      assert.ok(thread);
      assert.deepEqual(thread.turns, [2], 'it says whose turn it is');
      assert.equal(Atomics.load(thread.turn, 0), 0, 'and that it is over');
      Atomics.store(thread.turn, 0, 2);
      thread.isDeaf = true;
      await clock.advance(12_000);
      for (const { ended } of lost) assert.equal((await ended).kind, 'failed');
      wait(pool, 'a.scxml');
      assert.equal(threads.length, 3);
      pool.start({ document: tells, observer: {} });
      assert.equal(threads.length, 4, 'apart');
      await pool.stop();
    });

    it('takes no other page along when each of them has a thread', async () => {
      const { pool, clock, threads } = await startPool({ threadsMax: 2 });
      for (const file of ['a.scxml', 'b.scxml']) {
        const proof = wait(pool, file);
        proof.terminate();
        await proof.ended;
      }
      const [, , last] = threads;
      assert.ok(last);
      // Its engines take real time to compile.
      while (!last.posts.includes('ready')) await clock.advance(0);
      await clock.advance(0);
      const [well, bad] = [wait(pool, 'a.scxml'), wait(pool, 'b.scxml')];
      await clock.advance(10);
      last.isDeaf = true;
      await clock.advance(12_000);
      assert.equal((await bad.ended).kind, 'failed');
      well.send({ name: 'go', type: 'external' });
      assert.deepEqual(await well.ended, { kind: 'final', state: 'b', data: undefined });
      await pool.stop();
    });

    it('shares two threads with its like, however many there are', async () => {
      const { pool, threads } = await startPool({ limits: { scriptTicks: 3 } });
      const files = ['1', '2', '3', '4'].map((name) => `${name}.scxml`);
      for (const file of files)
        await pool.start({ document: named(LOOP, file), observer: {} }).ended;
      for (const file of files) wait(pool, file);
      assert.equal(threads.length, 4);
      await pool.stop();
      assert.ok(threads.every(({ isKilled }) => isKilled));
    });
  });

  describe('a page by its address', () => {
    const URL = 'http://plugins.test/page.scxml';
    /** Whose answers come when they are let go. */
    async function startSlow() {
      const gate: { text: string; open: (() => void)[] } = { text: WAIT, open: [] };
      const bed = await startPool({
        host: {
          fetch: ({ reference }) =>
            new Promise((resolve) =>
              gate.open.push(() => resolve({ kind: 'ok', text: gate.text, url: reference })),
            ),
          post: () => Promise.resolve({ kind: 'failed', why: 'nobody listens' }),
        },
      });
      const start = () => bed.pool.start({ document: { kind: 'url', url: URL }, observer: {} });
      const open = () => gate.open.splice(0).forEach((one) => one());
      return { ...bed, gate, start, open };
    }

    it('is fetched before anything else, and what it is told meanwhile waits for it', async () => {
      const { pool, start, open } = await startSlow();
      const session = start();
      session.send({ name: 'go', type: 'external' });
      open();
      assert.equal((await session.ended).kind, 'final');
      await pool.stop();
    });

    it('need not be there for its session to be ended', async () => {
      const { pool, start, open } = await startSlow();
      const session = start();
      session.terminate();
      assert.deepEqual(await session.ended, { kind: 'terminated' });
      const flooded = start();
      for (let i = 0; i < 1001; i++) flooded.send({ name: 'go', type: 'external' });
      const full = await flooded.ended;
      assert.equal(full.kind === 'limit' && full.code, 'SCXML_QUEUE_FULL');
      const stopped = start();
      await pool.stop();
      const end = await stopped.ended;
      assert.equal(end.kind === 'failed' && end.code, 'SCXML_STOPPED');
      open();
      assert.equal(pool.stats().sessions, 0);
    });

    it('is beside proven pages only as long as it says what it said', async () => {
      const { pool, threads, start, open, gate, clock } = await startSlow();
      const first = start();
      first.send({ name: 'go', type: 'external' });
      open();
      await first.ended;
      const sessions = [start()];
      open();
      await clock.advance(0);
      gate.text = WAIT.replace('"go"', '"went"');
      sessions.push(start());
      open();
      await clock.advance(0);
      const [proven, newcomers] = threads;
      assert.ok(proven && newcomers);
      newcomers.isDeaf = true;
      await clock.advance(12_000);
      const [same, changed] = sessions;
      const end = await changed?.ended;
      assert.equal(end?.kind === 'failed' && end.code, 'SCXML_WORKER_LOST');
      same?.send({ name: 'go', type: 'external' });
      assert.equal((await same?.ended)?.kind, 'final');
      await pool.stop();
    });
  });

  it('ends every session when it is stopped, and starts none after', async () => {
    const { pool } = await startPool();
    const ends: string[] = [];
    const session = pool.start({
      document: document(WAIT),
      observer: { ended: ({ kind }) => ends.push(kind) },
    });
    await pool.stop();
    await pool.stop();
    const end = await session.ended;
    assert.equal(end.kind === 'failed' && end.code, 'SCXML_STOPPED');
    const late = await pool.start({ document: document(WAIT), observer: {} }).ended;
    assert.equal(late.kind === 'failed' && late.code, 'SCXML_STOPPED');
    assert.deepEqual(ends, ['failed']);
  });
});
