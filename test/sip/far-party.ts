/**
 * A scripted called party on UDP loopback: enough SIP to answer, refuse, ring, challenge and hang up
 * on command, and a list of everything it received. It knows no retransmissions beyond ignoring
 * repeated requests, which loopback does not need.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { FarRtp } from './far-rtp.js';

const REQUEST_WITHIN_MS = 10_000;

export interface SipText {
  readonly start: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  header(name: string): string | undefined;
}

export function parseSip(text: string): SipText {
  const [head = '', ...bodies] = text.split('\r\n\r\n');
  const [start = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  const header = (name: string): string | undefined =>
    headers.find(([found]) => found === name.toLowerCase())?.[1];
  return {
    start,
    method: start.split(' ')[0] ?? '',
    headers,
    body: bodies.join('\r\n\r\n'),
    header,
  };
}

type Answer = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly sdp?: string;
  /** Leaves the Contact out. */
  readonly isContactless?: boolean;
  /** A body of another type, such as `message/sipfrag`. */
  readonly body?: { readonly type: string; readonly text: string };
};

/** One INVITE transaction as the far party sees it. */
export class FarCall {
  readonly #tag = Math.random().toString(36).slice(2);

  constructor(
    private readonly party: FarParty,
    readonly request: SipText,
    private readonly from: RemoteInfo,
  ) {}

  get offer(): string {
    return this.request.body;
  }

  respond(status: number, phrase: string, answer: Answer = {}): void {
    this.respondTo(this.request, status, phrase, answer);
  }

  respondTo(request: SipText, status: number, phrase: string, answer: Answer = {}): void {
    const copied = request.headers.filter(([name]) =>
      /^(via|from|call-id|cseq|record-route)$/.test(name),
    );
    const to = request.header('to') ?? '';
    this.#send([
      `SIP/2.0 ${status} ${phrase}`,
      ...copied.map(([name, value]) => `${name}: ${value}`),
      `to: ${to.includes(';tag=') || status === 100 ? to : `${to};tag=${this.#tag}`}`,
      ...(answer.isContactless ? [] : [`contact: <sip:far@127.0.0.1:${this.party.port}>`]),
      ...bodyLines(answer),
    ]);
  }

  /** Another party that a proxy rang for the same INVITE: its responses have a tag of their own. */
  fork(): FarCall {
    return new FarCall(this.party, this.request, this.from);
  }

  /** Answers with the party's own SDP. */
  answer(): void {
    this.respond(200, 'OK', { sdp: this.party.rtp.sdp });
  }

  bye(): void {
    this.request_('BYE');
  }

  /** Sends a request inside the dialog. */
  request_(method: string, answer: Answer = {}): void {
    const target = /<([^>]+)>/.exec(this.request.header('contact') ?? '')?.[1] ?? '';
    this.#send([
      `${method} ${target} SIP/2.0`,
      `via: SIP/2.0/UDP 127.0.0.1:${this.party.port};branch=z9hG4bK${Math.random().toString(36).slice(2)}`,
      `from: ${this.request.header('to')};tag=${this.#tag}`,
      `to: ${this.request.header('from')}`,
      `call-id: ${this.request.header('call-id')}`,
      `cseq: ${++this.party.cseq} ${method}`,
      'max-forwards: 70',
      `contact: <sip:far@127.0.0.1:${this.party.port}>`,
      ...bodyLines(answer),
    ]);
  }

  #send(lines: readonly string[]): void {
    this.party.send(lines.join('\r\n'), this.from);
  }
}

function bodyLines({ headers = {}, sdp, body }: Answer): string[] {
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const { type, text } = body ?? { type: 'application/sdp', text: sdp };
  if (text === undefined) return [...own, 'content-length: 0', '', ''];
  return [...own, `content-type: ${type}`, `content-length: ${text.length}`, '', text];
}

export class FarParty {
  readonly received: SipText[] = [];
  cseq = 100;
  /** What to do with a new INVITE; default rings and answers. */
  onInvite: (call: FarCall) => void = (call) => {
    call.respond(180, 'Ringing');
    call.answer();
  };
  /** What to do with a CANCEL, after its 200; default refuses the INVITE with 487. */
  onCancel: (call: FarCall) => void = (call) => call.respond(487, 'Request Terminated');
  /** What to do with a BYE; default takes it. */
  onBye: (bye: FarCall) => void = (bye) => bye.respond(200, 'OK');
  /** Any other request inside a call; default leaves it unanswered. */
  onRequest: (call: FarCall, request: SipText) => void = () => undefined;
  readonly #arrivals = new EventEmitter();
  readonly #calls = new Map<string, FarCall>();
  readonly #seen = new Set<string>();

  private constructor(
    private readonly socket: Socket,
    readonly rtp: FarRtp,
  ) {
    socket.on('message', (packet, from) => this.#receive(packet.toString(), from));
  }

  static async open(): Promise<FarParty> {
    const socket = createSocket('udp4').unref();
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new FarParty(socket, await FarRtp.open());
  }

  get port(): number {
    return this.socket.address().port;
  }

  get uri(): string {
    return `sip:far@127.0.0.1:${this.port}`;
  }

  /** The last call that came in. */
  get call(): FarCall {
    const call = [...this.#calls.values()].at(-1);
    if (!call) throw new Error('no INVITE came yet');
    return call;
  }

  requests(method: string): SipText[] {
    return this.received.filter((message) => message.method === method);
  }

  /** @returns the first request of this method, now or when it comes. @throws when it does not come */
  async request(method: string): Promise<SipText> {
    const signal = AbortSignal.timeout(REQUEST_WITHIN_MS);
    for (;;) {
      const [found] = this.requests(method);
      if (found) return found;
      await once(this.#arrivals, 'message', { signal }).catch(() => {
        const seen = this.received.map(({ start }) => start).join(', ');
        throw new Error(`no ${method} came; so far: ${seen}`);
      });
    }
  }

  send(text: string, to: RemoteInfo): void {
    this.socket.send(text, to.port, to.address);
  }

  close(): void {
    this.socket.close();
    this.rtp.close();
  }

  #receive(text: string, from: RemoteInfo): void {
    const message = parseSip(text);
    const key = `${message.start} ${message.header('cseq')} ${message.header('via')}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.received.push(message);
    this.#react(message, from);
    this.#arrivals.emit('message');
  }

  #react(message: SipText, from: RemoteInfo): void {
    const callId = message.header('call-id') ?? '';
    const known = this.#calls.get(callId);
    switch (message.method) {
      case 'INVITE': {
        const call = new FarCall(this, message, from);
        this.#calls.set(callId, call);
        return this.onInvite(call);
      }
      case 'CANCEL':
        known?.respondTo(message, 200, 'OK');
        if (known) this.onCancel(known);
        return;
      case 'BYE':
        return this.onBye(new FarCall(this, message, from));
      case 'ACK':
        return;
      default:
        if (known && !message.start.startsWith('SIP/2.0')) this.onRequest(known, message);
    }
  }
}
