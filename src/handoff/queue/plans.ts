/** Queues and agents as the configuration has them, in the words of the queue core. */

/** How an agent is found among those who are free; always the lowest tier first. */
export type Strategy =
  /** Whoever has been free longest. */
  | 'longest-idle'
  /** Whoever was called longest ago, in the order of the configuration at first. */
  | 'round-robin'
  /** All of the tier at once; the first to answer gets the customer. */
  | 'ring-all'
  /** One after the other, and those called before go on ringing. */
  | 'progressive';

export interface AgentPlan {
  readonly name: string;
  readonly uri: string;
  /** Where an agent stands who has not been seen before. */
  readonly startsAs: 'ready' | 'not-ready' | 'logged-out';
}

/** One agent's place in one queue. */
export interface SeatPlan {
  readonly agent: string;
  /** Lower ones are asked first. */
  readonly tier: number;
}

interface AnyQueuePlan {
  readonly name: string;
  /** A customer whose wait was no longer than this was served in time. */
  readonly serviceLevelMs: number;
  /** What ringing and early media of the far side do to the waiting treatment. */
  readonly earlyMedia: 'ignore' | 'pass';
}

/** A queue of somebody else's, behind SIP addresses: they are tried in their order. */
export interface SipQueuePlan extends AnyQueuePlan {
  readonly kind: 'sip';
  readonly targets: readonly {
    readonly uri: string;
    /** Longest wait for its answer; 0 = no limit. */
    readonly ringTimeoutMs: number;
  }[];
}

/** A queue of agents of our own. */
export interface AgentQueuePlan extends AnyQueuePlan {
  readonly kind: 'agents';
  readonly strategy: Strategy;
  readonly seats: readonly SeatPlan[];
  readonly ringTimeoutMs: number;
  /** Pause before the next agent is called as well, for `progressive`. */
  readonly progressiveDelayMs: number;
  /** After a conversation, nothing for so long. */
  readonly wrapUpMs: number;
  /** After a call that was not answered, nothing for so long. */
  readonly missPauseMs: number;
  /** So many calls missed in a row make an agent not-ready; 0 = never. */
  readonly missesMax: number;
  /** How long a conversation is taken to last before one has been had. */
  readonly expectedHandleMs: number;
  /** Customers are dialled when there is an agent for each; undefined = whether or not. */
  readonly pacing?: {
    /** Whose wrap-up is over within this counts as free. */
    readonly soonFreeMs: number;
  };
}

/** What a queue of agents does where its configuration says nothing. */
export const AGENT_QUEUE_DEFAULTS = {
  strategy: 'longest-idle',
  earlyMedia: 'ignore',
  serviceLevelMs: 20_000,
  ringTimeoutMs: 20_000,
  progressiveDelayMs: 5000,
  wrapUpMs: 10_000,
  missPauseMs: 5000,
  missesMax: 3,
  expectedHandleMs: 180_000,
} as const;

export type QueuePlan = SipQueuePlan | AgentQueuePlan;

export interface QueuePlans {
  readonly agents: readonly AgentPlan[];
  readonly queues: readonly QueuePlan[];
}

/** One entry of an ordered `_target`. */
export interface EscalationStep {
  readonly queue: string;
  /** After so long the next entry is asked, too; 0 = never. */
  readonly timeoutMs: number;
  /** The entry is given up when its time is over. */
  readonly isCleared: boolean;
}
