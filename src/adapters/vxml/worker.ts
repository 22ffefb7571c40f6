/** Entry of a page thread: the interpreter with the machine's clock and the line to the pool. */
import { parentPort } from 'node:worker_threads';
import type { FromThread, ToThread } from '../../vxml/worker/messages.js';
import { serveThread } from '../../vxml/worker/thread.js';
import { systemClock } from '../clock/system-clock.js';
import { announceThread, ownProcessorMs } from '../thread-port.js';

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');

announceThread();
serveThread(
  {
    post: (message: FromThread) => port.postMessage(message),
    onMessage: (handle) => void port.on('message', (message: ToThread) => handle(message)),
  },
  systemClock(),
  ownProcessorMs,
);
