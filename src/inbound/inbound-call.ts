/** A call from outside, and what we say to it. Pure data, between the adapter and the desk. */

export interface InboundCall {
  readonly callId: string;
  /** User part of P-Asserted-Identity, else of From; undefined when withheld. */
  readonly number: string | undefined;
  /** Where it came from. */
  readonly sourceAddress: string;
}

export type InboundAnswer =
  | { readonly kind: 'reject'; readonly status: number }
  /** 302: whoever brought the call takes it to this SIP URI. */
  | { readonly kind: 'redirect'; readonly uri: string };

/** Never rejects. */
export type InboundAnswerer = (call: InboundCall) => Promise<InboundAnswer>;
