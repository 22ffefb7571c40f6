/**
 * The WebSocket server that mod_audio_fork sends a call's audio to, one per worker thread. A
 * connection is taken only from an expected address, on a path nobody can guess that belongs to one
 * open tap, and with the module's sub-protocol; it replaces the one before it, because a tap that is
 * armed anew connects before the old connection has said goodbye. It then may say one text (the
 * module's metadata) and after that nothing but audio; anything else ends it. Plain HTTP gets no
 * answer at all.
 * Source: mod_audio_fork of jambonz/freeswitch-modules: L16 little-endian, 320 B every 20 ms. Its
 * first message holds what was said while it connected: 640 B, or more than 6 kB after 400 ms.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';

const PROTOCOL = 'audio.drachtio.org';
const METADATA_MAX_BYTES = 8192;
/** Two seconds, which is what the module keeps at most. */
const AUDIO_MAX_BYTES = 32_000;
/** Audio is handed on in pieces of four frames at most. */
const PIECE_BYTES = 1280;
const HANDSHAKE_MAX_MS = 5000;
const HEADERS_MAX_BYTES = 8192;
const TOKEN_BYTES = 24;
const POLICY_VIOLATION = 1008;
/** FreeSWITCH closes within milliseconds; whoever does not is not FreeSWITCH, or has lost its channel. */
const LEAVE_MAX_MS = 5000;

/** What becomes of one tap's connection. */
export interface ForkListener {
  isExpected(address: string): boolean;
  onOpen(): void;
  /** Between 1 and 1280 bytes, valid during the call only. */
  onAudio(bytes: Buffer): void;
  /** A connection or message was turned away. */
  onRefused(): void;
}

interface Entry {
  readonly listener: ForkListener;
  connection: WebSocket | undefined;
}

export class ForkServer {
  readonly #entries = new Map<string, Entry>();
  /** Heard no more, not closed yet. */
  readonly #leaving = new Set<WebSocket>();
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    // Text and binary share this limit of the library; the one for text is ours, below.
    maxPayload: AUDIO_MAX_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  });

  private constructor(
    maxConnections: number,
    private readonly leaveMaxMs: number,
  ) {
    this.#http = createServer({
      maxHeaderSize: HEADERS_MAX_BYTES,
      headersTimeout: HANDSHAKE_MAX_MS,
      requestTimeout: HANDSHAKE_MAX_MS,
      connectionsCheckingInterval: HANDSHAKE_MAX_MS,
    });
    this.#http.maxConnections = maxConnections;
    this.#http.on('request', (request) => request.socket.destroy());
    this.#http.on('clientError', (_error, socket) => socket.destroy());
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  /** @throws Error when the address cannot be bound */
  static async listen(
    host: string,
    maxConnections: number,
    leaveMaxMs = LEAVE_MAX_MS,
  ): Promise<ForkServer> {
    const server = new ForkServer(maxConnections, leaveMaxMs);
    await new Promise<void>((resolve, reject) => {
      server.#http.once('error', reject);
      server.#http.listen(0, host, () => resolve());
    });
    server.#http.on('error', () => undefined);
    return server;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** @returns the path that this tap's audio has to come to */
  add(listener: ForkListener): string {
    const path = `/${randomBytes(TOKEN_BYTES).toString('base64url')}`;
    this.#entries.set(path, { listener, connection: undefined });
    return path;
  }

  /** Nothing of the tap is heard any more; its path is nobody's. */
  remove(path: string): void {
    const entry = this.#entries.get(path);
    this.#entries.delete(path);
    if (!entry?.connection) return;
    this.#leave(entry.connection);
    entry.connection = undefined;
  }

  /** Ends every connection and takes no more. */
  close(): void {
    for (const path of [...this.#entries.keys()]) this.remove(path);
    for (const connection of this.#leaving) connection.terminate();
    this.#http.close();
    this.#http.closeAllConnections();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined); // 'close' follows
    const entry = this.#entries.get(request.url ?? '');
    if (!entry || !isAllowed(request, entry)) {
      entry?.listener.onRefused();
      socket.destroy();
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (connection) => {
      const before = entry.connection;
      entry.connection = connection;
      if (before) this.#leave(before);
      this.#serve(connection, entry);
    });
  }

  /**
   * Left to FreeSWITCH to close, which it does with the fork or with the channel. Where the listener
   * closes first, the module frees the connection while the channel's thread may be writing to it
   * (its `eventCallback` takes no lock): after some thousand calls that broke FreeSWITCH's heap.
   */
  #leave(connection: WebSocket): void {
    const timer = setTimeout(() => connection.terminate(), this.leaveMaxMs).unref();
    this.#leaving.add(connection);
    connection.once('close', () => {
      clearTimeout(timer);
      this.#leaving.delete(connection);
    });
  }

  #serve(connection: WebSocket, entry: Entry): void {
    const { listener } = entry;
    let mayTalk = true;
    const refuse = (): void => {
      listener.onRefused();
      connection.close(POLICY_VIOLATION);
      connection.terminate();
    };
    connection.on('error', () => listener.onRefused()); // the library closes it
    connection.on('close', () => {
      if (entry.connection === connection) entry.connection = undefined;
    });
    connection.on('message', (data, isBinary) => {
      if (entry.connection !== connection) return;
      if (!Buffer.isBuffer(data)) return refuse();
      if (!isBinary && (!mayTalk || data.length > METADATA_MAX_BYTES)) refuse();
      mayTalk = false;
      if (!isBinary) return;
      for (let at = 0; at < data.length; at += PIECE_BYTES) {
        listener.onAudio(data.subarray(at, at + PIECE_BYTES));
      }
    });
    listener.onOpen();
  }
}

function isAllowed(request: IncomingMessage, { listener }: Entry): boolean {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',');
  return (
    listener.isExpected(plainAddress(request.socket.remoteAddress ?? '')) &&
    offered.some((protocol) => protocol.trim() === PROTOCOL)
  );
}

/** Without the prefix of an IPv4 address on an IPv6 socket. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:/, '');
}
