/** What the queue core holds: agents, their seats in queues, requests that wait, offers in the air. */
import type { IndexedHeap } from './indexed-heap.js';
import type { PassingSet } from './passing-map.js';
import type { AgentPlan, AgentQueuePlan, QueuePlan, SipQueuePlan } from './plans.js';
import type { QueueTally } from './tally.js';
import type { AgentState, AgentWish, Wanted } from './vocabulary.js';
import type { Waiter, WaitingLine } from './waiting-line.js';

export interface Agent {
  plan: AgentPlan;
  state: AgentState;
  /** Since when in this state. */
  stateSinceMs: number;
  /** Free since then; kept by one who was called and not needed. */
  freeSinceMs: number | undefined;
  /** What to be as soon as nothing holds the agent. */
  wish: AgentWish;
  /** Why that is not ready, in the words of whoever said so. */
  reason: string | undefined;
  /** Calls not answered in a row. */
  misses: number;
  /** The one call to this agent, until nothing of it is on the wire. */
  offer: Offer | undefined;
  /** The customer being dialled for whom this agent is kept free. */
  reservedFor: Request | undefined;
  pauseTimer: string | undefined;
  /** When the pause is over; of the latest one. */
  pauseEndsAtMs: number;
  /** Not in the configuration any more. */
  isLeaving: boolean;
  answered: number;
  missed: number;
  readonly seats: Set<Seat>;
}

export interface Seat {
  readonly agent: Agent;
  readonly queue: AgentQueue;
  readonly tier: number;
  /** Place in the configuration. */
  readonly order: number;
  /** When this seat was called last, counted in calls of the queue. */
  turn: number;
}

interface AnyQueue {
  /** Requests that may be served from here. */
  readonly requests: PassingSet<Request>;
  readonly tally: QueueTally;
  /** Not in the configuration any more: served until the last request has left. */
  isClosed: boolean;
}

export interface SipQueue extends AnyQueue {
  readonly kind: 'sip';
  plan: SipQueuePlan;
}

export interface AgentQueue extends AnyQueue {
  readonly kind: 'agents';
  plan: AgentQueuePlan;
  /** Requests that an agent may be given to now. */
  readonly line: WaitingLine<Request>;
  /** Of these, the ones not dialled yet. */
  readonly ahead: PassingSet<Request>;
  /** How far back in the line it may be time to dial. */
  farthestPosition: number;
  /** Runs while positions may change without an event. */
  ageingTimer: string | undefined;
  /** Seats of agents who are ready, in the order of the strategy. */
  free: IndexedHeap<Seat>;
  readonly seats: Map<Agent, Seat>;
  /** Seats whose agent is neither logged out nor not-ready. */
  onDuty: number;
  turns: number;
}

export type Queue = SipQueue | AgentQueue;
export type { QueuePlan };

export interface Request extends Waiter {
  readonly wanted: Wanted;
  /** `ahead`: not near yet; `dialling`: the customer is being dialled; `waiting`: is on the line. */
  stage: 'ahead' | 'dialling' | 'waiting' | 'connected';
  /** On the line and waiting since then. */
  onLineSinceMs: number | undefined;
  reserved: { readonly agent: Agent; readonly queue: AgentQueue; timer: string } | undefined;
  /** False once a reservation ran out before the customer answered. */
  mayReserve: boolean;
  /** Agents tried in vain. */
  attempts: number;
  /** Calls on its behalf, those called off left out. */
  readonly offers: Set<Offer>;
  /** Where it waits; with the next target to try of a SIP queue. */
  readonly queues: Map<Queue, number>;
  /** The queue entered last, by which it is counted. */
  countedIn: Queue | undefined;
  step: number;
  stepTimer: string | undefined;
  progressiveTimer: string | undefined;
}

export interface Offer {
  readonly id: string;
  readonly request: Request;
  readonly queue: Queue;
  readonly agent: Agent | undefined;
  /** `off`: called off, and not over on the wire. */
  stage: 'calling' | 'answered' | 'off';
  readonly ringTimeoutMs: number;
  /** Its INVITE is on the way: it may ring. */
  isPlaced: boolean;
  /** Answered on the wire, and asked whether the call is taken. */
  isPickedUp: boolean;
  timer: string | undefined;
  confirmTimer: string | undefined;
  answeredAtMs: number;
}
