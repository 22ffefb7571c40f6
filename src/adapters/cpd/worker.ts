/**
 * The thread that listens: one detector per tap, and three ways for audio to reach it: a UDP socket
 * for each tap that asks for one (unicast), one WebSocket server for all (mod_audio_fork), a recording that grows. Fifty
 * packets a second per call end here; only events cross to the main thread. Nothing it receives can
 * throw out of a socket handler.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { CallListener } from './call-listener.js';
import { ForkServer } from './fork-server.js';
import type { FromWorker, ToWorker } from './messages.js';
import { RecordingTail } from './recording-tail.js';
import { TapFeed } from './tap-feed.js';

const TICK_MS = 40;
/** A tick this late means that this thread stood still: packets are waiting, not missing. ms */
const STALLED_MS = 80;
/** More connections than taps of all threads together are nobody's. */
const MAX_FORKS = 4000;

interface Tap {
  readonly listener: CallListener;
  readonly feed: TapFeed;
  readonly host: string;
  readonly sources: readonly string[];
  socket: Socket | null;
  /** Path of this tap on the WebSocket server. */
  path: string;
  tail?: RecordingTail;
}

const port = parentPort;
if (!port) throw new Error('this module runs as a worker thread only');
const taps = new Map<number, Tap>();
const forkServers = new Map<string, Promise<ForkServer>>();
const saves = new Set<Promise<void>>();
let ticker: NodeJS.Timeout | undefined;
let tickedAtMs = 0;

const tell = (message: FromWorker): void => port.postMessage(message);

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'open':
      open(message).catch((error: unknown) => fail(message.tap, error));
      break;
    case 'answered':
      taps.get(message.tap)?.feed.answered(performance.now());
      break;
    case 'listen':
      listen(message.tap);
      break;
    case 'follow':
      follow(message);
      break;
    case 'close':
      close(message.tap);
      break;
    case 'stop':
      void stop();
      break;
  }
});
tell({ kind: 'ready' });

type OpenRequest = Extract<ToWorker, { kind: 'open' }>;

async function open({ tap: id, listener: request, host, sources }: OpenRequest): Promise<void> {
  const listener = new CallListener(request, (event) => tell({ kind: 'event', tap: id, event }));
  const feed = new TapFeed(listener);
  const tap: Tap = { listener, feed, host, sources, socket: null, path: '' };
  taps.set(id, tap);
  startTicking();
  const server = await forkServer(host);
  if (taps.get(id) !== tap) return;
  tap.path = server.add({
    isExpected: (address) => isExpected(tap, address),
    onOpen: () => tell({ kind: 'reached', tap: id }),
    onAudio: (bytes) => feed.packet(bytes, performance.now()),
    onRefused: () => feed.refuse(),
  });
  tell({ kind: 'opened', tap: id, fork: { port: server.port, path: tap.path } });
}

/** The socket before, if any, stays until the new one is ready. */
function listen(id: number): void {
  const tap = taps.get(id);
  if (!tap) return fail(id, new Error('no such tap'));
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
    tell({ kind: 'listening', tap: id, port: socket.address().port });
  });
}

/** One server for each address, which is one for all unless a test says otherwise. */
function forkServer(host: string): Promise<ForkServer> {
  const known = forkServers.get(host);
  if (known) return known;
  const server = ForkServer.listen(host, MAX_FORKS);
  forkServers.set(host, server);
  server.catch(() => forkServers.delete(host));
  return server;
}

function follow({ tap: id, path }: Extract<ToWorker, { kind: 'follow' }>): void {
  const tap = taps.get(id);
  if (!tap) return;
  tap.tail?.close();
  tap.tail = new RecordingTail(path, {
    onOpen: () => tell({ kind: 'reached', tap: id }),
    onAudio: (bytes) => tap.feed.packet(bytes, performance.now()),
    onFailed: (why) => fail(id, why),
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

function close(id: number): void {
  const tap = taps.get(id);
  taps.delete(id);
  tap?.socket?.close();
  tap?.tail?.close();
  if (tap) void forkServer(tap.host).then((server) => server.remove(tap.path));
  if (taps.size === 0) stopTicking();
  tell({
    kind: 'closed',
    tap: id,
    packets: tap?.feed.packets ?? { accepted: 0, refused: 0 },
    judgements: tap?.listener.compare() ?? [],
  });
  if (tap) save(id, tap);
}

function save(id: number, { listener }: Tap): void {
  const saving = listener.save().catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    tell({ kind: 'recording-failed', tap: id, message });
  });
  saves.add(saving);
  void saving.finally(() => saves.delete(saving));
}

async function stop(): Promise<void> {
  for (const id of [...taps.keys()]) close(id);
  await Promise.all(saves);
  // Ends this thread, not the process.
  process.exit();
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
