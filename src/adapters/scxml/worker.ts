/** Entry of a plugin thread: the interpreter with the machine's clock and the line to the pool. */
import { randomUUID } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { FromThread, ToThread } from '../../plugin/scxml/worker/messages.js';
import { ORCHESTRATION } from '../../plugin/scxml/orchestration/dialect.js';
import { serveThread } from '../../plugin/scxml/worker/thread.js';
import { systemClock } from '../clock/system-clock.js';
import { announceThread, ownProcessorMs } from '../thread-port.js';

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');

announceThread();
serveThread(
  {
    post: (messages: readonly FromThread[]) => port.postMessage(messages),
    onMessage: (handle) => void port.on('message', (message: ToThread) => handle(message)),
  },
  { clock: systemClock(), newId: randomUUID, processorMs: ownProcessorMs },
  [ORCHESTRATION],
);
