import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startScxmlPool } from '../../../src/adapters/scxml/start-scxml-pool.js';

const refuse = () => Promise.resolve({ kind: 'failed', why: 'nothing is fetched here' } as const);
const document = (body: string) =>
  ({ kind: 'source', text: `<scxml>${body}</scxml>`, file: 'a.scxml' }) as const;

describe('plugin sessions in real threads', () => {
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
