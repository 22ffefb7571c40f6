/** Pages that share a thread: one that computes without end does not hold up the others. */
import assert from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { ScriptedLine } from '../../src/vxml/line/scripted-line.js';
import type { FromThread, ThreadPort, ToThread } from '../../src/vxml/worker/messages.js';
import { PagePool } from '../../src/vxml/worker/pool.js';
import { serveThread } from '../../src/vxml/worker/thread.js';
import { documentOf } from './bed.js';

const LOOP = `<form id="a"><block><goto next="#b"/></block></form><form id="b"><block><goto next="#a"/></block></form>`;
const SHORT = `<form><block><exit/></block></form>`;

describe('VoiceXML pages in one thread', () => {
  it('take turns, however much one of them does', async () => {
    const clock = virtualClock();
    const { port1, port2 } = new MessageChannel();
    serveThread(
      {
        post: (message) => port2.postMessage(message),
        onMessage: (handle) => port2.on('message', (message: ToThread) => handle(message)),
      },
      clock,
    );
    const port: ThreadPort = {
      post: (message) => port1.postMessage(message),
      onMessage: (handle) => port1.on('message', (message: FromThread) => handle(message)),
      onGone: () => undefined,
      kill: () => Promise.resolve(port1.close()),
    };
    const limits = { stepsWithoutInput: 4000 };
    const pool = new PagePool({ clock, limits, newThread: () => port });
    await pool.warmUp();
    const ends: string[] = [];
    const start = (page: string): Promise<unknown> => {
      const line = new ScriptedLine({
        clock,
        actions: [],
        onEvent: () => undefined,
        fetch: ({ url }) => Promise.resolve({ kind: 'ok', text: documentOf(page), url }),
      });
      const url = 'http://pages.example.com/page.vxml';
      const { ended } = pool.start({ url, variables: {}, line });
      return ended.then(({ kind }) => ends.push(kind));
    };
    await Promise.all([start(LOOP), start(SHORT)]);
    await pool.stop();
    assert.deepEqual(ends, ['exited', 'limit']);
  });
});
