/**
 * The words between the queue core and the rest: what happens (each event says when), and what is to
 * be done. Plain data. An *offer* is one call to an agent or SIP target on behalf of one customer.
 */
import type { EscalationStep, QueuePlans } from './plans.js';
import type { EtaPosition } from './wait-estimate.js';

export type AgentState =
  'logged-out' | 'not-ready' | 'ready' | 'reserved' | 'ringing' | 'busy' | 'wrap-up';

/** What the API may ask an agent to be. */
export type AgentWish = 'ready' | 'not-ready' | 'logged-out';

export interface AgentMemory {
  readonly wish: AgentWish;
  readonly reason: string | undefined;
  /** Since when an agent who is not ready stands like that; else 0. */
  readonly sinceMs: number;
  /** End of the latest pause after a call; may be over. */
  readonly restUntilMs: number;
}

/** How a request for an agent left the queue. */
export type QueueExit =
  /** An agent had answered. */
  | 'served'
  /** The customer hung up while waiting. */
  | 'abandoned'
  /** The time to wait was over, or too many agents were tried. */
  | 'gave-up'
  /** Nobody was there to be tried, or all of them failed. */
  | 'failed'
  /** It is not wanted any more: cancelled, routed elsewhere, not answered by the customer. */
  | 'withdrawn';

/** A request for an agent. */
export interface Wanted {
  readonly requestId: string;
  /** Name of the callback's service; counters are kept by it. */
  readonly service: string;
  readonly steps: readonly EscalationStep[];
  /** Since when the customer waits, when that was before: a request made anew keeps its place. */
  readonly sinceMs?: number | undefined;
  readonly priority: number;
  readonly priorityIncrement: number;
  readonly priorityIncrementIntervalMs: number;
  /** The customer is not on the line yet and is dialled once an agent is near. */
  readonly isAhead: boolean;
  /** `_eta_pos_threshold`, for one made ahead. */
  readonly etaPositions: readonly EtaPosition[];
  /** `_agent_reserve_timeout`. */
  readonly reserveTimeoutMs: number;
  /** So many agents may be tried in vain. */
  readonly attemptsMax: number;
  /** `_agent_transfer_confirm_timeout`; 0 = off. */
  readonly confirmTimeoutMs: number;
}

interface At {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

export type QueueEvent = At &
  (
    | { readonly type: 'configured'; readonly plans: QueuePlans }
    | ({ readonly type: 'joined' } & Wanted)
    /** The customer of a request made ahead is on the line. */
    | { readonly type: 'customer-ready'; readonly requestId: string }
    /** The request is over, an agent who answered it included. */
    | {
        readonly type: 'left';
        readonly requestId: string;
        readonly exit: Exclude<QueueExit, 'served'>;
        readonly why: string;
      }
    /** The call leaves us: only now can it ring. */
    | { readonly type: 'placed'; readonly offerId: string }
    /** The far side rings. `hasMedia`: with early media. */
    | { readonly type: 'ringing'; readonly offerId: string; readonly hasMedia: boolean }
    /** Answered on the wire; whether the agent takes the call is still asked. */
    | { readonly type: 'picked-up'; readonly offerId: string }
    | { readonly type: 'answered'; readonly offerId: string }
    /**
     * Not answered. `isOurs`: servers failed, ours or those on the way, not the far side. `isElsewhere`:
     * the agent may be in a call that another process has.
     */
    | {
        readonly type: 'refused';
        readonly offerId: string;
        readonly why: string;
        readonly isOurs: boolean;
        readonly isElsewhere?: boolean;
      }
    /** The far side hung up after it had answered. */
    | { readonly type: 'ended'; readonly offerId: string }
    /** Nothing of a call that was called off is on the wire any more. */
    | { readonly type: 'over'; readonly offerId: string }
    | { readonly type: 'timer'; readonly timerId: string }
    | {
        readonly type: 'agent-set';
        readonly agent: string;
        readonly to: AgentWish;
        readonly reason?: string | undefined;
      }
    /** What is remembered of an agent from before. */
    | { readonly type: 'agent-recalled'; readonly agent: string; readonly memory: AgentMemory }
  );

type WithoutTime<E> = E extends unknown ? Omit<E, 'atMs'> : never;
/** An event that somebody else stamps. */
export type QueueEventBody = WithoutTime<QueueEvent>;

/** Nobody came in time, or somebody else came. */
export type CallOffCause = 'ring-timeout' | 'taken-elsewhere';

export type QueueCommand =
  /** Call somebody; ends in answered or refused, or is called off. */
  | {
      readonly type: 'call';
      readonly requestId: string;
      readonly offerId: string;
      readonly queue: string;
      readonly uri: string;
      /** One of our own agents. */
      readonly agent?: string;
      /** The customer's priority by now, for GMS_URS_PRIORITY. */
      readonly priority: number;
    }
  /** Call it off, whatever its stage; `over` follows. */
  | {
      readonly type: 'cancel';
      readonly offerId: string;
      readonly why: string;
      /** For the telephone, which may show a call that was missed; undefined: any other cause. */
      readonly cause?: CallOffCause | undefined;
    }
  /** An agent answered this request; everybody else is being called off. */
  | {
      readonly type: 'connect';
      readonly requestId: string;
      readonly offerId: string;
      /** No answer came, and the transfer is taken for done. */
      readonly isAssumed: boolean;
    }
  /** The far side's early media takes the place of the waiting treatment. */
  | { readonly type: 'pass-media'; readonly requestId: string; readonly offerId: string }
  /** An agent was tried in vain; the request keeps its place. */
  | { readonly type: 'missed'; readonly requestId: string; readonly why: string }
  /** The request is over: there is nobody left to try. */
  | { readonly type: 'fail'; readonly requestId: string; readonly why: string }
  /** Time to dial the customer. */
  | { readonly type: 'near'; readonly requestId: string; readonly why: string }
  | { readonly type: 'start-timer'; readonly timerId: string; readonly afterMs: number }
  | { readonly type: 'stop-timer'; readonly timerId: string }
  /** For the log and those who watch. */
  | {
      readonly type: 'agent-changed';
      readonly agent: string;
      readonly from: AgentState;
      readonly to: AgentState;
      readonly why: string;
    };
