/**
 * All queues and agents of this process, without a clock: an event that says when it happened goes in,
 * commands come out. Customers wait in the order of their urgency, agents are found by the strategy of
 * the queue; whenever somebody waits and somebody of the same queue is free, the two are brought
 * together before the event is done.
 *
 * Promises, whatever the order of events: an agent has one call at most, a customer one agent at most,
 * and every request leaves once, with a reason.
 */
import { AgeingWatch } from './ageing-watch.js';
import { isRoomFor } from './agent-room.js';
import type { Agent, AgentQueue, Offer, Queue, Request } from './model.js';
import { emptyQueue, isOfOne, planOfOne } from './make-queue.js';
import { Moment } from './moment.js';
import { Offers } from './offers.js';
import type { QueuePlan, QueuePlans } from './plans.js';
import { type Exit, Requests } from './requests.js';
import { Roster } from './roster.js';
import {
  agentView,
  memoryOf,
  ewtMs,
  queueView,
  standingOf,
  type AgentView,
  type QueueView,
} from './views.js';
import type { Standing } from './views.js';
import type { AgentMemory, AgentWish, QueueCommand, QueueEvent } from './vocabulary.js';
import { isNearEnough } from './wait-estimate.js';
import { goesBefore } from './waiting-line.js';

export class QueueCore {
  readonly #moment = new Moment();
  readonly #queues = new Map<string, Queue>();
  /** Not in the configuration, or not any more, and still with customers. */
  readonly #closed = new Set<Queue>();
  readonly #ageing = new AgeingWatch(this.#moment);
  readonly #roster: Roster;
  readonly #offers: Offers;
  readonly #requests: Requests;

  /** @param onExit told of each request once, when it leaves */
  constructor(onExit: (exit: Exit) => void = () => undefined) {
    this.#roster = new Roster((agent, from, why) => {
      for (const { queue } of agent.seats) this.#moment.touched.add(queue);
      const { plan, state: to } = agent;
      this.#moment.command({ type: 'agent-changed', agent: plan.name, from, to, why });
    });
    this.#offers = new Offers(this.#moment, this.#roster, {
      onAnswered: (offer, isAssumed) => this.#onAnswered(offer, isAssumed),
      onMissed: (offer, why) => this.#onMissed(offer, why),
      onNoTry: ({ request }) => {
        if (this.#isRoundOver(request)) this.#requests.place(request);
      },
      onEnded: ({ request }) => this.#requests.forget(request),
      onAgentFree: (agent) => {
        if (agent.isLeaving) this.#roster.dismiss(agent);
      },
    });
    this.#requests = new Requests(this.#moment, this.#offers, {
      queueNamed: (name) => this.#queues.get(name) ?? this.#queueOfOne(name),
      onQueueEmpty: (queue) => {
        if (queue.isClosed) this.#drop(queue);
      },
      onExit,
    });
  }

  /** What is held at the moment, by kind; all zero when nobody waits or talks. */
  get counts(): { requests: number; offers: number; timers: number } {
    return {
      requests: this.#requests.count,
      offers: this.#offers.count,
      timers: this.#moment.timerCount,
    };
  }

  handle(event: QueueEvent): readonly QueueCommand[] {
    this.#moment.atMs = event.atMs;
    this.#take(event);
    this.#bringTogether();
    this.#offers.passMedia();
    this.#dialWhoIsNear();
    this.#ageing.look();
    return this.#moment.end();
  }

  agents(): AgentView[] {
    return [...this.#roster.all()].map(agentView);
  }

  agent(name: string): AgentView | undefined {
    const agent = this.#roster.get(name);
    return agent && agentView(agent);
  }

  memoryOf(name: string): AgentMemory | undefined {
    const agent = this.#roster.get(name);
    return agent && !agent.isLeaving ? memoryOf(agent) : undefined;
  }

  queues(atMs: number): QueueView[] {
    return [...this.#queues.values()].map((queue) => queueView(queue, atMs));
  }

  /**
   * May one more customer be dialled for this queue? Always, where it does not pace.
   * @param needing customers without an agent, by queue
   */
  isRoomFor(name: string, needing: ReadonlyMap<string, number>, atMs: number): boolean {
    const queue = this.#queues.get(name);
    if (queue?.kind !== 'agents' || queue.plan.pacing === undefined) return true;
    return isRoomFor(name, this.#roster.groups(atMs + queue.plan.pacing.soonFreeMs), needing);
  }

  /** Where a customer stands who is not connected yet. */
  standing(requestId: string, atMs: number): Standing | undefined {
    const request = this.#requests.get(requestId);
    return request && standingOf(request, atMs);
  }

  #take(event: QueueEvent): void {
    switch (event.type) {
      case 'configured':
        return this.#configure(event.plans);
      case 'joined':
        return this.#requests.join(event);
      case 'customer-ready':
        return this.#requests.customerReady(event.requestId);
      case 'left':
        return this.#requests.leave(event.requestId, event.exit, event.why);
      case 'placed':
        return this.#offers.placed(event.offerId);
      case 'ringing':
        return this.#offers.ringing(event.offerId, event.hasMedia);
      case 'picked-up':
        return this.#offers.pickedUp(event.offerId);
      case 'answered':
        return this.#offers.answered(event.offerId);
      case 'refused':
        return this.#offers.refused(event);
      case 'ended':
        return this.#offers.ended(event.offerId);
      case 'over':
        return this.#offers.over(event.offerId);
      case 'timer':
        return this.#moment.fireTimer(event.timerId);
      case 'agent-set':
        return this.#setAgent(event.agent, event.to, event.reason);
      case 'agent-recalled':
        return this.#recall(event.agent, event.memory);
    }
  }

  // --- who gets whom ---------------------------------------------------------------------------

  /** As long as somebody waits where somebody is free: the most urgent customer of all goes first. */
  #bringTogether(): void {
    const { touched, atMs } = this.#moment;
    for (;;) {
      let best: { readonly queue: AgentQueue; readonly request: Request } | undefined;
      for (const queue of touched) {
        const request = queue.free.size > 0 ? queue.line.first(atMs) : undefined;
        if (!request || (best && !goesBefore(request, best.request, atMs))) continue;
        best = { queue, request };
      }
      if (!best) return;
      this.#engage(best.request, best.queue);
    }
  }

  #engage(request: Request, queue: AgentQueue): void {
    const first = queue.free.first();
    if (!first) return;
    if (request.stage !== 'waiting') {
      this.#reserve(request, queue, first.agent);
    } else if (queue.plan.strategy === 'ring-all') {
      const { tier } = first;
      for (let seat = queue.free.first(); seat?.tier === tier; seat = queue.free.first()) {
        this.#call(request, queue, seat.agent);
      }
    } else {
      this.#call(request, queue, first.agent);
      if (queue.plan.strategy === 'progressive') this.#goOnCalling(request, queue);
    }
    this.#requests.place(request);
  }

  #call(request: Request, queue: AgentQueue, agent: Agent): void {
    this.#offers.make(request, queue, { agent }, queue.plan.ringTimeoutMs);
    const seat = queue.seats.get(agent);
    if (seat) seat.turn = queue.turns += 1;
  }

  /** One more agent beside those who ring already, as long as nobody has answered. */
  #goOnCalling(request: Request, queue: AgentQueue): void {
    this.#moment.stopTimer(request.progressiveTimer);
    request.progressiveTimer = this.#moment.startTimer(queue.plan.progressiveDelayMs, () => {
      request.progressiveTimer = undefined;
      const ringing = [...request.offers].filter((one) => one.agent && one.queue === queue);
      // Of another queue: who is called there is called alone.
      if (request.stage !== 'waiting' || ringing.length === 0) return;
      const isAsking = ringing.some(({ isPickedUp }) => isPickedUp);
      const seat = isAsking || !request.queues.has(queue) ? undefined : queue.free.first();
      if (seat) this.#call(request, queue, seat.agent);
      this.#goOnCalling(request, queue);
    });
  }

  #reserve(request: Request, queue: AgentQueue, agent: Agent): void {
    const { name } = agent.plan;
    const { reserveTimeoutMs } = request.wanted;
    const timer = this.#moment.startTimer(reserveTimeoutMs, () => {
      request.mayReserve = false;
      this.#requests.releaseReservation(request, 'kept free for too long');
      this.#requests.place(request);
    });
    request.reserved = { agent, queue, timer };
    agent.reservedFor = request;
    this.#roster.move(agent, 'reserved', this.#moment.atMs, `kept free in ${queue.plan.name}`);
    const seat = queue.seats.get(agent);
    if (seat) seat.turn = queue.turns += 1;
    this.#requests.begin(request, `${name} is kept free`);
  }

  /** Customers ahead of whom the line has become short enough. */
  #dialWhoIsNear(): void {
    const { touched, atMs } = this.#moment;
    for (const queue of touched) {
      if (queue.ahead.size === 0) continue;
      let position = 0;
      for (const request of queue.line.top(queue.farthestPosition, atMs)) {
        position += 1;
        if (request.stage !== 'ahead') continue;
        const ewt = ewtMs(queue, position);
        if (!isNearEnough(request.wanted.etaPositions, position, ewt)) continue;
        const seconds = Math.round((ewt ?? 0) / 1000);
        this.#requests.begin(request, `position ${position}, an agent in about ${seconds} s`);
      }
    }
  }

  // --- what becomes of an offer ------------------------------------------------------------------

  #onAnswered(offer: Offer, isAssumed: boolean): void {
    const { request, queue, id: offerId } = offer;
    const { requestId } = request.wanted;
    for (const other of [...request.offers]) {
      if (other === offer) continue;
      this.#offers.withdraw(other, 'another one answered', 'taken-elsewhere');
    }
    this.#requests.served(request, queue);
    this.#moment.command({ type: 'connect', requestId, offerId, isAssumed });
  }

  #onMissed({ request, queue }: Offer, why: string): void {
    if (queue.kind === 'sip') {
      const next = request.queues.get(queue);
      if (next !== undefined) this.#requests.tryTarget(request, queue, next, why);
      return;
    }
    if (!this.#isRoundOver(request)) return;
    request.attempts += 1;
    const { requestId, attemptsMax } = request.wanted;
    if (request.attempts >= attemptsMax) {
      // A PBX that rings on behalf of the same customer may still answer.
      if (request.offers.size > 0) return this.#requests.leaveAgents(request, why);
      return this.#requests.fail(request, why);
    }
    this.#moment.command({ type: 'missed', requestId, why });
    this.#requests.place(request);
  }

  /** When the last one who was called has not answered. */
  #isRoundOver(request: Request): boolean {
    for (const { agent } of request.offers) if (agent) return false;
    this.#moment.stopTimer(request.progressiveTimer);
    return true;
  }

  // --- agents and configuration ------------------------------------------------------------------

  #setAgent(name: string, to: AgentWish, reason: string | undefined): void {
    const agent = this.#roster.get(name);
    if (!agent || agent.isLeaving) return;
    agent.wish = to;
    agent.reason = to === 'ready' ? undefined : reason;
    if (to === 'ready') {
      agent.misses = 0;
      this.#offers.endPause(agent);
      agent.pauseEndsAtMs = this.#moment.atMs;
    } else this.#takeBack(agent, `${name} is ${to} now`);
    this.#offers.settle(agent, 'set from outside');
  }

  #recall(name: string, { wish, reason, sinceMs, restUntilMs }: AgentMemory): void {
    const agent = this.#roster.get(name);
    if (!agent || agent.isLeaving) return;
    const { atMs } = this.#moment;
    const why = 'as it was before';
    Object.assign(agent, { wish, reason });
    if (wish !== 'ready') this.#takeBack(agent, `${name} is ${wish} now`);
    this.#offers.endPause(agent);
    const isResting = restUntilMs > atMs && !agent.offer && !agent.reservedFor;
    if (isResting) this.#offers.pause(agent, restUntilMs - atMs, why);
    else this.#offers.settle(agent, why);
    agent.pauseEndsAtMs = restUntilMs;
    if (agent.state === wish && sinceMs > 0) agent.stateSinceMs = Math.min(sinceMs, atMs);
  }

  /** What the agent has not answered goes to somebody else; a conversation goes on. */
  #takeBack(agent: Agent, why: string): void {
    const { reservedFor, offer } = agent;
    const request = reservedFor ?? (offer?.stage === 'calling' ? offer.request : undefined);
    if (!request) return;
    if (reservedFor) this.#requests.releaseReservation(reservedFor, why);
    else if (offer) this.#offers.withdraw(offer, why);
    this.#requests.place(request);
  }

  #configure({ agents, queues }: QueuePlans): void {
    const { atMs } = this.#moment;
    for (const plan of agents) this.#roster.enlist(plan, atMs);
    const named = new Set(agents.map(({ name }) => name));
    for (const agent of [...this.#roster.all()]) {
      if (named.has(agent.plan.name)) continue;
      agent.isLeaving = true;
      agent.wish = 'logged-out';
      this.#takeBack(agent, 'not in the configuration any more');
      this.#offers.settle(agent, 'not in the configuration any more');
    }
    const plans = new Map(queues.map((plan) => [plan.name, plan]));
    for (const queue of [...this.#queues.values()]) {
      if (plans.get(queue.plan.name)?.kind !== queue.kind) this.#close(queue);
    }
    for (const plan of queues) this.#open(plan);
    // Agents may have come back for those who still wait.
    for (const queue of this.#closed) this.#seat(queue);
  }

  #close(queue: Queue): void {
    queue.isClosed = true;
    this.#queues.delete(queue.plan.name);
    if (queue.requests.size > 0) this.#closed.add(queue);
    else this.#drop(queue);
  }

  /** For an agent whom a `_target` names: open as long as somebody waits in it. */
  #queueOfOne(name: string): Queue | undefined {
    const agent = this.#roster.get(name);
    if (!agent || agent.isLeaving) return undefined;
    for (const queue of this.#closed) if (isOfOne(queue, name)) return queue;
    const queue = emptyQueue(planOfOne(agent));
    queue.isClosed = true;
    this.#closed.add(queue);
    this.#seat(queue);
    return queue;
  }

  #drop(queue: Queue): void {
    this.#closed.delete(queue);
    if (queue.kind === 'agents') this.#roster.clear(queue);
  }

  /** A queue that comes back while customers wait in it is the same one. */
  #open(plan: QueuePlan): void {
    const { name, kind } = plan;
    const known = [...this.#closed].find(
      (queue) => queue.plan.name === name && queue.kind === kind,
    );
    const queue = this.#queues.get(name) ?? known ?? emptyQueue(plan);
    this.#queues.set(name, queue);
    this.#closed.delete(queue);
    queue.isClosed = false;
    if (queue.kind === 'sip' && plan.kind === 'sip') queue.plan = plan;
    if (queue.kind === 'agents' && plan.kind === 'agents') queue.plan = plan;
    this.#seat(queue);
  }

  #seat(queue: Queue): void {
    if (queue.kind !== 'agents') return;
    this.#roster.seat(queue);
    this.#moment.touched.add(queue);
  }
}
