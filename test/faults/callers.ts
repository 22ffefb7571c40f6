/**
 * People who ring the service while faults come: on real SIP and RTP, each with a mind of their own, and
 * each a witness of what became of their call.
 */
import { randomUUID } from 'node:crypto';
import {
  addressUri,
  parseSipUri,
  SipMessage,
  type SipAddress,
} from '../../src/embedded/sip/message.js';
import {
  SipStack,
  type ClientTransaction,
  type IncomingRequest,
  type ServerTransaction,
} from '../../src/embedded/sip/stack.js';
import { uriHop } from '../../src/embedded/sip/uri.js';
import { CallMedia } from '../../src/farend/call-media.js';
import type { Random } from '../fuzz/random.js';
import type { Network } from './network.js';

/** What one of them knows afterwards; times are milliseconds since the epoch. */
export interface RungCall {
  readonly callId: string;
  readonly startedAtMs: number;
  readonly answeredAtMs?: number;
  /** Absent while it lives. */
  readonly endedAtMs?: number;
  /** `caller` and `service` by BYE, `given up` by CANCEL, `refused` with `status`. */
  readonly endedBy?: 'caller' | 'service' | 'given up' | 'refused';
  readonly status?: number;
  readonly ladder: readonly string[];
}

export interface CallersOptions {
  readonly to: SipAddress;
  readonly random: Random;
  readonly network: Pick<Network, 'sip' | 'rtp'>;
  /** What they say, again and again; 8 kHz. */
  readonly voice: Int16Array;
}

/** Of a hundred: cancels soon, hangs up soon after the answer; the others stay until somebody ends it. */
const CANCELS = 10;
const LEAVES_SOON = 25;
const SOON_MS = 3000;
/** Nobody lets it ring longer; where a CANCEL brings nothing, there is nobody any more. */
const RINGS_MS = 15_000;
const CANCEL_MS = 5000;
/** Nobody stays longer: a call that nobody ends would be found as a ghost long before. */
const STAYS_MS = 120_000;

export class Callers {
  readonly #stack: SipStack;
  readonly #calls: Caller[] = [];

  private constructor(private readonly options: CallersOptions) {
    this.#stack = new SipStack({ gates: options.network.sip });
    this.#stack.onRequest = (request, transaction) => {
      const caller = this.#calls.findLast(({ callId }) => callId === request.callId);
      if (caller && request.tagOf('To') !== undefined) caller.receive(request, transaction);
      else transaction.respond(481);
    };
  }

  static async start(options: CallersOptions): Promise<Callers> {
    const callers = new Callers(options);
    await callers.#stack.start();
    return callers;
  }

  get liveCount(): number {
    return this.#calls.filter(({ isOver }) => !isOver).length;
  }

  calls(): readonly RungCall[] {
    return this.#calls.map((caller) => caller.told());
  }

  /** Rings until so many are on the line. */
  async fill(wanted: number): Promise<void> {
    for (let left = wanted - this.liveCount; left > 0; left -= 1) {
      const caller = new Caller(this.#stack, this.options);
      this.#calls.push(caller);
      await caller.ring();
    }
  }

  async stop(): Promise<void> {
    for (const caller of this.#calls) caller.forget();
    await this.#stack.stop();
  }
}

class Caller {
  readonly callId = `rings-${randomUUID()}`;
  readonly #startedAtMs = Date.now();
  readonly #ladder: string[] = [];
  readonly #tag = randomUUID().slice(0, 8);
  readonly #media: CallMedia;
  #invite: ClientTransaction | undefined;
  #end: Pick<RungCall, 'endedAtMs' | 'endedBy' | 'status'> = {};
  #answeredAtMs: number | undefined;
  #to = '';
  #target = '';
  #seq = 1;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly stack: SipStack,
    private readonly options: CallersOptions,
  ) {
    const unheard = { onFirstSound: () => undefined, onDtmf: () => undefined };
    const rtpGates = options.network.rtp;
    this.#media = new CallMedia({ rtpHost: '127.0.0.1', rtpGates, recordMaxMs: 1 }, unheard);
  }

  get isOver(): boolean {
    return this.#end.endedAtMs !== undefined;
  }

  told(): RungCall {
    return {
      callId: this.callId,
      startedAtMs: this.#startedAtMs,
      ...(this.#answeredAtMs !== undefined && { answeredAtMs: this.#answeredAtMs }),
      ...this.#end,
      ladder: this.#ladder,
    };
  }

  async ring(): Promise<void> {
    await this.#media.open();
    const { random, to } = this.options;
    this.#target = `sip:sales@${to.host}:${to.port}`;
    this.#to = `<${this.#target}>`;
    const invite = this.#request('INVITE', 1);
    invite.add('Content-Type', 'application/sdp');
    invite.body = this.#media.describe('') ?? '';
    this.#note('INVITE sent');
    this.#invite = this.stack.request(invite, to, {
      onResponse: (response, { retransmission }) => {
        if (!retransmission) this.#answered(response);
      },
    });
    const isHasty = random.below(100) < CANCELS;
    this.#later(isHasty ? random.below(SOON_MS) : RINGS_MS, () => this.#giveUp());
  }

  #giveUp(): void {
    if (this.isOver || this.#answeredAtMs !== undefined) return;
    this.#note('CANCEL sent');
    this.#invite?.cancel();
    this.#later(CANCEL_MS, () => {
      if (this.#answeredAtMs === undefined) this.#over({ endedBy: 'given up' });
    });
  }

  #leave(): void {
    if (this.isOver) return;
    this.#over({ endedBy: 'caller' });
    this.#bye();
  }

  #bye(): void {
    this.#seq += 1;
    const bye = this.#request('BYE', this.#seq);
    this.#note('BYE sent');
    this.stack.request(bye, this.#hop(), {
      onResponse: ({ status = 0 }) => this.#note(`${status} to the BYE`),
    });
  }

  receive(request: IncomingRequest, transaction: ServerTransaction): void {
    this.#note(`${request.method ?? ''} received`);
    switch (request.method) {
      case 'BYE':
        transaction.respond(this.isOver ? 481 : 200);
        return this.#over({ endedBy: 'service' });
      case 'INVITE': {
        const sdp = this.#media.describe(request.body);
        const headers: [string, string][] = [
          ['Contact', this.#contact],
          ['Content-Type', 'application/sdp'],
        ];
        if (sdp === undefined) transaction.respond(488);
        else transaction.respond(200, { headers, body: sdp });
        return;
      }
      default:
        transaction.respond(200);
    }
  }

  forget(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#media.close();
  }

  #answered(response: SipMessage): void {
    const { status = 0 } = response;
    this.#note(`${status} received`);
    if (status < 200) return;
    if (status >= 300) {
      return this.#over({ endedBy: status === 487 ? 'given up' : 'refused', status });
    }
    this.#to = response.get('To') ?? this.#to;
    this.#target = addressUri(response.get('Contact') ?? '') || this.#target;
    this.#invite?.acknowledge(this.#request('ACK', 1), this.#hop());
    // Whoever has given up hangs up on a late answer.
    if (this.isOver) return this.#bye();
    this.#answeredAtMs = Date.now();
    this.#media.acceptAnswer(response.body);
    void this.#talk();
    const { random } = this.options;
    const staysMs = random.below(100) < LEAVES_SOON ? random.below(SOON_MS) : STAYS_MS;
    this.#later(staysMs, () => this.#leave());
  }

  /** Sound all the time: nobody is cut off for being silent. */
  async #talk(): Promise<void> {
    while (!this.isOver) await this.#media.say(this.options.voice);
  }

  #over(end: Pick<RungCall, 'endedBy' | 'status'>): void {
    if (this.isOver) return;
    this.#end = { endedAtMs: Date.now(), ...end };
    this.forget();
  }

  #later(ms: number, run: () => void): void {
    this.#timers.push(setTimeout(run, ms));
  }

  #hop(): SipAddress {
    const uri = parseSipUri(this.#target);
    return (uri && uriHop(uri)) ?? this.options.to;
  }

  get #contact(): string {
    return `<sip:customer@${this.stack.host}:${this.stack.port}>`;
  }

  #request(method: string, seq: number): SipMessage {
    return SipMessage.request(method, this.#target)
      .add('Via', this.stack.newVia())
      .add('Max-Forwards', '70')
      .add('From', `<sip:+447700900999@${this.stack.host}>;tag=${this.#tag}`)
      .add('To', this.#to)
      .add('Call-ID', this.callId)
      .add('CSeq', `${seq} ${method}`)
      .add('Contact', this.#contact);
  }

  #note(what: string): void {
    this.#ladder.push(`${Date.now() - this.#startedAtMs} ms ${what}`);
  }
}
