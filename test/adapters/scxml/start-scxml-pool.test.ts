import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startScxmlPool, startThread } from '../../../src/adapters/scxml/start-scxml-pool.js';

const refuse = () => Promise.resolve({ kind: 'failed', why: 'nothing is fetched here' } as const);
const document = (body: string) =>
  ({ kind: 'source', text: `<scxml>${body}</scxml>`, file: 'a.scxml' }) as const;

describe('plugin sessions in real threads', function () {
  // Each loads the sources anew.
  this.timeout(60_000);

  it('read pages of the orchestration dialect', async () => {
    const pool = await startScxmlPool({ host: { fetch: refuse, post: refuse } });
    const page = `<scxml profile="ecmascript"><state id="s"><transition cond="_data.n == 2" target="f"/></state><final id="f"/></scxml>`;
    const session = pool.start({
      document: { kind: 'source', text: page, file: 'a.scxml' },
      params: { n: '2' },
      observer: {},
    });
    assert.deepEqual(await session.ended, { kind: 'final', state: 'f', data: undefined });
    await pool.stop();
  });

  it('tell what processor time they use', async function () {
    if (process.platform !== 'linux') this.skip();
    const thread = startThread();
    assert.equal(thread.processorMs(), undefined, 'it has not come up');
    const setup = { limits: {}, maxSessions: 1, engines: 1, spareEngines: 0 };
    const turn = new Int32Array(new SharedArrayBuffer(4));
    const heard = (kind: string) =>
      new Promise<void>((resolve) =>
        thread.onMessage((messages) => messages.some((one) => one.kind === kind) && resolve()),
      );
    const ready = heard('ready');
    thread.post({ kind: 'setup', setup: { ...setup, turn } });
    await ready;
    const before = thread.processorMs() ?? NaN;
    const ended = heard('ended');
    const hears = { log: false, step: false, trouble: false };
    const script = '<state id="s"><onentry><script>for (;;) {}</script></onentry></state>';
    const start = { document: document(script), sessionId: 's', httpBase: null, hears };
    thread.post({ kind: 'start', session: 1, start });
    await ended;
    const usedMs = (thread.processorMs() ?? NaN) - before;
    assert.ok(usedMs >= 100, `used ${usedMs} ms`);
    await thread.kill();
  });

  it('a script without end leaves the main thread alone and ends by itself', async () => {
    const pool = await startScxmlPool({ host: { fetch: refuse, post: refuse } });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const script = '<state id="s"><onentry><script>for (;;) {}</script></onentry></state>';
    const end = await pool.start({ document: document(script), observer: {} }).ended;
    delay.disable();
    assert.equal(end.kind === 'limit' && end.code, 'SCXML_SCRIPT_TOO_LONG');
    // The script ran for some hundred milliseconds; a busy machine may take some of this thread's.
    assert.ok(delay.max < 100e6, `held up for ${delay.max / 1e6} ms`);
    const calm = pool.start({ document: document('<final id="f"/>'), observer: {} });
    assert.equal((await calm.ended).kind, 'final');
    await pool.stop();
  });
});
