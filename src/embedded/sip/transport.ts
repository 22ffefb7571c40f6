/**
 * What the stack asks of its two transports. A message's address says by which it goes.
 */
import type { SipAddress } from './message.js';

/** Takes one whole message: a datagram, or what framing has cut out of a stream. */
export type OnMessage = (bytes: Buffer, source: SipAddress) => void;

interface Transport {
  stop(): Promise<void>;
  /** `onFailed` runs when the message could not be handed to the network. */
  send(bytes: Buffer, to: SipAddress, onFailed?: (why: string) => void): void;
}

/** UDP, or a test's network. */
export interface DatagramTransport extends Transport {
  /** Binds; afterwards `address` is the bound one. */
  start(onMessage: OnMessage): Promise<void>;
  readonly address: SipAddress;
  /** Finds out whether the host refuses that port; silence proves nothing. */
  probe(to: SipAddress, onRefused: () => void): void;
}

/** TCP: listens where the datagrams come in, too, and makes connections as they are needed. */
export interface StreamTransport extends Transport {
  start(bind: SipAddress, onMessage: OnMessage): Promise<void>;
  isConnected(peer: SipAddress): boolean;
}
