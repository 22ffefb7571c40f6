/**
 * What client and server transactions share: their timer values, the little they need from the
 * stack, and the two interfaces that their users see. A transaction user never sees
 * retransmissions, except of a 2xx to INVITE, which RFC 3261 leaves to it.
 */
import type { SipAddress, SipMessage } from './message.js';
import type { Scheduler } from './scheduler.js';

/** RFC 3261 table 4, all derived from T1 so that tests and slow links scale together. */
export interface TransactionTimes {
  /** Round-trip estimate and first retransmission interval. */
  readonly t1Ms: number;
  /** Longest interval between retransmissions. */
  readonly t2Ms: number;
  /** How long a message may stay in the network. */
  readonly t4Ms: number;
  /** Timers B, D, F, H, J, L and M: 64*T1. */
  readonly giveUpMs: number;
  /** When an unanswered request makes us ask whether anybody listens there at all. */
  readonly probeAfterMs: number;
}

/** @param t1Ms RFC 3261 section 17.1.1.1 says 500 */
export function transactionTimes(t1Ms: number): TransactionTimes {
  return {
    t1Ms,
    t2Ms: 8 * t1Ms,
    t4Ms: 10 * t1Ms,
    giveUpMs: 64 * t1Ms,
    probeAfterMs: Math.min(t1Ms, 100),
  };
}

/** Over TCP nothing is repeated, and nothing repeated need be waited for (RFC 3261 table 4). */
export const isReliable = ({ transport }: SipAddress): boolean => transport === 'tcp';

/** What a transaction needs from the stack that owns it. */
export interface TransactionHost {
  readonly times: TransactionTimes;
  readonly scheduler: Scheduler;
  /** `onFailed` runs when the message could not be handed to the network. */
  send(bytes: Buffer, to: SipAddress, onFailed?: (why: string) => void): void;
  /** Chooses the transport of a request by its size and writes it into its Via. */
  route(request: SipMessage, to: SipAddress): SipAddress;
  /** What was to go over TCP for its size only goes over UDP: nobody takes connections there. */
  overUdp(request: SipMessage, to: SipAddress): SipAddress;
  /** Runs `onRefused` if the host says that nobody listens on that port. */
  probe(to: SipAddress, onRefused: () => void): void;
  countRetransmission(): void;
  /** Runs a callback of the transaction user; what it throws is logged, never passed on. */
  call(run: () => void): void;
}

export interface ResponseInfo {
  /** The same 2xx to INVITE once more (the ACK got lost). */
  readonly retransmission: boolean;
}

export interface ClientHandlers {
  /**
   * Every response but retransmissions of provisional and non-2xx final ones. A time-out or an
   * unreachable peer comes as a 408 or 503 with `local` set.
   */
  onResponse(response: SipMessage, info: ResponseInfo): void;
  /** After the local 408, for those who want to tell it apart. */
  onTimeout?(): void;
}

export interface ClientTransaction {
  readonly request: SipMessage;
  /** Resolved next hop; the address as given until the name is resolved. */
  readonly destination: SipAddress;
  readonly isFinal: boolean;
  /**
   * Cancels an INVITE. The CANCEL waits for a provisional response (RFC 3261 section 9.1) and is
   * dropped if a final one comes first.
   *
   * @returns the CANCEL as it is or will be sent
   */
  cancel(extraHeaders?: [string, string][]): SipMessage;
  /** Sends the ACK to a 2xx, and again each time the 2xx is repeated. */
  acknowledge(ack: SipMessage, to: SipAddress): void;
  /** Ends it silently: no further callback, no timer. */
  terminate(): void;
}

export interface ResponseOptions {
  readonly reason?: string;
  readonly headers?: [string, string][];
  readonly body?: string;
  /** To tag of our choice; heeded until a response above 100 has been sent. */
  readonly localTag?: string;
}

export interface ServerTransaction {
  readonly request: SipMessage;
  /** The To tag of every response above 100: the request's own inside a dialog. */
  readonly localTag: string;
  readonly isFinal: boolean;
  /** A CANCEL for this INVITE; the stack answers it and sends 487 unless this sends a final one. */
  onCancel?: (cancel: SipMessage) => void;
  /** No ACK to our 2xx within 64*T1. */
  onAckTimeout?: () => void;
  /** No more retransmission will be recognised: forget it. */
  onTerminated?: () => void;
  /** @returns the response as sent; undefined after a final one. */
  respond(status: number, options?: ResponseOptions): SipMessage | undefined;
  /** Stops repeating the 2xx. The stack does this itself when the ACK arrives. */
  acknowledge(): void;
  /** Ends it silently. */
  terminate(): void;
}

/** The headers that tie a message to a request: RFC 3261 sections 8.2.6.2, 9.1 and 17.1.1.3. */
export function copyHeaders(from: SipMessage, to: SipMessage, names: readonly string[]): void {
  for (const name of names) for (const value of from.all(name)) to.add(name, value);
}
