/**
 * A scripted SIP peer on one loopback address: it answers as told and remembers what it got. It
 * uses the codec but no transaction of the engine, so that a fault there cannot hide itself.
 */
import dgram from 'node:dgram';
import { SipMessage, type SipAddress } from '../../src/embedded/sip/message.js';

export type PeerScript = (request: SipMessage, peer: ScriptedPeer) => void;

export class ScriptedPeer {
  /** Each message once, however often it was repeated. */
  readonly received: SipMessage[] = [];
  script: PeerScript = () => undefined;
  readonly #socket = dgram.createSocket('udp4');
  readonly #seen = new Set<string>();
  readonly #waiting: { matches: (m: SipMessage) => boolean; resolve: () => void }[] = [];
  #source: SipAddress = { host: '', port: 0 };

  constructor(
    readonly host: string,
    readonly port: number,
  ) {
    this.#socket.on('message', (bytes, { address, port: from }) => {
      if (bytes.length < 16) return;
      this.#source = { host: address, port: from };
      this.#receive(SipMessage.parse(bytes));
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
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  /** A new scenario: forgets what was received. */
  reset(script: PeerScript): void {
    this.script = script;
    this.received.length = 0;
    this.#seen.clear();
  }

  send(message: SipMessage, to: SipAddress = this.#source): void {
    this.#socket.send(message.toBuffer(), to.port, to.host);
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

  #receive(message: SipMessage): void {
    message.source = this.#source;
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
