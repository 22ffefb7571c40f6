/**
 * SIP over TCP: a listener on the port of the datagrams, and connections made when there is none
 * to the peer yet. A connection serves both directions, whoever opened it (RFC 3261 section 18,
 * RFC 5923), until it has been idle for long.
 *
 * Whoever connects is hostile until proved otherwise: the number of connections, the time that a
 * message may take, its size, and what is kept for a peer that does not read are limited.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { SipAddress } from './message.js';
import type { Scheduler } from './scheduler.js';
import { StreamError, StreamReader } from './stream-reader.js';
import type { OnMessage, StreamTransport } from './transport.js';

export interface TcpLimits {
  /** Connections opened by others. */
  readonly maxConnections: number;
  /** The same of one address. */
  readonly maxConnectionsPerHost: number;
  /** A new connection must bring its first message, and a message its last byte, in this time. */
  readonly messageTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** What waits for a peer to read, or for a connection to be made. */
  readonly maxUnsentBytes: number;
}

const defaultLimits: TcpLimits = {
  maxConnections: 400,
  maxConnectionsPerHost: 100,
  messageTimeoutMs: 10_000,
  idleTimeoutMs: 30 * 60_000,
  maxUnsentBytes: 1024 * 1024,
};

const OS_KEEP_ALIVE_MS = 30_000;
const PONG = '\r\n';

export interface TcpTransportOptions {
  readonly scheduler: Scheduler;
  /** How long a connection may take to be made. */
  readonly connectTimeoutMs: number;
  readonly onRejected: (why: string, host: string) => void;
  readonly onError: (error: Error) => void;
  readonly limits?: Partial<TcpLimits>;
}

export class TcpTransport implements StreamTransport {
  readonly limits: TcpLimits;
  readonly #connections = new Set<Connection>();
  readonly #byPeer = new Map<string, Connection>();
  #server?: Server;
  #onMessage: OnMessage = () => undefined;

  constructor(readonly options: TcpTransportOptions) {
    this.limits = { ...defaultLimits, ...options.limits };
  }

  async start(bind: SipAddress, onMessage: OnMessage): Promise<void> {
    this.#onMessage = onMessage;
    const server = createServer((socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(bind.port, bind.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.options.onError(error));
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) =>
      server ? server.close(() => resolve()) : resolve(),
    );
    for (const connection of [...this.#connections]) connection.drop('stopped');
    await closed;
  }

  isConnected(peer: SipAddress): boolean {
    return this.#byPeer.has(peerKey(peer));
  }

  send(bytes: Buffer, to: SipAddress, onFailed?: (why: string) => void): void {
    if (!this.#server) return;
    const connection = this.#byPeer.get(peerKey(to)) ?? this.#connect(to);
    if (connection) connection.send(bytes, onFailed);
    else onFailed?.('no such address');
  }

  #accept(socket: Socket): void {
    const { remoteAddress: host, remotePort: port } = socket;
    if (host === undefined || port === undefined) return void socket.destroy();
    const others = [...this.#connections].filter(({ isIncoming }) => isIncoming);
    const ofHost = others.filter(({ peer }) => peer.host === host);
    const { maxConnections, maxConnectionsPerHost } = this.limits;
    if (others.length >= maxConnections || ofHost.length >= maxConnectionsPerHost) {
      socket.destroy();
      return this.options.onRejected('TOO_MANY_CONNECTIONS', host);
    }
    this.#add(socket, { host, port, transport: 'tcp' }, true);
  }

  #connect({ host, port }: SipAddress): Connection | undefined {
    try {
      return this.#add(connect(port, host), { host, port, transport: 'tcp' }, false);
    } catch {
      return undefined; // a port above 65535
    }
  }

  #add(socket: Socket, peer: SipAddress, isIncoming: boolean): Connection {
    const connection = new Connection(socket, peer, isIncoming, {
      ...this.options,
      limits: this.limits,
      onMessage: (bytes) => this.#onMessage(bytes, peer),
      onClosed: () => {
        this.#connections.delete(connection);
        if (this.#byPeer.get(peerKey(peer)) === connection) this.#byPeer.delete(peerKey(peer));
      },
    });
    this.#connections.add(connection);
    this.#byPeer.set(peerKey(peer), connection);
    return connection;
  }
}

const peerKey = ({ host, port }: SipAddress): string => `${host}|${port}`;

interface ConnectionOptions extends TcpTransportOptions {
  readonly limits: TcpLimits;
  readonly onMessage: (bytes: Buffer) => void;
  readonly onClosed: () => void;
}

class Connection {
  readonly #reader = new StreamReader();
  readonly #waiting = new Set<(why: string) => void>();
  #cancelDeadline: (() => void) | undefined;
  #isOpen = true;
  #hasSpoken = false; // keep-alives alone are no reason to keep it

  constructor(
    readonly socket: Socket,
    readonly peer: SipAddress,
    readonly isIncoming: boolean,
    private readonly options: ConnectionOptions,
  ) {
    const { idleTimeoutMs, messageTimeoutMs } = options.limits;
    socket.setNoDelay(true).setKeepAlive(true, OS_KEEP_ALIVE_MS);
    socket.setTimeout(idleTimeoutMs, () => this.drop('idle'));
    socket.on('error', (error) => this.drop(error.message));
    socket.on('close', () => this.drop('closed by the peer'));
    socket.on('data', (bytes) => this.#read(bytes));
    if (isIncoming) this.#deadline(messageTimeoutMs, 'STREAM_SILENT');
    else {
      this.#deadline(options.connectTimeoutMs, undefined);
      socket.on('connect', () => this.#clearDeadline());
    }
  }

  /** Sends, once the connection is made. */
  send(bytes: Buffer, onFailed?: (why: string) => void): void {
    if (this.socket.writableLength + bytes.length > this.options.limits.maxUnsentBytes) {
      onFailed?.('the peer does not read');
      return this.#reject('STREAM_UNREAD');
    }
    if (onFailed) this.#waiting.add(onFailed);
    this.socket.write(bytes, (error) => {
      if (!error && onFailed) this.#waiting.delete(onFailed);
    });
  }

  /** Closes it; who waits for something to be sent is told. May be called again. */
  drop(why: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#clearDeadline();
    this.socket.destroy();
    this.options.onClosed();
    for (const onFailed of this.#waiting) onFailed(why);
    this.#waiting.clear();
  }

  #read(bytes: Buffer): void {
    if (!this.#isOpen) return;
    try {
      const { messages, pings } = this.#reader.push(bytes);
      this.#hasSpoken ||= messages.length > 0;
      const isBetweenMessages = this.#reader.isEmpty && this.#hasSpoken;
      if (messages.length > 0 || isBetweenMessages) this.#clearDeadline();
      if (!this.#reader.isEmpty && !this.#cancelDeadline) {
        this.#deadline(this.options.limits.messageTimeoutMs, 'STREAM_SLOW');
      }
      if (pings > 0) this.send(Buffer.from(PONG));
      for (const message of messages) this.options.onMessage(message);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#reject(error.code);
    }
  }

  #reject(why: string): void {
    if (this.#isOpen) this.options.onRejected(why, this.peer.host);
    this.drop(why);
  }

  /** @param code when the peer is to blame */
  #deadline(delayMs: number, code: string | undefined): void {
    this.#cancelDeadline = this.options.scheduler.schedule(delayMs, () => {
      this.#cancelDeadline = undefined;
      if (code === undefined) this.drop('no connection in time');
      else this.#reject(code);
    });
  }

  #clearDeadline(): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
  }
}
