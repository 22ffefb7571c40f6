/**
 * What was seen on the wire and heard on the media of one callback, message by message: the raw
 * material of `trace`. Plain data, kept in the store beside the journal; nothing decides by it.
 */

/** Whose leg it is. */
export type LegRole = 'customer' | 'agent' | 'route-point';

/** One SIP message as the signalling server sent or received it. */
export interface WireMessage {
  /** When we learnt of it, milliseconds since the epoch. */
  readonly atMs: number;
  /** `->` from us, `<-` to us. */
  readonly direction: '->' | '<-';
  /** Method of a request, `180 Ringing` of a response. At most 80 characters. */
  readonly message: string;
  /** `1 INVITE`: what the message belongs to (RFC 3261 8.1.1.5). */
  readonly cseq: string;
  /** `udp/192.0.2.1:5060`, where a message came from; the server does not say where it sends one. */
  readonly peer?: string;
  /** The session description in one line, the Reason header, or both. At most 160 characters. */
  readonly detail?: string;
}

/** One line of a callback's trail. */
export type TrailEntry = {
  readonly leg: LegRole;
  readonly callId: string;
} & (
  | ({ readonly kind: 'sip' } & WireMessage)
  | {
      readonly kind: 'media';
      readonly atMs: number;
      /** A word of ours: `endpoint`, `tap`, `play`, `play-ended`, `bridge`, `heard` ... */
      readonly what: string;
      readonly detail?: string;
    }
);

/** A callback keeps no more lines than this; a far end that never stops talking must not fill a disk. */
export const TRAIL_ENTRIES_MAX = 2000;
