/**
 * A search for somebody in a queue, whatever stands behind the queue's name: SIP targets called in
 * their order (`queue-request.ts`), or our own agents. It ends in `onAnswered` or `onFailed`.
 */
import type { LegListener, MediaEndpoint } from '../ports.js';
import type { AgentCallListener, AgentCallRequest } from './agent-call.js';

/** Whoever the customer is going to talk to, or talks to: one leg, or the search for it. */
export interface FarCall {
  /** Present while the far side is up. */
  readonly endpoint: MediaEndpoint | undefined;
  /** CANCEL or BYE, whatever fits; nothing is reported afterwards. */
  hangUp(why: string): Promise<void>;
}

export type QueueSearch = FarCall;

export interface QueueListener extends Omit<AgentCallListener, keyof LegListener> {
  /** Before each leg is called. @returns who wants to know what is on the wire */
  onCall(callId: string): LegListener;
}

/** What every leg of a search is given: caller id, attached data, the customer's endpoint. */
export type LegWish = Omit<AgentCallRequest, 'uri' | 'callId'>;
