/**
 * A customer whose call is lent to a plugin or page, connected with somebody else for a while: whoever
 * holds the call waits, and has the customer back when it is over. For a consultation the far side that
 * has answered is kept instead, for the flow to connect.
 */
import type { Clock, LegListener, Random, Telephony } from '../ports.js';
import { AgentCall, type AgentCallRequest } from './agent-call.js';
import { connect, type CustomerCall } from './conversation.js';
import type { FarCall, FarListener } from './queue-search.js';

export interface TransferOrder {
  /** As `message` of `route_to_rp` has it. */
  readonly destination: string;
  /** How long it may ring. */
  readonly connectTimeoutMs: number;
  /** How long they may talk; 0 = as long as they like. */
  readonly maxTimeMs: number;
  /** The far side is not connected, but kept for the flow once it has answered. */
  readonly isConsultation: boolean;
  /** A text for whoever answers (User-to-User), in place of the callback's own data there. */
  readonly userToUser?: string | undefined;
  /** The two are about to hear each other: what else the customer hears has to give way. */
  readonly beforeTalk: () => Promise<void>;
}

export type TransferEnd =
  /** Where it was to go is not allowed. */
  | { readonly kind: 'not-allowed'; readonly why: string }
  /** Nobody talked. `ours`: our own servers failed. `status`: of SIP, with `refused`. */
  | {
      readonly kind: 'not-connected';
      readonly cause: 'refused' | 'timeout' | 'stopped' | 'ours';
      readonly status?: number | undefined;
      readonly why: string;
    }
  | {
      readonly kind: 'talked';
      readonly talkMs: number;
      readonly endedBy: 'far-end' | 'holder' | 'limit';
    }
  /** A consultation: the far side waits for the customer. */
  | { readonly kind: 'answered' };

export interface RunningTransfer {
  /** Settles once; the customer is back by then. Never rejects. */
  readonly done: Promise<TransferEnd>;
  stop(why: string): void;
}

export interface LentTransferContext {
  readonly telephony: Telephony;
  readonly clock: Clock;
  readonly random: Random;
  readonly customer: CustomerCall;
  /** Who wants to know what is on the wire. */
  readonly leg: LegListener;
  /** A clean-up that has to be over before the callback is. */
  readonly cleanUp: (work: Promise<unknown>) => void;
  /** A line for `trace`. */
  readonly note: (what: string, detail?: string) => void;
}

export class LentTransfer implements RunningTransfer {
  readonly done: Promise<TransferEnd>;
  #settle!: (end: TransferEnd) => void;
  readonly #call: AgentCall;
  #stopTimer: () => void;
  #connectedAtMs: number | undefined;
  #isOver = false;
  #isKept = false;
  /** The flow's, once it has taken the far side over. */
  #listener: FarListener | undefined;

  constructor(
    private readonly context: LentTransferContext,
    private readonly order: TransferOrder,
    request: AgentCallRequest,
  ) {
    const { telephony, clock, leg, note } = context;
    this.done = new Promise((resolve) => (this.#settle = resolve));
    note('transfer', request.uri);
    this.#stopTimer = clock.after(order.connectTimeoutMs, () =>
      this.#notConnected('timeout', `not answered within ${order.connectTimeoutMs} ms`),
    );
    this.#call = new AgentCall(telephony, request, {
      ...leg,
      onAnswered: () => this.#answered(),
      onFailed: (why, isOurs, status) =>
        this.#notConnected(isOurs ? 'ours' : 'refused', why, status),
      onHungUp: () => this.#farEndLeft(),
    });
  }

  /** Whoever holds the call has had enough of it, or has lost the call. */
  stop(why: string): void {
    if (this.#connectedAtMs === undefined) this.#notConnected('stopped', why);
    else this.#talked('holder');
  }

  /** Whether a far side waits there that has answered. */
  isKeptFor(uri: string): boolean {
    return this.#isKept && this.#call.address === uri && this.#call.dialog !== undefined;
  }

  /** The flow takes the far side that was kept. */
  takeOver(listener: FarListener): FarCall {
    this.#isKept = false;
    this.#listener = listener;
    return this.#call;
  }

  /** A far side that was kept and that nobody has taken. */
  async dropKept(why: string): Promise<void> {
    if (!this.#isKept) return;
    this.#isKept = false;
    await this.#call.hangUp(why);
  }

  #answered(): void {
    if (this.#isOver) return;
    this.#stopTimer();
    if (!this.order.isConsultation) {
      void this.#talk();
      return;
    }
    this.#isOver = true;
    this.#isKept = true;
    this.context.note('transfer-answered');
    this.#settle({ kind: 'answered' });
  }

  async #talk(): Promise<void> {
    const { clock, random, customer, note } = this.context;
    const { maxTimeMs, beforeTalk } = this.order;
    try {
      await beforeTalk();
      if (this.#isOver) return;
      const options = { media: 'server', recording: undefined, clock, random, note } as const;
      const isConnected = await connect(customer, this.#call, { ...options, onFacts: () => {} });
      // One of them has gone; each says so itself.
      if (!isConnected) return;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return this.#notConnected('ours', `not bridged: ${why}`);
    }
    this.#connectedAtMs = clock.nowMs();
    note('transfer-connected', this.#call.address);
    if (this.#isOver) {
      // Stopped meanwhile: nobody has parted the two yet.
      this.context.cleanUp(this.#part());
      return;
    }
    if (maxTimeMs > 0) this.#stopTimer = clock.after(maxTimeMs, () => this.#talked('limit'));
  }

  #farEndLeft(): void {
    if (this.#listener) return this.#listener.onHungUp();
    if (this.#connectedAtMs === undefined) this.#notConnected('refused', 'hung up at once');
    else this.#talked('far-end');
  }

  #notConnected(
    cause: Extract<TransferEnd, { kind: 'not-connected' }>['cause'],
    why: string,
    status?: number,
  ): void {
    this.#end({ kind: 'not-connected', cause, why, status }, `${cause}: ${why}`);
  }

  #talked(endedBy: Extract<TransferEnd, { kind: 'talked' }>['endedBy']): void {
    const talkMs = this.context.clock.nowMs() - (this.#connectedAtMs ?? NaN);
    this.#end({ kind: 'talked', talkMs, endedBy }, `${endedBy}, ${talkMs} ms`);
  }

  #end(end: TransferEnd, detail: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopTimer();
    this.context.note('transfer-ended', detail);
    const parted = end.kind === 'talked' ? this.#part() : Promise.resolve();
    const over = parted
      .then(() => this.#settle(end))
      .then(() => this.#call.hangUp('transfer over'));
    this.context.cleanUp(over);
  }

  /** The customer can be played to again; of one who has gone nothing is asked. Never rejects. */
  async #part(): Promise<void> {
    await this.context.customer.endpoint?.unbridge().catch(() => undefined);
  }
}
