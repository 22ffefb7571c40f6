/**
 * A SIP endpoint: one port for UDP and TCP, its transactions, and the matching of what arrives to them
 * (RFC 3261 sections 17.1.3, 17.2.3 and 18). Dialogs are the business of its users.
 *
 * Everything that arrives is hostile until parsed: what is malformed or more than the limits allow
 * is counted and dropped, and nothing that a user's callback throws leaves the socket handler.
 */
import { randomBytes } from 'node:crypto';
import { pass, type Gates } from '../gates.js';
import {
  InviteClientTransaction,
  NonInviteClientTransaction,
  type SipClientTransaction,
} from './client-transaction.js';
import { SipMessage, SipParseError, checkRoutable, type SipAddress } from './message.js';
import { resolveAtOnce, resolveName } from './resolve.js';
import { CountingScheduler, systemScheduler, type Scheduler } from './scheduler.js';
import { RejectionLog } from '../rejection-log.js';
import { ServerTransactions } from './server-transactions.js';
import {
  transactionTimes,
  type ClientHandlers,
  type ClientTransaction,
  type ServerTransaction,
  type TransactionHost,
} from './transaction.js';
import { TcpRefusals } from './tcp-refusals.js';
import { TcpTransport } from './tcp.js';
import type { DatagramTransport, StreamTransport } from './transport.js';
import { UdpTransport } from './udp.js';
import { markSource, setViaTransport } from './via.js';

export type { SipAddress } from './message.js';
export type { ClientTransaction, ServerTransaction } from './transaction.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFunction = (
  level: LogLevel,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/** A request from the network, with where it came from. */
export type IncomingRequest = SipMessage & { source: SipAddress };

export interface SipStackOptions {
  /** Address to bind, 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  /** Address that peers are told in Via and Contact, when it is not the bound one. */
  readonly publicHost?: string;
  /** RFC 3261's T1; every other timer follows it. 500 by default. */
  readonly t1Ms?: number;
  /** Further transactions at once are refused silently. */
  readonly maxTransactions?: number;
  /** Host names (lower case) with fixed addresses, as in /etc/hosts. */
  readonly hosts?: Readonly<Record<string, string>>;
  readonly onLog?: LogFunction;
  /** For tests: another clock, another network (without TCP unless that is given, too). */
  readonly scheduler?: Scheduler;
  readonly transport?: DatagramTransport;
  readonly streamTransport?: StreamTransport;
  /** For tests: what stands between this endpoint and the network. */
  readonly gates?: Gates | undefined;
}

/** All zero when nothing is going on. */
export interface SipStackStats {
  readonly clientTransactions: number;
  readonly serverTransactions: number;
  readonly timers: number;
}

/** Since the start; for diagnosis. */
export interface SipStackCounters {
  malformed: number;
  dropped: number;
  retransmissions: number;
}

const KEEP_ALIVE_MAX_BYTES = 8;
/** RFC 3261 section 18.1.1: what is larger and not known to fit the path must not go over UDP. */
const UDP_REQUEST_MAX_BYTES = 1300;
const PORT_TRIES = 10;

export class SipStack {
  onRequest?: (request: IncomingRequest, transaction: ServerTransaction) => void;
  /** The first ACK to each 2xx. */
  onAck?: (ack: SipMessage, invite: ServerTransaction) => void;
  readonly counters: SipStackCounters = { malformed: 0, dropped: 0, retransmissions: 0 };
  readonly #clients = new Map<string, SipClientTransaction>();
  readonly #servers: ServerTransactions;
  readonly #scheduler: CountingScheduler;
  readonly #udp: DatagramTransport;
  readonly #tcp: StreamTransport | undefined;
  readonly #tcpRefusals = new TcpRefusals();
  readonly #host: TransactionHost;
  readonly #rejections: RejectionLog;
  #stopped = false;

  constructor(readonly options: SipStackOptions = {}) {
    this.#scheduler = new CountingScheduler(options.scheduler ?? systemScheduler);
    this.#rejections = new RejectionLog(this.#scheduler, (...line) => this.#log(...line));
    this.#udp =
      options.transport ??
      new UdpTransport(
        { host: options.host ?? '127.0.0.1', port: options.port ?? 0 },
        this.#scheduler,
        (error) => this.#log('warn', 'SIP socket error', { error: error.message }),
      );
    const times = transactionTimes(options.t1Ms ?? 500);
    this.#tcp = options.transport ? options.streamTransport : this.#openTcp(times.t2Ms);
    this.#host = {
      times,
      scheduler: this.#scheduler,
      send: (bytes, to, onFailed) => this.#send(bytes, to, onFailed),
      route: (request, to) => this.route(request, to),
      overUdp: (request, to) => this.#overUdp(request, to),
      probe: (to, onRefused) => this.#udp.probe(to, onRefused),
      countRetransmission: () => void this.counters.retransmissions++,
      call: (run) => this.#call(run),
    };
    const user = {
      onRequest: (request: IncomingRequest, transaction: ServerTransaction): void => {
        if (this.onRequest) this.onRequest(request, transaction);
        else transaction.respond(501);
      },
      onAck: (ack: SipMessage, invite: ServerTransaction): void => this.onAck?.(ack, invite),
    };
    this.#servers = new ServerTransactions(this.#host, user, options.maxTransactions ?? 5000);
  }

  /** The address in Via and Contact. */
  get host(): string {
    return this.options.publicHost ?? this.#udp.address.host;
  }

  /** The bound port; the one asked for before `start`. */
  get port(): number {
    return this.#udp.address.port;
  }

  /** @throws the socket's error when the address cannot be bound */
  async start(): Promise<this> {
    const onMessage = (bytes: Buffer, source: SipAddress): void => {
      const text = (): string => bytes.toString();
      pass(this.options.gates?.inward, text, () => this.#receive(bytes, source));
    };
    for (let tries = 1; ; tries++) {
      await this.#udp.start(onMessage);
      try {
        await this.#tcp?.start(this.#udp.address, onMessage);
        return this;
      } catch (error) {
        await this.#udp.stop();
        if (this.options.port || tries === PORT_TRIES) throw error; // else any port free for both
      }
    }
  }

  /** Drops every transaction without a word and closes the socket. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const transaction of [...this.#clients.values()]) transaction.terminate();
    this.#servers.terminateAll();
    this.#rejections.stop();
    await this.#tcp?.stop();
    await this.#udp.stop();
  }

  /** A Via value with a new branch; every new request needs one (RFC 3261 section 8.1.1.7). */
  newVia(): string {
    const branch = `z9hG4bK${randomBytes(10).toString('hex')}`;
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `SIP/2.0/UDP ${host}:${this.port};rport;branch=${branch}`;
  }

  /**
   * Chooses the transport of a request and writes it into its Via: the one that its hop names, else
   * UDP, and TCP for a large one unless the hop is known not to take connections. Sending does this,
   * too; who shows the request to somebody before does it first.
   */
  route(request: SipMessage, to: SipAddress): SipAddress {
    const isLarge = (): boolean => request.toBuffer().length > UDP_REQUEST_MAX_BYTES;
    const mayChange = this.#tcp && !to.transport && !this.#tcpRefusals.has(to);
    const hop = mayChange && isLarge() ? ({ ...to, transport: 'tcp', orUdp: to } as const) : to;
    setViaTransport(request, hop);
    return hop;
  }

  /**
   * Sends a request in a new client transaction. The message needs its Via (`newVia`) already.
   *
   * @param to next hop; a name is resolved first, and the request waits for that
   */
  request(message: SipMessage, to: SipAddress, handlers: ClientHandlers): ClientTransaction {
    const key = `${message.branch ?? ''}|${message.method ?? ''}`;
    const Kind = message.method === 'INVITE' ? InviteClientTransaction : NonInviteClientTransaction;
    const transaction = new Kind({
      host: this.#host,
      request: message,
      destination: to,
      handlers,
      onTerminated: () => this.#clients.delete(key),
      sendCancel: (cancel, hop) => void this.request(cancel, hop, { onResponse: () => undefined }),
    });
    if (this.#stopped) return transaction;
    this.#clients.set(key, transaction);
    this.#whenResolved(this.route(message, to), (address, why) => {
      if (address) transaction.start(address);
      else transaction.failLocally(503, why);
    });
    return transaction;
  }

  /** Sends outside any transaction: for the ACK to a fork's 2xx and for tests. */
  send(message: SipMessage, to: SipAddress): void {
    this.#whenResolved(this.route(message, to), (address) => {
      if (address) this.#send(message.toBuffer(), address);
    });
  }

  /** True if that is this very endpoint. */
  isSelf(to: SipAddress): boolean {
    const address = resolveAtOnce(to.host, this.options.hosts) ?? to.host;
    const own = [this.host, this.#udp.address.host];
    return to.port === this.port && own.includes(address);
  }

  /** There is a TCP connection to exactly that address. */
  isConnected(peer: SipAddress): boolean {
    return this.#tcp?.isConnected(peer) === true;
  }

  stats(): SipStackStats {
    return {
      clientTransactions: this.#clients.size,
      serverTransactions: this.#servers.size,
      timers: this.#scheduler.active,
    };
  }

  #send(bytes: Buffer, to: SipAddress, onFailed?: (why: string) => void): void {
    const text = (): string => bytes.toString();
    const transport = to.transport === 'tcp' ? this.#tcp : this.#udp;
    pass(this.options.gates?.outward, text, () => transport?.send(bytes, to, onFailed));
  }

  #overUdp(request: SipMessage, { host, port, orUdp }: SipAddress): SipAddress {
    for (const peer of [{ host, port }, orUdp]) if (peer) this.#tcpRefusals.add(peer);
    this.#log('info', 'no SIP over TCP there, so a large request goes over UDP', { host, port });
    setViaTransport(request, { host, port });
    return { host, port };
  }

  #openTcp(connectTimeoutMs: number): TcpTransport {
    return new TcpTransport({
      scheduler: this.#scheduler,
      connectTimeoutMs,
      onRejected: (code, from) => {
        this.counters.malformed++;
        this.#rejections.add('SIP connection closed', { code, from });
      },
      onError: (error) => this.#log('warn', 'SIP listener error', { error: error.message }),
    });
  }

  #whenResolved(to: SipAddress, then: (address?: SipAddress, why?: string) => void): void {
    const atOnce = resolveAtOnce(to.host, this.options.hosts);
    if (atOnce) {
      then({ ...to, host: atOnce });
      return;
    }
    resolveName(to.host).then(
      (host) => this.#call(() => then({ ...to, host })),
      () => this.#call(() => then(undefined, 'DNS Error')),
    );
  }

  #receive(bytes: Buffer, source: SipAddress): void {
    if (bytes.length <= KEEP_ALIVE_MAX_BYTES) return;
    let message: SipMessage;
    try {
      message = SipMessage.parse(bytes);
      checkRoutable(message);
    } catch (error) {
      this.counters.malformed++;
      const code = error instanceof SipParseError ? error.code : String(error);
      this.#rejections.add('malformed SIP message dropped', { code, from: source.host });
      return;
    }
    message.source = source;
    this.#call(() => this.#dispatch(message, source));
  }

  #dispatch(message: SipMessage, source: SipAddress): void {
    if (message.status !== undefined) {
      const transaction = this.#clients.get(`${message.branch ?? ''}|${message.cseq.method}`);
      if (transaction) transaction.receive(message);
      else this.counters.dropped++;
      return;
    }
    const replyTo = markSource(message, source);
    const request = Object.assign(message, { source });
    if (!this.#servers.receive(request, replyTo)) this.counters.dropped++;
  }

  #call(run: () => void): void {
    try {
      run();
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#log('error', 'SIP callback failed', { error: text });
    }
  }

  #log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.options.onLog?.(level, message, fields);
  }
}
