/** Pages that share a thread: one that computes without end does not hold up the others. */
import assert from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { ScriptedLine } from '../../src/vxml/line/scripted-line.js';
import type { PageLimits } from '../../src/vxml/limits.js';
import type { FromThread, ThreadPort, ToThread } from '../../src/vxml/worker/messages.js';
import { PagePool } from '../../src/vxml/worker/pool.js';
import { serveThread } from '../../src/vxml/worker/thread.js';
import { documentOf } from './bed.js';

const LOOP = `<form id="a"><block><goto next="#b"/></block></form><form id="b"><block><goto next="#a"/></block></form>`;
const SHORT = `<form><block><exit/></block></form>`;

const SPIN = `<form><block><script>for (;;);</script></block></form>`;
const WAITS = `<form><field name="f" type="digits"><prompt>Well?</prompt></field></form>`;

/** Takes so much of the processor by the clock, again and again, and something comes for it in between. */
const computing = (how: string): string =>
  `<form id="a"><block><log>${how}</log><data src="page.vxml" name="d"/><goto next="#a"/></block></form>`;

/** Threads that are none, in front of the real far side. */
function startPool(limits: Partial<PageLimits>) {
  const clock = virtualClock();
  /** Of all threads together. */
  let usedMs = 0;
  const threads: { turn: Int32Array | undefined; isDeaf: boolean }[] = [];
  const newThread = (): ThreadPort => {
    const { port1, port2 } = new MessageChannel();
    const thread = { turn: undefined as Int32Array | undefined, isDeaf: false };
    threads.push(thread);
    serveThread(
      {
        post: (message) => port2.postMessage(message),
        onMessage: (handle) => port2.on('message', (message: ToThread) => handle(message)),
      },
      clock,
      () => usedMs,
    );
    return {
      post: (message) => {
        if (message.kind === 'setup') thread.turn = message.setup.turn;
        if (!thread.isDeaf) port1.postMessage(message);
      },
      onMessage: (handle) => port1.on('message', (message: FromThread) => handle(message)),
      onGone: () => undefined,
      processorMs: () => (thread.isDeaf ? clock.nowMs() : 0),
      kill: () => Promise.resolve(port1.close()),
    };
  };
  const pool = new PagePool({ clock, limits, newThread });
  const start = (page: string, url = 'http://pages.example.com/page.vxml') => {
    const line = new ScriptedLine({
      clock,
      actions: [],
      onEvent: ({ what, detail }) => {
        const [, processorMs, wallMs] = /^(\d+) of (\d+)$/.exec(detail) ?? [];
        if (what !== 'log' || processorMs === undefined) return;
        usedMs += Number(processorMs);
        clock.setWallClock(clock.nowMs() + Number(wallMs));
      },
      fetch: () => Promise.resolve({ kind: 'ok', text: documentOf(page), url }),
    });
    return pool.start({ url, variables: {}, line });
  };
  return { pool, clock, threads, start };
}

describe('VoiceXML pages in one thread', () => {
  it('take turns, however much one of them does', async () => {
    const { pool, start } = startPool({ stepsWithoutInput: 4000 });
    await pool.warmUp();
    const ends: string[] = [];
    const note = ({ kind }: { kind: string }) => ends.push(kind);
    await Promise.all([start(LOOP).ended.then(note), start(SHORT).ended.then(note)]);
    await pool.stop();
    assert.deepEqual(ends, ['exited', 'limit']);
  });

  it('run apart once their scripts have held up the others', async () => {
    const { pool, start, threads } = startPool({ scriptTicks: 3 });
    const [spin, good] = ['http://pages.example.com/spin', 'http://pages.example.com/good'];
    const end = await start(SPIN, spin).ended;
    assert.equal(end.kind === 'limit' && end.code, 'VXML_SCRIPT_TOO_LONG');
    await start(SHORT, good).ended;
    assert.equal(threads.length, 1);
    await start(SPIN, spin).ended;
    assert.equal(threads.length, 2, 'apart');
    await start(SHORT, good).ended;
    assert.equal(threads.length, 3, 'with the proven ones');
    await pool.stop();
  });

  describe('what a statement takes that the engine carries out in one go', () => {
    for (const [how, code, what] of [
      ['2500 of 2500', 'VXML_TOO_BUSY', 'ends the page when it is more than pages may work'],
      ['1500 of 1500', 'VXML_TOO_BUSY', 'is added up'],
      ['90 of 100', 'VXML_TOO_BUSY', 'is added up, however little it is'],
      ['1500 of 20000', 'VXML_TOO_MANY_FETCHES', 'is forgiven at the pace of pages that may go on'],
      ['20 of 3000', 'VXML_TOO_MANY_FETCHES', 'is none of its doing where others compute'],
    ] as const)
      it(`${what}: ${how} ms`, async () => {
        const { pool, start, threads } = startPool({});
        await pool.warmUp();
        const [busy, good] = ['http://pages.example.com/busy', 'http://pages.example.com/good'];
        await Promise.all([start(SHORT, good).ended, start(SHORT, busy).ended]);
        let isGoodOver = false;
        void start(WAITS, good).ended.then(() => (isGoodOver = true));
        const end = await start(computing(how), busy).ended;
        assert.equal(end.kind === 'limit' && end.code, code);
        assert.equal(isGoodOver, false);
        const before = threads.length;
        start(WAITS, busy);
        const isApart = threads.length > before;
        assert.equal(isApart, code === 'VXML_TOO_BUSY');
        await pool.stop();
      });
  });

  it('are known when their thread answers no more, and those beside them are innocent', async () => {
    const { pool, clock, start, threads } = startPool({});
    await pool.warmUp();
    const [bad, good] = ['http://pages.example.com/bad', 'http://pages.example.com/good'];
    // Proven, so that they sit together.
    await Promise.all([start(SHORT, good).ended, start(SHORT, bad).ended]);
    const lost = [start(WAITS, good), start(WAITS, bad)];
    const [thread] = threads;
    assert.ok(thread?.turn);
    for (let i = 0; i < 200 && Atomics.load(thread.turn, 0) !== 2; i++)
      await new Promise((resolve) => setImmediate(resolve));
    assert.equal(Atomics.load(thread.turn, 0), 2, 'it says whose turn it is');
    thread.isDeaf = true;
    await clock.advance(12_000);
    for (const { ended } of lost) {
      const end = await ended;
      assert.equal(end.kind === 'failed' && end.code, 'VXML_WORKER_LOST');
    }
    const before = threads.length;
    start(WAITS, good);
    assert.equal(threads.length, before + 1, 'for the one that was lost');
    start(WAITS, bad);
    assert.equal(threads.length, before + 2, 'apart');
    await pool.stop();
  });
});
