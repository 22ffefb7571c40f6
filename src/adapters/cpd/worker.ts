/**
 * The thread that listens: binds one UDP socket per tap and runs one detector on it. Fifty packets a
 * second per call end here; only events cross to the main thread. Nothing it receives can throw out
 * of a socket handler.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { CpdDetector } from '../../cpd/detector.js';
import type { FromWorker, ToWorker } from './messages.js';
import { TapFeed } from './tap-feed.js';

const TICK_MS = 40;
/** A tick this late means that this thread stood still: packets are waiting, not missing. ms */
const STALLED_MS = 80;

interface Tap {
  readonly detector: CpdDetector;
  readonly feed: TapFeed;
  readonly host: string;
  readonly sources: readonly string[];
  socket: Socket | null;
}

const port = parentPort;
if (!port) throw new Error('this module runs as a worker thread only');
const taps = new Map<number, Tap>();
let ticker: NodeJS.Timeout | undefined;
let tickedAtMs = 0;

const tell = (message: FromWorker): void => port.postMessage(message);

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'open':
      open(message);
      break;
    case 'answered':
      taps.get(message.tap)?.feed.answered(performance.now());
      break;
    case 'restart':
      restart(message.tap);
      break;
    case 'close':
      close(message.tap);
      break;
  }
});
tell({ kind: 'ready' });

function open({ tap: id, options, host, sources }: Extract<ToWorker, { kind: 'open' }>): void {
  try {
    const detector = new CpdDetector(options, (event) => tell({ kind: 'event', tap: id, event }));
    const tap: Tap = { detector, feed: new TapFeed(detector), host, sources, socket: null };
    taps.set(id, tap);
    bind(id, tap);
    startTicking();
  } catch (error) {
    fail(id, error);
  }
}

/** Binds a new socket; the old one, if any, stays until the new one is ready. */
function bind(id: number, tap: Tap): void {
  const socket = createSocket(isIPv4(tap.host) ? 'udp4' : 'udp6');
  socket.on('message', (bytes, from) => receive(tap, bytes, from));
  socket.on('error', (error) => {
    if (tap.socket === socket) tap.socket = null;
    socket.close();
    fail(id, error);
  });
  socket.bind(0, tap.host, () => {
    if (taps.get(id) !== tap) {
      socket.close();
      return;
    }
    tap.socket?.close();
    tap.socket = socket;
    tell({ kind: 'bound', tap: id, port: socket.address().port });
  });
}

function receive(tap: Tap, bytes: Buffer, from: RemoteInfo): void {
  if (isExpected(tap, from.address)) tap.feed.packet(bytes, performance.now());
  else tap.feed.refuse();
}

function isExpected(tap: Tap, address: string): boolean {
  if (tap.sources.length > 0) return tap.sources.includes(address);
  return address.startsWith('127.') || address === '::1';
}

function restart(id: number): void {
  const tap = taps.get(id);
  if (tap) bind(id, tap);
  else fail(id, new Error('no such tap'));
}

function close(id: number): void {
  const tap = taps.get(id);
  taps.delete(id);
  tap?.socket?.close();
  if (taps.size === 0) stopTicking();
  tell({
    kind: 'closed',
    tap: id,
    trace: tap?.detector.trace ?? [],
    packets: tap?.feed.packets ?? { accepted: 0, refused: 0 },
  });
}

function fail(id: number, error: unknown): void {
  tell({
    kind: 'failed',
    tap: id,
    message: error instanceof Error ? error.message : String(error),
  });
}

function startTicking(): void {
  if (ticker) return;
  tickedAtMs = performance.now();
  ticker = setInterval(tick, TICK_MS);
}

function stopTicking(): void {
  clearInterval(ticker);
  ticker = undefined;
}

function tick(): void {
  const nowMs = performance.now();
  const wasStalled = nowMs - tickedAtMs > STALLED_MS;
  tickedAtMs = nowMs;
  if (wasStalled) return;
  for (const tap of taps.values()) tap.feed.tick(nowMs);
}
