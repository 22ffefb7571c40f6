/** New queues: of a plan, or for one agent alone. */
import { IndexedHeap } from './indexed-heap.js';
import type { Agent, Queue, Request } from './model.js';
import { PassingSet } from './passing-map.js';
import { AGENT_QUEUE_DEFAULTS, type AgentQueuePlan, type QueuePlan } from './plans.js';
import { QueueTally } from './tally.js';
import { WaitingLine } from './waiting-line.js';

export function isOfOne({ kind, plan }: Queue, name: string): boolean {
  const seats = kind === 'agents' && plan.kind === kind ? plan.seats : [];
  return plan.name === name && seats.length === 1 && seats[0]?.agent === name;
}

/** A queue of one: the agent rings, and pauses, as in the first queue of theirs. */
export function planOfOne({ plan: { name }, seats }: Agent): AgentQueuePlan {
  const usual = [...seats].find(({ queue }) => !queue.isClosed)?.queue.plan;
  const rules = usual ?? AGENT_QUEUE_DEFAULTS;
  return { ...rules, kind: 'agents', name, seats: [{ agent: name, tier: 1 }] };
}

export function emptyQueue(plan: QueuePlan): Queue {
  const any = { requests: new PassingSet<Request>(), tally: new QueueTally(), isClosed: false };
  if (plan.kind === 'sip') return { ...any, kind: plan.kind, plan };
  return {
    ...any,
    kind: plan.kind,
    plan,
    line: new WaitingLine<Request>(),
    ahead: new PassingSet(),
    farthestPosition: 0,
    ageingTimer: undefined,
    free: new IndexedHeap(() => false),
    seats: new Map(),
    onDuty: 0,
    turns: 0,
  };
}
