/**
 * A SIP endpoint: one bound transport, its transactions, and the matching of what arrives to them
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
import type { SipTransport } from './transport.js';
import { UdpTransport } from './udp.js';
import { markSource } from './via.js';

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
  /** For tests: another clock, another network. */
  readonly scheduler?: Scheduler;
  readonly transport?: SipTransport;
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

export class SipStack {
  onRequest?: (request: IncomingRequest, transaction: ServerTransaction) => void;
  /** The first ACK to each 2xx. */
  onAck?: (ack: SipMessage, invite: ServerTransaction) => void;
  readonly counters: SipStackCounters = { malformed: 0, dropped: 0, retransmissions: 0 };
  readonly #clients = new Map<string, SipClientTransaction>();
  readonly #servers: ServerTransactions;
  readonly #scheduler: CountingScheduler;
  readonly #transport: SipTransport;
  readonly #host: TransactionHost;
  readonly #rejections: RejectionLog;
  #stopped = false;

  constructor(readonly options: SipStackOptions = {}) {
    this.#scheduler = new CountingScheduler(options.scheduler ?? systemScheduler);
    this.#rejections = new RejectionLog(this.#scheduler, (...line) => this.#log(...line));
    this.#transport =
      options.transport ??
      new UdpTransport(
        { host: options.host ?? '127.0.0.1', port: options.port ?? 0 },
        this.#scheduler,
        (error) => this.#log('warn', 'SIP socket error', { error: error.message }),
      );
    this.#host = {
      times: transactionTimes(options.t1Ms ?? 500),
      scheduler: this.#scheduler,
      send: (bytes, to, onFailed) => this.#send(bytes, to, onFailed),
      probe: (to, onRefused) => this.#transport.probe(to, onRefused),
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
    return this.options.publicHost ?? this.#transport.address.host;
  }

  /** The bound port; the one asked for before `start`. */
  get port(): number {
    return this.#transport.address.port;
  }

  get protocol(): string {
    return this.#transport.protocol;
  }

  /** @throws the socket's error when the address cannot be bound */
  async start(): Promise<this> {
    const { gates } = this.options;
    await this.#transport.start((bytes, source) => {
      const text = (): string => bytes.toString();
      pass(gates?.inward, text, () => this.#receive(bytes, source));
    });
    return this;
  }

  /** Drops every transaction without a word and closes the socket. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const transaction of [...this.#clients.values()]) transaction.terminate();
    this.#servers.terminateAll();
    this.#rejections.stop();
    await this.#transport.stop();
  }

  /** A Via value with a new branch; every new request needs one (RFC 3261 section 8.1.1.7). */
  newVia(): string {
    const branch = `z9hG4bK${randomBytes(10).toString('hex')}`;
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `SIP/2.0/${this.protocol.toUpperCase()} ${host}:${this.port};rport;branch=${branch}`;
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
    this.#whenResolved(to, (address, why) => {
      if (address) transaction.start(address);
      else transaction.failLocally(503, why);
    });
    return transaction;
  }

  /** Sends outside any transaction: for the ACK to a fork's 2xx and for tests. */
  send(message: SipMessage, to: SipAddress): void {
    const bytes = message.toBuffer();
    this.#whenResolved(to, (address) => {
      if (address) this.#send(bytes, address);
    });
  }

  /** True if that is this very endpoint. */
  isSelf(to: SipAddress): boolean {
    const address = resolveAtOnce(to.host, this.options.hosts) ?? to.host;
    const own = [this.host, this.#transport.address.host];
    return to.port === this.port && own.includes(address);
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
    pass(this.options.gates?.outward, text, () => this.#transport.send(bytes, to, onFailed));
  }

  #whenResolved(to: SipAddress, then: (address?: SipAddress, why?: string) => void): void {
    const atOnce = resolveAtOnce(to.host, this.options.hosts);
    if (atOnce) {
      then({ host: atOnce, port: to.port });
      return;
    }
    resolveName(to.host).then(
      (host) => this.#call(() => then({ host, port: to.port })),
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
      this.#rejections.add('malformed SIP datagram dropped', { code, from: source.host });
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
