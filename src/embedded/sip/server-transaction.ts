/**
 * Server transactions: RFC 3261 sections 17.2.1 (INVITE) and 17.2.2, the Accepted state of RFC
 * 6026, and the repetition of a 2xx until its ACK (13.3.1.4, over TCP too), which is the
 * transaction user's in the RFC but the same for each of ours.
 */
import { randomBytes } from 'node:crypto';
import { SipMessage, type SipAddress } from './message.js';
import { TimerSet } from './scheduler.js';
import {
  copyHeaders,
  isReliable,
  type ResponseOptions,
  type ServerTransaction,
  type TransactionHost,
} from './transaction.js';

type ServerState = 'proceeding' | 'completed' | 'accepted' | 'confirmed' | 'terminated';

export interface ServerTransactionOptions {
  readonly host: TransactionHost;
  readonly request: SipMessage;
  /** Where responses go: RFC 3261 section 18.2.2 and RFC 3581. */
  readonly replyTo: SipAddress;
  /** The same when the connection that brought the request is gone. */
  readonly replyToInstead?: SipAddress | undefined;
  readonly onTerminated: () => void;
}

/** One transaction of either kind. */
export abstract class SipServerTransaction implements ServerTransaction {
  readonly request: SipMessage;
  onCancel?: (cancel: SipMessage) => void;
  onAckTimeout?: () => void;
  onTerminated?: () => void;
  protected state: ServerState = 'proceeding';
  protected readonly timers: TimerSet;
  protected readonly host: TransactionHost;
  #lastResponse?: Buffer;
  #localTag: string;
  #isTagSent: boolean;

  constructor(protected readonly options: ServerTransactionOptions) {
    this.request = options.request;
    this.host = options.host;
    this.timers = new TimerSet(options.host.scheduler);
    const tag = options.request.tagOf('To');
    this.#isTagSent = tag !== undefined;
    this.#localTag = tag ?? randomBytes(8).toString('hex');
  }

  get localTag(): string {
    return this.#localTag;
  }

  get isFinal(): boolean {
    return this.state !== 'proceeding';
  }

  respond(status: number, options: ResponseOptions = {}): SipMessage | undefined {
    if (this.isFinal) return undefined;
    if (status > 100) {
      if (options.localTag && !this.#isTagSent) this.#localTag = options.localTag;
      this.#isTagSent = true;
    }
    const response = buildResponse(this.request, status, this.localTag, options);
    this.#lastResponse = response.toBuffer();
    if (status >= 200) this.enterFinal(status);
    this.transmitLast();
    return response;
  }

  /** The same request once more: the last response once more (17.2.1, 17.2.2). */
  receiveRetransmission(): void {
    if (this.state === 'accepted' || this.state === 'confirmed') return; // RFC 6026 section 7.1
    this.transmitLast();
  }

  acknowledge(): void {
    // Only an INVITE's final response is acknowledged.
  }

  terminate(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.timers.clearAll();
    this.options.onTerminated();
    this.host.call(() => this.onTerminated?.());
  }

  protected abstract enterFinal(status: number): void;

  protected transmitLast(): void {
    const response = this.#lastResponse;
    if (!response) return;
    const { replyTo, replyToInstead: instead } = this.options;
    this.host.send(response, replyTo, instead && (() => this.host.send(response, instead)));
  }

  /** Ends it when repetitions of the request have died out. */
  protected terminateAfter(delayMs: number): void {
    if (isReliable(this.options.replyTo)) this.terminate();
    else this.timers.set('give-up', delayMs, () => this.terminate());
  }
}

/** RFC 3261 section 17.2.1 with RFC 6026 section 7.1; answers 100 by itself. */
export class InviteServerTransaction extends SipServerTransaction {
  #awaitsAck = false;

  constructor(options: ServerTransactionOptions) {
    super(options);
    this.respond(100);
  }

  /** @returns false if this ACK is a repetition or belongs to a failure: nobody else need know. */
  receiveAck(): boolean {
    if (!this.#awaitsAck) return false;
    const accepted = this.state === 'accepted';
    this.acknowledge();
    if (!accepted) {
      this.state = 'confirmed';
      this.terminateAfter(this.host.times.t4Ms); // Timer I
    }
    return accepted;
  }

  override acknowledge(): void {
    this.#awaitsAck = false;
    this.timers.clear('retransmit');
  }

  protected enterFinal(status: number): void {
    this.state = status < 300 ? 'accepted' : 'completed';
    this.#awaitsAck = true;
    const { t1Ms, giveUpMs } = this.host.times;
    this.timers.set('give-up', giveUpMs, () => this.#giveUp()); // Timer L or H
    const isRepeated = this.state === 'accepted' || !isReliable(this.options.replyTo);
    if (isRepeated) this.#retransmitAfter(t1Ms); // Timer G
  }

  #giveUp(): void {
    const unanswered = this.#awaitsAck && this.state === 'accepted';
    this.terminate();
    if (unanswered) this.host.call(() => this.onAckTimeout?.());
  }

  #retransmitAfter(delayMs: number): void {
    this.timers.set('retransmit', delayMs, () => {
      this.host.countRetransmission();
      this.#retransmitAfter(Math.min(2 * delayMs, this.host.times.t2Ms));
      this.transmitLast();
    });
  }
}

/** RFC 3261 section 17.2.2. A request nobody answers in time ends silently (RFC 4320). */
export class NonInviteServerTransaction extends SipServerTransaction {
  constructor(options: ServerTransactionOptions) {
    super(options);
    this.timers.set('give-up', this.host.times.giveUpMs, () => this.terminate());
  }

  protected enterFinal(): void {
    this.state = 'completed';
    this.terminateAfter(this.host.times.giveUpMs); // Timer J
  }
}

function buildResponse(
  request: SipMessage,
  status: number,
  localTag: string,
  { reason, headers = [], body = '' }: ResponseOptions,
): SipMessage {
  const response = SipMessage.response(status, reason || undefined);
  copyHeaders(request, response, ['Via']);
  if (status > 100 && status < 300) copyHeaders(request, response, ['Record-Route']); // 12.1.1
  copyHeaders(request, response, ['From']);
  const to = request.get('To') ?? '';
  response.add('To', status > 100 && !request.tagOf('To') ? `${to};tag=${localTag}` : to);
  copyHeaders(request, response, ['Call-ID', 'CSeq']);
  for (const [name, value] of headers) response.add(name, value);
  response.body = body;
  return response;
}
