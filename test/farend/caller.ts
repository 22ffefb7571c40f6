/**
 * A tiny caller for the tests of the far end: plain UDP, its own SIP text and its own RTP, so that
 * neither side can hide the other's faults. It retransmits nothing; loopback does not need it.
 */
import { createSocket, type Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { alaw, mulaw } from 'alawmulaw';

const FRAME_SAMPLES = 160;
const FRAME_MS = 20;
const WAIT_MS = 10_000;
const LAWS = { alaw, mulaw };

export interface SipText {
  /** 0 for a request. */
  readonly status: number;
  readonly method: string;
  readonly text: string;
  header(name: string): string | undefined;
  readonly body: string;
}

function parse(text: string): SipText {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const lines = head.split('\r\n');
  const status = Number(/^SIP\/2\.0 (\d{3})/.exec(lines[0] ?? '')?.[1] ?? 0);
  const header = (name: string): string | undefined => {
    const found = lines.find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
    return found?.slice(found.indexOf(':') + 1).trim();
  };
  const method = status ? (header('CSeq')?.split(' ')[1] ?? '') : (lines[0]?.split(' ')[0] ?? '');
  return { status, method, text, header, body: rest.join('\r\n\r\n') };
}

export interface CallOptions {
  readonly user?: string;
  readonly headers?: readonly string[];
  /** '' sends none. */
  readonly sdp?: string;
  /** Leaves a header out. */
  readonly without?: string;
}

let serial = 0;

export class Caller {
  readonly received: SipText[] = [];
  readonly callId = `call-${process.pid}-${(serial += 1)}@test`;
  readonly heard: number[] = [];
  /** Law of the packets sent and understood. */
  law: 'mulaw' | 'alaw' = 'mulaw';
  autoAck = true;
  readonly #events = new EventEmitter();
  #sequence = 65_530; // wraps at once
  #timestamp = 4_294_960_000;
  ssrc = 7;
  #cseq = 1;
  #toTag = '';
  #target = '';
  #rtpTo = 0;

  private constructor(
    private readonly sip: Socket,
    private readonly rtp: Socket,
    private readonly port: number,
  ) {
    sip.on('message', (bytes) => this.#receive(parse(bytes.toString())));
    rtp.on('message', (packet) => {
      const codes = new Uint8Array(packet.subarray(12));
      if ((packet[1]! & 0x7f) <= 8) this.heard.push(...LAWS[this.law].decode(codes));
    });
  }

  /** @param port where the far end listens */
  static async open(port: number): Promise<Caller> {
    const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
    for (const socket of sockets) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    return new Caller(sockets[0], sockets[1], port);
  }

  /** @param via a Via header of where the far end sends from; without a port in it, it is 5060 (RFC 3261 18.2.1) */
  static toSender(via = ''): Promise<Caller> {
    return Caller.open(Number(/127\.0\.0\.1:(\d+)/.exec(via)?.[1] ?? 5060));
  }

  close(): void {
    this.sip.close();
    this.rtp.close();
  }

  get sdp(): string {
    return offer(address(this.rtp).port);
  }

  invite({ user = '4420', headers = [], sdp = this.sdp, without }: CallOptions = {}): void {
    this.#target = `sip:${user}@127.0.0.1:${this.port}`;
    this.#send('INVITE', this.#cseq, { headers, sdp, without, branch: 'z9hG4bKinvite' });
  }

  /** Sends the INVITE and waits until it is answered. */
  async connect(options: CallOptions = {}): Promise<SipText> {
    this.invite(options);
    return this.response(200, 'INVITE');
  }

  cancel(): void {
    this.#send('CANCEL', this.#cseq, { branch: 'z9hG4bKinvite' });
  }

  bye(): void {
    this.request('BYE');
  }

  /** A request inside the dialog, or outside it before an answer. */
  request(method: string, options: CallOptions = {}): void {
    this.#cseq++;
    this.#send(method, this.#cseq, { ...options, headers: options.headers ?? [] });
  }

  raw(bytes: string | Buffer): void {
    this.sip.send(bytes, this.port, '127.0.0.1');
  }

  /** Waits for a response with this status (to this method) or a request, past ones included. */
  async response(status: number, method?: string): Promise<SipText> {
    return this.#await(
      (message) => message.status === status && (!method || message.method === method),
      `${status} ${method ?? ''}`,
    );
  }

  async incoming(method: string): Promise<SipText> {
    return this.#await((message) => message.status === 0 && message.method === method, method);
  }

  /** Plays samples in real time. @param isLost decides per packet */
  async play(pcm: Int16Array, isLost: (n: number) => boolean = () => false): Promise<void> {
    const startedAtMs = performance.now();
    for (let n = 0; n * FRAME_SAMPLES < pcm.length; n++) {
      const frame = new Int16Array(FRAME_SAMPLES);
      frame.set(pcm.subarray(n * FRAME_SAMPLES, (n + 1) * FRAME_SAMPLES));
      this.#sendFrame(frame, isLost(n));
      const waitMs = startedAtMs + (n + 1) * FRAME_MS - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  /** The sender is replaced, as when a call is handed over. */
  becomeAnotherSender(): void {
    this.ssrc += 1;
    this.#timestamp = (this.#timestamp + 123_456_789) >>> 0;
    this.#sequence = 17;
  }

  #sendFrame(frame: Int16Array, isLost: boolean): void {
    const packet = Buffer.alloc(12 + FRAME_SAMPLES);
    packet[0] = 0x80;
    packet[1] = this.law === 'mulaw' ? 0 : 8;
    packet.writeUInt16BE(this.#sequence, 2);
    packet.writeUInt32BE(this.#timestamp >>> 0, 4);
    packet.writeUInt32BE(this.ssrc, 8);
    packet.set(LAWS[this.law].encode(frame), 12);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + FRAME_SAMPLES) >>> 0;
    if (!isLost && this.#rtpTo) this.rtp.send(packet, this.#rtpTo, '127.0.0.1');
  }

  #receive(message: SipText): void {
    this.received.push(message);
    const port = /m=audio (\d+)/.exec(message.body)?.[1];
    if (port) this.#rtpTo = Number(port);
    const tag = message.status > 100 && /;tag=([^;\s]+)/.exec(message.header('To') ?? '')?.[1];
    if (tag && message.method === 'INVITE') this.#toTag = tag;
    if (message.status >= 200 && message.method === 'INVITE' && this.autoAck) this.ack(message);
    if (message.status === 0) this.#answer(message);
    this.#events.emit('message');
  }

  ack(message: SipText, sdp = ''): void {
    const contact = /<([^>]+)>/.exec(message.header('Contact') ?? '')?.[1];
    if (contact && message.status < 300) this.#target = contact;
    const branch = message.status < 300 ? undefined : 'z9hG4bKinvite';
    this.#send('ACK', Number(message.header('CSeq')?.split(' ')[0]), { branch, sdp });
  }

  #answer(request: SipText): void {
    const copied = request.text
      .split('\r\n')
      .filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
    this.raw(['SIP/2.0 200 OK', ...copied, 'Content-Length: 0', '', ''].join('\r\n'));
  }

  #send(method: string, cseq: number, options: CallOptions & { branch?: string }): void {
    const { branch = `z9hG4bK${(serial += 1)}`, sdp = '', headers = [], without } = options;
    const tag = this.#toTag && method !== 'CANCEL' ? `;tag=${this.#toTag}` : '';
    const own = address(this.sip).port;
    const lines = [
      `Via: SIP/2.0/UDP 127.0.0.1:${own};branch=${branch}${branch === 'z9hG4bKinvite' ? this.callId.replace('@', '.') : ''}`,
      'Max-Forwards: 70',
      `From: "Dialback" <sip:1000@127.0.0.1>;tag=caller`,
      `To: <${this.#target || `sip:127.0.0.1:${this.port}`}>${tag}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:1000@127.0.0.1:${own}>`,
      ...headers,
      ...(sdp ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${sdp.length}`,
    ].filter((line) => !without || !line.startsWith(`${without}:`));
    const uri = this.#target || `sip:127.0.0.1:${this.port}`;
    this.raw([`${method} ${uri} SIP/2.0`, ...lines, '', sdp].join('\r\n'));
  }

  async #await(isWanted: (message: SipText) => boolean, what: string): Promise<SipText> {
    const signal = AbortSignal.timeout(WAIT_MS);
    for (;;) {
      const found = this.received.find(isWanted);
      if (found) return found;
      await once(this.#events, 'message', { signal }).catch(() => {
        const seen = this.received.map(({ status, method }) => `${status} ${method}`).join(', ');
        throw new Error(`no ${what} came; received: ${seen}`);
      });
    }
  }
}

export function offer(port: number, formats = '0 8 101', direction = 'sendrecv'): string {
  return [
    'v=0',
    'o=caller 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP ${formats}`,
    'a=rtpmap:101 telephone-event/8000',
    `a=${direction}`,
    '',
  ].join('\r\n');
}

function address(socket: Socket): AddressInfo {
  return socket.address();
}
