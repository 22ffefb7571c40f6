/**
 * Calls from outside that are taken into a queue, as the store keeps them: begun before anything is
 * done about them, over once and for good. What a process that died left open is ended by whoever
 * takes its work over.
 */
/**
 * `served`: an agent answered. `abandoned`: the caller hung up before. `gave-up`: waited as long as anybody
 * may. `failed`: nobody could be had, or the call was taken from us. `refused`: it could not be answered.
 * `lost`: its process died; nobody saw its end, and `endedAtMs` is when that was found out.
 */
export const INBOUND_OUTCOMES = [
  'served',
  'abandoned',
  'gave-up',
  'failed',
  'refused',
  'lost',
] as const;

export type InboundOutcome = (typeof INBOUND_OUTCOMES)[number];

export interface InboundCallRecord {
  /** Ours; no callback's. */
  readonly id: string;
  /** SIP's; the caller's choice. */
  readonly callId: string;
  readonly serviceName: string;
  /** As the network shows it; absent when withheld. */
  readonly number?: string;
  /** Where it came from. */
  readonly sourceAddress: string;
  /** Milliseconds since the epoch, as all times: its INVITE. */
  readonly startedAtMs: number;
  readonly answeredAtMs?: number;
  /** When caller and agent could hear each other. */
  readonly connectedAtMs?: number;
  /** SIP URI of the other side. */
  readonly connectedTo?: string;
  /** Present, with `outcome` and `why`, when it is over. */
  readonly endedAtMs?: number;
  readonly outcome?: InboundOutcome;
  readonly why?: string;
}

export type EndedInboundCallRecord = InboundCallRecord &
  Required<Pick<InboundCallRecord, 'endedAtMs' | 'outcome' | 'why'>>;

/**
 * The first change brings what is known at the INVITE; it is refused to a process that has no lease.
 * Later ones add to it; one that brings `endedAtMs` ends it, and none is taken afterwards.
 */
export type InboundChange = Partial<Omit<InboundCallRecord, 'id'>>;

export interface InboundQuery {
  readonly id?: string;
  /** SIP's. */
  readonly callId?: string;
  readonly serviceName?: string;
  readonly serviceNames?: readonly string[];
  readonly number?: string;
  /** Window on the INVITE, both ends included. */
  readonly startedFromMs?: number;
  readonly startedToMs?: number;
  /** Only those begun before this one: the next page. */
  readonly before?: string;
  /** 100 by default, 1000 at most. */
  readonly limit?: number;
}

export interface InboundCallStore {
  /** The latest first. */
  inboundCalls(query: InboundQuery): Promise<InboundCallRecord[]>;
  /**
   * Ends those that processes which are gone left open, as `lost`; after `takeOverLegs`.
   * @returns them, as they are now
   */
  endLostInboundCalls(nowMs: number): Promise<EndedInboundCallRecord[]>;
}
