/**
 * A scripted SIP peer on one loopback address, over UDP and when asked over TCP: it answers as told
 * and remembers what it got. It uses the codec but neither transactions nor framing of the engine,
 * so that a fault there cannot hide itself.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { SipMessage, type SipAddress } from '../../src/embedded/sip/message.js';

export type PeerScript = (request: SipMessage, peer: ScriptedPeer) => void;

export class ScriptedPeer {
  /** Each message once, however often it was repeated. */
  readonly received: SipMessage[] = [];
  script: PeerScript = () => undefined;
  readonly #socket = dgram.createSocket('udp4');
  readonly #connections = new Map<number, Socket>();
  readonly #seen = new Set<string>();
  #server?: Server;
  readonly #waiting: { matches: (m: SipMessage) => boolean; resolve: () => void }[] = [];
  #source: SipAddress = { host: '', port: 0 };

  constructor(
    readonly host: string,
    readonly port: number,
  ) {
    this.#socket.on('message', (bytes, { address, port: from }) => {
      if (bytes.length >= 16) this.#receive(SipMessage.parse(bytes), { host: address, port: from });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(this.port, this.host, resolve);
    });
    return this;
  }

  async stop(): Promise<void> {
    await this.stopTcp();
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  /** Takes connections on the same port. */
  async startTcp(): Promise<void> {
    this.#server = createServer((socket) => this.#converse(socket));
    this.#server.listen(this.port, this.host);
    await once(this.#server, 'listening');
  }

  async stopTcp(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#connections.values()) socket.destroy();
    this.#connections.clear();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Opens a connection of our own, on which `send` to that address goes. */
  async connect(to: SipAddress): Promise<SipAddress> {
    const socket = connect({ port: to.port, host: to.host, localAddress: this.host });
    await once(socket, 'connect');
    this.#converse(socket);
    return { host: to.host, port: to.port, transport: 'tcp' };
  }

  /** A new scenario: forgets what was received. */
  reset(script: PeerScript): void {
    this.script = script;
    this.received.length = 0;
    this.#seen.clear();
  }

  send(message: SipMessage, to: SipAddress = this.#source): void {
    if (to.transport !== 'tcp') this.#socket.send(message.toBuffer(), to.port, to.host);
    else this.#connections.get(to.port)?.write(message.toBuffer());
  }

  #converse(socket: Socket): void {
    const { remoteAddress: host = '', remotePort: port = 0 } = socket;
    this.#connections.set(port, socket);
    let text = '';
    socket.setEncoding('latin1').on('error', () => undefined);
    socket.on('data', (piece: string) => {
      text = (text + piece).replace(/^(?:\r\n)+/, '');
      for (;;) {
        const head = /^[^]*?\r\n\r\n/.exec(text)?.[0];
        const length = /^Content-Length: (\d+)\r$/im.exec(head ?? '')?.[1];
        const end = (head?.length ?? Infinity) + Number(length);
        if (!(text.length >= end)) return;
        const bytes = Buffer.from(text.slice(0, end), 'latin1');
        text = text.slice(end);
        this.#receive(SipMessage.parse(bytes), { host, port, transport: 'tcp' });
      }
    });
  }

  /** Answers a request with our tag. */
  answer(
    request: SipMessage,
    status: number,
    { reason, headers = {}, body = '' }: AnswerOptions = {},
  ): void {
    const response = SipMessage.response(status, reason);
    for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) {
      for (const value of request.all(name)) response.add(name, value);
    }
    if (status > 100 && !request.tagOf('To'))
      response.set('To', `${request.get('To') ?? ''};tag=peer`);
    for (const [name, value] of Object.entries(headers)) response.add(name, value);
    response.body = body;
    if (body) response.add('Content-Type', 'application/sdp');
    this.send(response, request.source);
  }

  /** Resolves when a message that matches has been received, now or before. */
  async seen(matches: (message: SipMessage) => boolean): Promise<SipMessage> {
    if (!this.received.some(matches)) {
      await new Promise<void>((resolve) => this.#waiting.push({ matches, resolve }));
    }
    const found = this.received.find(matches);
    if (!found) throw new Error('the awaited message is gone');
    return found;
  }

  #receive(message: SipMessage, source: SipAddress): void {
    this.#source = message.source = source;
    const { seq, method } = message.cseq;
    const key = `${message.callId} ${seq} ${method} ${message.method ?? message.status} ${message.branch}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.received.push(message);
    for (const waiting of [...this.#waiting]) {
      if (!waiting.matches(message)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
    if (message.method !== undefined) this.script(message, this);
  }
}

export interface AnswerOptions {
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
