/** A call from outside, and what we say to it; between the adapter and the desk. */
import type { LegListener, SipDialog } from '../ports.js';
import type { WireMessage } from '../report/trail.js';

export interface InboundCall {
  readonly callId: string;
  /** User part of P-Asserted-Identity, else of From; undefined when withheld. */
  readonly number: string | undefined;
  /** Where it came from. */
  readonly sourceAddress: string;
  /** Its INVITE. */
  readonly invite: WireMessage;
  /** What it offers, when that is audio that we speak (RTP, G.711). */
  readonly offer: string | undefined;
  /** Whoever rang has given up. At once when that is so already. */
  onCancelled(handle: () => void): void;
  /**
   * Answers with this SDP.
   * @param hears what it would take to end the call, before this resolves
   * @throws Error when nobody is there any more
   */
  accept(localSdp: string, hears: Pick<LegListener, 'onIdentity'>): Promise<SipDialog>;
}

export type InboundAnswer =
  | { readonly kind: 'reject'; readonly status: number }
  /** 302: whoever brought the call takes it to this SIP URI. */
  | { readonly kind: 'redirect'; readonly uri: string }
  /** Answered by `accept`, or given up by the caller: nothing is left to say. */
  | { readonly kind: 'taken' };

/** Never rejects. */
export type InboundAnswerer = (call: InboundCall) => Promise<InboundAnswer>;
