/**
 * Client transactions: RFC 3261 sections 17.1.1 (INVITE) and 17.1.2 (the others), with the Accepted
 * state of RFC 6026, and CANCEL after section 9.1.
 *
 * A transaction delivers exactly one final response, its own 408 or 503 if nothing else comes,
 * and is silent after `terminate`.
 */
import { randomBytes } from 'node:crypto';
import { SipMessage, type SipAddress } from './message.js';
import { TimerSet } from './scheduler.js';
import {
  copyHeaders,
  isReliable,
  type ClientHandlers,
  type ClientTransaction,
  type TransactionHost,
} from './transaction.js';

const newTag = (): string => randomBytes(8).toString('hex');

type ClientState = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

export interface ClientTransactionOptions {
  readonly host: TransactionHost;
  readonly request: SipMessage;
  readonly destination: SipAddress;
  readonly handlers: ClientHandlers;
  readonly onTerminated: () => void;
  /** Starts the transaction that carries a CANCEL. */
  readonly sendCancel: (cancel: SipMessage, to: SipAddress) => void;
}

/** One transaction of either kind; `start` sends the request. */
export abstract class SipClientTransaction implements ClientTransaction {
  readonly request: SipMessage;
  destination: SipAddress;
  protected state: ClientState = 'calling';
  protected readonly timers: TimerSet;
  protected readonly host: TransactionHost;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(protected readonly options: ClientTransactionOptions) {
    this.request = options.request;
    this.destination = options.destination;
    this.host = options.host;
    this.timers = new TimerSet(options.host.scheduler);
  }

  get isFinal(): boolean {
    return this.state !== 'calling' && this.state !== 'proceeding';
  }

  /** Sends the request to a resolved address and starts the clocks. */
  start(destination: SipAddress): void {
    if (this.state !== 'calling') return;
    this.destination = destination;
    this.#bytes = this.request.toBuffer();
    const { t1Ms, giveUpMs, probeAfterMs } = this.host.times;
    this.timers.set('give-up', giveUpMs, () => this.#timeOut());
    if (!isReliable(destination)) {
      this.#retransmitAfter(t1Ms);
      this.timers.set('probe', probeAfterMs, () =>
        this.host.probe(this.destination, () => this.failLocally(503)),
      );
    }
    this.#transmit();
  }

  abstract receive(response: SipMessage): void;

  abstract cancel(extraHeaders?: [string, string][]): SipMessage;

  abstract acknowledge(ack: SipMessage, to: SipAddress): void;

  terminate(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.timers.clearAll();
    this.options.onTerminated();
  }

  /** Ends an unanswered transaction with a response made here; later ones change nothing. */
  failLocally(status: number, reason?: string): void {
    if (this.isFinal) return;
    const response = SipMessage.response(status, reason);
    response.local = true;
    const { transport = 'udp' } = this.destination;
    response.source = { host: '', port: 0, transport };
    copyHeaders(this.request, response, ['Via', 'From', 'To', 'Call-ID', 'CSeq']);
    if (!response.tagOf('To')) response.set('To', `${response.get('To') ?? ''};tag=${newTag()}`);
    this.terminate();
    this.deliver(response);
  }

  protected deliver(response: SipMessage, retransmission = false): void {
    this.host.call(() => this.options.handlers.onResponse(response, { retransmission }));
  }

  /** Interval of the next retransmission, given the last one; undefined stops them. */
  protected abstract nextIntervalMs(lastMs: number): number | undefined;

  #timeOut(): void {
    if (this.isFinal) return;
    this.failLocally(408);
    this.host.call(() => this.options.handlers.onTimeout?.());
  }

  /** Ends it when repetitions of the final response have died out. */
  protected terminateAfter(timer: string, delayMs: number): void {
    if (isReliable(this.destination)) this.terminate();
    else this.timers.set(timer, delayMs, () => this.terminate());
  }

  #transmit(): void {
    this.host.send(this.#bytes, this.destination, () => this.#notSent());
  }

  /** RFC 3261 section 18.1.1: the size alone must not make a peer without TCP unreachable. */
  #notSent(): void {
    if (this.state !== 'calling' || !this.destination.orUdp) return this.failLocally(503);
    this.timers.clearAll();
    this.start(this.host.overUdp(this.request, this.destination));
  }

  #retransmitAfter(delayMs: number): void {
    this.timers.set('retransmit', delayMs, () => {
      this.host.countRetransmission();
      const next = this.nextIntervalMs(delayMs);
      if (next !== undefined) this.#retransmitAfter(next);
      this.#transmit();
    });
  }
}

/** RFC 3261 section 17.1.1 with RFC 6026 section 7.2. */
export class InviteClientTransaction extends SipClientTransaction {
  #ackOfFailure?: Buffer;
  #ackOfSuccess?: { readonly ack: SipMessage; readonly to: SipAddress };
  #acceptedTag?: string;
  #heldCancel?: SipMessage;
  #cancelled = false;

  receive(response: SipMessage): void {
    const status = response.status ?? 0;
    switch (this.state) {
      case 'calling':
      case 'proceeding':
        if (status < 200) this.#proceed(response);
        else if (status < 300) this.#accept(response);
        else this.#complete(response);
        return;
      case 'completed':
        if (status >= 300 && this.#ackOfFailure) {
          this.host.send(this.#ackOfFailure, this.destination);
        }
        return;
      case 'accepted':
        if (status >= 200 && status < 300) this.#repeatAccepted(response);
        return;
      case 'terminated':
        return;
    }
  }

  cancel(extraHeaders: [string, string][] = []): SipMessage {
    const cancel = SipMessage.request('CANCEL', this.request.uri ?? '');
    const [via = ''] = this.request.all('Via');
    cancel.add('Via', via);
    copyHeaders(this.request, cancel, ['Route', 'Max-Forwards', 'From', 'To', 'Call-ID']);
    cancel.add('CSeq', `${this.request.cseq.seq} CANCEL`);
    for (const [name, value] of extraHeaders) cancel.add(name, value);
    if (this.#cancelled || this.isFinal) return cancel;
    this.#cancelled = true;
    if (this.state === 'proceeding') this.#sendCancel(cancel);
    else this.#heldCancel = cancel;
    return cancel;
  }

  acknowledge(ack: SipMessage, to: SipAddress): void {
    this.#ackOfSuccess = { ack, to: this.host.route(ack, to) };
    this.#sendAck();
  }

  #sendAck(): void {
    if (!this.#ackOfSuccess) return;
    const { ack, to } = this.#ackOfSuccess;
    this.host.send(ack.toBuffer(), to, () => {
      if (!to.orUdp) return;
      this.#ackOfSuccess = { ack, to: this.host.overUdp(ack, to) };
      this.#sendAck();
    });
  }

  protected nextIntervalMs(lastMs: number): number {
    return 2 * lastMs; // Timer A has no cap; Timer B ends it
  }

  #proceed(response: SipMessage): void {
    this.state = 'proceeding';
    if (!this.#cancelled || this.#heldCancel) this.timers.clear('give-up');
    this.timers.clear('retransmit', 'probe');
    const held = this.#heldCancel;
    this.#heldCancel = undefined;
    this.deliver(response);
    if (held && !this.isFinal) this.#sendCancel(held);
  }

  #sendCancel(cancel: SipMessage): void {
    this.options.sendCancel(cancel, this.destination);
    // Section 9.1: without a final response 64*T1 after the CANCEL the INVITE counts as cancelled.
    this.timers.set('give-up', this.host.times.giveUpMs, () => this.failLocally(487));
  }

  #accept(response: SipMessage): void {
    this.state = 'accepted';
    this.#heldCancel = undefined;
    this.#acceptedTag = response.tagOf('To');
    this.timers.clearAll();
    this.timers.set('M', this.host.times.giveUpMs, () => this.terminate());
    this.deliver(response);
  }

  /** A fork's 2xx has another tag: that is a dialog of its own, which the user must end. */
  #repeatAccepted(response: SipMessage): void {
    const repeated = response.tagOf('To') === this.#acceptedTag;
    if (repeated) this.#sendAck();
    this.deliver(response, repeated);
  }

  #complete(response: SipMessage): void {
    this.state = 'completed';
    this.#heldCancel = undefined;
    this.timers.clearAll();
    const ack = SipMessage.request('ACK', this.request.uri ?? '');
    const [via = ''] = this.request.all('Via');
    ack.add('Via', via);
    copyHeaders(this.request, ack, ['Route', 'Max-Forwards', 'From']);
    copyHeaders(response, ack, ['To']);
    copyHeaders(this.request, ack, ['Call-ID']);
    ack.add('CSeq', `${this.request.cseq.seq} ACK`);
    this.#ackOfFailure = ack.toBuffer();
    this.host.send(this.#ackOfFailure, this.destination);
    this.terminateAfter('D', this.host.times.giveUpMs);
    this.deliver(response);
  }
}

/** RFC 3261 section 17.1.2. */
export class NonInviteClientTransaction extends SipClientTransaction {
  receive(response: SipMessage): void {
    if (this.isFinal) return;
    this.timers.clear('probe');
    if ((response.status ?? 0) < 200) {
      this.state = 'proceeding'; // keeps retransmitting, every T2, until Timer F
      this.deliver(response);
      return;
    }
    this.state = 'completed';
    this.timers.clearAll();
    this.terminateAfter('K', this.host.times.t4Ms);
    this.deliver(response);
  }

  cancel(): SipMessage {
    throw new Error(`only an INVITE can be cancelled, not ${this.request.method ?? '?'}`);
  }

  acknowledge(): void {
    throw new Error(`only an INVITE is acknowledged, not ${this.request.method ?? '?'}`);
  }

  protected nextIntervalMs(lastMs: number): number {
    const { t2Ms } = this.host.times;
    return this.state === 'proceeding' ? t2Ms : Math.min(2 * lastMs, t2Ms);
  }
}
