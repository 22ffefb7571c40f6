/**
 * What the stack asks of a transport. UDP is the one there is; a stream transport would implement
 * the same interface (framing by Content-Length) and be chosen by the URI's transport parameter.
 */
import type { SipAddress } from './message.js';

export interface SipTransport {
  /** Name in Via and in the control protocol. */
  readonly protocol: 'udp';
  /** Binds; afterwards `address` is the bound one. */
  start(onDatagram: (bytes: Buffer, source: SipAddress) => void): Promise<void>;
  stop(): Promise<void>;
  readonly address: SipAddress;
  send(bytes: Buffer, to: SipAddress, onFailed?: (why: string) => void): void;
  /** Finds out whether the host refuses that port; silence proves nothing. */
  probe(to: SipAddress, onRefused: () => void): void;
}
