/**
 * The agents: where each one stands, and in which queues somebody is free. A state is changed here
 * only, so that an agent who is ready is found in every queue of theirs, and nobody else is.
 */
import type { AgentGroup } from './agent-room.js';
import { IndexedHeap } from './indexed-heap.js';
import type { Agent, AgentQueue, Seat } from './model.js';
import type { AgentPlan, Strategy } from './plans.js';
import type { AgentState } from './vocabulary.js';

type ChangeListener = (agent: Agent, from: AgentState, why: string) => void;

export class Roster {
  readonly #agents = new Map<string, Agent>();

  constructor(private readonly onChange: ChangeListener) {}

  get(name: string): Agent | undefined {
    return this.#agents.get(name);
  }

  all(): Iterable<Agent> {
    return this.#agents.values();
  }

  /** Somebody new, or somebody known by a new plan. */
  enlist(plan: AgentPlan, atMs: number): void {
    const known = this.#agents.get(plan.name);
    if (known) {
      known.plan = plan;
      if (known.isLeaving) known.wish = plan.startsAs;
      known.isLeaving = false;
      return;
    }
    this.#agents.set(plan.name, {
      plan,
      state: plan.startsAs,
      stateSinceMs: atMs,
      freeSinceMs: plan.startsAs === 'ready' ? atMs : undefined,
      wish: plan.startsAs,
      reason: undefined,
      misses: 0,
      offer: undefined,
      reservedFor: undefined,
      pauseTimer: undefined,
      pauseEndsAtMs: 0,
      isLeaving: false,
      answered: 0,
      missed: 0,
      seats: new Set(),
    });
  }

  dismiss(agent: Agent): void {
    for (const { queue } of [...agent.seats]) this.#unseat(agent, queue);
    this.#agents.delete(agent.plan.name);
  }

  move(agent: Agent, to: AgentState, atMs: number, why: string): void {
    const from = agent.state;
    if (from === to) return;
    agent.state = to;
    agent.stateSinceMs = atMs;
    if (isOnDuty(from) !== isOnDuty(to)) {
      for (const { queue } of agent.seats) queue.onDuty += isOnDuty(to) ? 1 : -1;
    }
    if (to === 'ready') {
      agent.freeSinceMs ??= atMs;
      for (const seat of agent.seats) seat.queue.free.add(seat);
    } else if (from === 'ready') {
      for (const seat of agent.seats) seat.queue.free.remove(seat);
    }
    this.onChange(agent, from, why);
  }

  /** Who is free, or will be by then, by the queues they serve. Who is being called is for somebody. */
  groups(freeByMs: number): AgentGroup[] {
    const groups = new Map<string, { queues: Set<string>; count: number }>();
    for (const agent of this.#agents.values()) {
      if (!isFreeBy(agent, freeByMs)) continue;
      const queues = new Set([...agent.seats].map(({ queue }) => queue.plan.name));
      const key = JSON.stringify([...queues].sort());
      const group = groups.get(key) ?? { queues, count: 0 };
      group.count += 1;
      groups.set(key, group);
    }
    return [...groups.values()];
  }

  /** Gives the queue the seats of its plan; who keeps a seat keeps the turn. */
  seat(queue: AgentQueue): void {
    const old = new Map(queue.seats);
    for (const agent of old.keys()) this.#unseat(agent, queue);
    queue.free = new IndexedHeap(orderOf(queue.plan.strategy));
    for (const [order, { agent: name, tier }] of queue.plan.seats.entries()) {
      const agent = this.#agents.get(name);
      if (!agent || queue.seats.has(agent)) continue;
      const seat = { agent, queue, tier, order, turn: old.get(agent)?.turn ?? 0 };
      queue.seats.set(agent, seat);
      agent.seats.add(seat);
      if (isOnDuty(agent.state)) queue.onDuty += 1;
      if (agent.state === 'ready') queue.free.add(seat);
    }
  }

  /** For a queue that is gone. */
  clear(queue: AgentQueue): void {
    for (const agent of [...queue.seats.keys()]) this.#unseat(agent, queue);
  }

  #unseat(agent: Agent, queue: AgentQueue): void {
    const seat = queue.seats.get(agent);
    if (!seat) return;
    queue.free.remove(seat);
    queue.seats.delete(agent);
    agent.seats.delete(seat);
    if (isOnDuty(agent.state)) queue.onDuty -= 1;
  }
}

function isFreeBy({ state, wish, pauseEndsAtMs }: Agent, atMs: number): boolean {
  if (state === 'wrap-up') return wish === 'ready' && pauseEndsAtMs <= atMs;
  return state === 'ready' || state === 'reserved' || state === 'ringing';
}

export function isOnDuty(state: AgentState): boolean {
  return state !== 'logged-out' && state !== 'not-ready';
}

function orderOf(strategy: Strategy): (a: Seat, b: Seat) => boolean {
  return (a, b) => {
    if (a.tier !== b.tier) return a.tier < b.tier;
    const [ofA, ofB] = [standing(a, strategy), standing(b, strategy)];
    return ofA === ofB ? a.order < b.order : ofA < ofB;
  };
}

/** Smaller is called first. */
function standing({ agent, turn }: Seat, strategy: Strategy): number {
  switch (strategy) {
    case 'longest-idle':
      return agent.freeSinceMs ?? 0;
    case 'round-robin':
      return turn;
    case 'ring-all':
    case 'progressive':
      return 0;
  }
}
