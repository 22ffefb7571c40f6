/**
 * A search for somebody in a queue, whatever stands behind the queue's name: SIP targets called in
 * their order, or our own agents. It ends in `onAnswered` or `onFailed`.
 */
import type { LegListener, MediaEndpoint, SipDialog } from '../ports.js';
import type { AgentCallListener, AgentCallRequest } from './agent-call.js';

/** Whoever the customer is going to talk to, or talks to: one leg, or the search for it. */
export interface FarCall {
  /** Present while the far side is up, or heard before its answer. */
  readonly endpoint: MediaEndpoint | undefined;
  /** Present while the far side is up. */
  readonly dialog: SipDialog | undefined;
  /** SIP URI of whoever has answered, or is called. */
  readonly address: string | undefined;
  /** The far side's media go elsewhere: its endpoint is given back, the call goes on. */
  releaseMedia(): Promise<void>;
  /** CANCEL or BYE, whatever fits; nothing is reported afterwards. */
  hangUp(why: string): Promise<void>;
}

export interface QueueSearch extends FarCall {
  /** How the customer stands in the queue, where it knows; asked whenever something is to be announced. */
  standing?(): QueueStanding;
}

export interface QueueStanding {
  /** From 1. */
  readonly position?: number | undefined;
  readonly expectedWaitMs?: number | undefined;
}

/** What one far side tells, whatever it is. */
export type FarListener = Pick<AgentCallListener, 'onAnswered' | 'onHungUp'> & {
  onFailed(why: string): void;
};

export interface QueueListener extends FarListener {
  /** Before each leg is called. @returns who wants to know what is on the wire */
  onCall(callId: string): LegListener;
  /** Somebody was called in vain, and the search goes on. */
  onMissed(why: string): void;
  /** For a search ahead of the dial: time to dial the customer. */
  onNear(why: string): void;
  /**
   * The far side can be heard before its answer, or no longer. @returns when the customer does not hear
   * it any more
   */
  onEarlyMedia(isHeard: boolean): Promise<void>;
}

/**
 * What every leg of a search is given: caller id, attached data, the customer's endpoint, and what its
 * agent goes through before the answer counts.
 */
export type LegWish = Omit<AgentCallRequest, 'uri' | 'callId'>;
