/** Agents and queues as they are shown: plain data for the API, the metrics and announcements. */
import type { Agent, Queue, Request } from './model.js';
import type { AgentMemory, AgentState, AgentWish, QueueExit } from './vocabulary.js';

export interface AgentView {
  readonly name: string;
  readonly uri: string;
  readonly state: AgentState;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** What the agent will be once nothing holds them. */
  readonly next: AgentWish;
  /** Why that is not ready; null = nobody said. */
  readonly reason: string | null;
  readonly queues: readonly { readonly queue: string; readonly tier: number }[];
  /** Calls missed in a row. */
  readonly missesInARow: number;
  readonly answered: number;
  readonly missed: number;
  /** Not in the configuration any more; gone after this call. */
  readonly isLeaving: boolean;
}

export interface QueueView {
  readonly name: string;
  readonly kind: 'sip' | 'agents';
  /** Customers on the line who have no agent yet. */
  readonly waiting: number;
  /** Customers who are dialled only when an agent is near. */
  readonly ahead: number;
  /** Of those on the line. */
  readonly longestWaitMs: number;
  /** What a customer who came now would wait; null = there is no estimate. */
  readonly ewtMs: number | null;
  readonly agents: { readonly onDuty: number; readonly free: number } | null;
  /** How requests left, since the start. */
  readonly exits: Readonly<Record<QueueExit, number>>;
  readonly serviceLevelMs: number;
  /** 0..1; null = nobody has been served or given up yet. */
  readonly serviceLevel: number | null;
}

export interface Standing {
  readonly queue: string;
  /** From 1; 0 while somebody is being called. */
  readonly position: number;
  readonly ewtMs: number | undefined;
}

export function agentView(agent: Agent): AgentView {
  const {
    plan,
    state,
    stateSinceMs,
    wish,
    reason = null,
    misses,
    answered,
    missed,
    isLeaving,
  } = agent;
  const queues = [...agent.seats]
    .filter(({ queue }) => !queue.isClosed)
    .map(({ queue, tier }) => ({ queue: queue.plan.name, tier }));
  return {
    ...{ name: plan.name, uri: plan.uri, state, sinceMs: stateSinceMs, next: wish, reason, queues },
    ...{ missesInARow: misses, answered, missed, isLeaving },
  };
}

/** What has to outlive the process. */
export function memoryOf(agent: Agent): AgentMemory {
  const { wish, reason, state, stateSinceMs, pauseEndsAtMs: restUntilMs } = agent;
  const sinceMs = wish === 'ready' || state !== wish ? 0 : stateSinceMs;
  return { wish, reason, sinceMs, restUntilMs };
}

export function queueView(queue: Queue, atMs: number): QueueView {
  const { plan, kind, requests, tally } = queue;
  let [waiting, longestWaitMs] = [0, 0];
  for (const { onLineSinceMs } of requests) {
    if (onLineSinceMs === undefined) continue;
    waiting += 1;
    longestWaitMs = Math.max(longestWaitMs, atMs - onLineSinceMs);
  }
  const agents = kind === 'agents' ? { onDuty: queue.onDuty, free: queue.free.size } : null;
  return {
    name: plan.name,
    kind,
    waiting,
    ahead: requests.size - waiting,
    longestWaitMs,
    ewtMs: ewtMs(queue, nextPosition(queue)) ?? null,
    agents,
    exits: { ...tally.exits },
    serviceLevelMs: plan.serviceLevelMs,
    serviceLevel: tally.serviceLevel ?? null,
  };
}

/** The soonest of the queues it waits in; looks at everybody there. */
export function standingOf(request: Request, atMs: number): Standing | undefined {
  const standings = [...request.queues.keys()].map((queue) => {
    const position = queue.kind === 'agents' ? queue.line.positionOf(request, atMs) : 0;
    const ewt = queue.kind === 'agents' && position === 0 ? 0 : ewtMs(queue, position);
    return { queue: queue.plan.name, position, ewtMs: ewt };
  });
  return standings.sort((a, b) => (a.ewtMs ?? Infinity) - (b.ewtMs ?? Infinity))[0];
}

/** Expected wait at a position (from 1); the formula stands in `wait-estimate.ts`. */
export function ewtMs(queue: Queue, position: number): number | undefined {
  if (queue.kind === 'sip') return queue.tally.waits.value;
  const { free, onDuty, plan, tally } = queue;
  if (free.size >= position) return 0;
  if (onDuty === 0) return undefined;
  return (position * (tally.handling.value ?? plan.expectedHandleMs)) / onDuty;
}

function nextPosition(queue: Queue): number {
  return queue.kind === 'agents' ? queue.line.size + 1 : 1;
}
