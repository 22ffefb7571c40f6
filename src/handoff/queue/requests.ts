/**
 * The customers who want an agent: in which queues each one waits, which entry of the escalation comes
 * next, who may be given an agent, and how each one leaves.
 */
import type { Queue, Request } from './model.js';
import type { Moment } from './moment.js';
import type { Offers } from './offers.js';
import { PassingMap } from './passing-map.js';
import type { QueueExit, Wanted } from './vocabulary.js';
import { farthestPosition } from './wait-estimate.js';

/** Counted once for each request. */
export interface Exit {
  readonly requestId: string;
  readonly service: string;
  /** The queue that served it, else the one entered last; absent when there was none. */
  readonly queue: string | undefined;
  readonly exit: QueueExit;
  /** On the line, milliseconds; absent when the customer never was. */
  readonly waitedMs: number | undefined;
  readonly isInTime: boolean;
}

export interface RequestsListener {
  queueNamed(name: string): Queue | undefined;
  /** Nobody waits in this queue any more. */
  onQueueEmpty(queue: Queue): void;
  onExit(exit: Exit): void;
}

export class Requests {
  readonly #requests = new PassingMap<string, Request>();
  #lastSeq = 0;

  constructor(
    private readonly moment: Moment,
    private readonly offers: Offers,
    private readonly listener: RequestsListener,
  ) {}

  get count(): number {
    return this.#requests.size;
  }

  get(requestId: string): Request | undefined {
    return this.#requests.get(requestId);
  }

  join(wanted: Wanted): void {
    if (this.#requests.has(wanted.requestId)) return;
    const { atMs } = this.moment;
    const sinceMs = Math.min(wanted.sinceMs ?? atMs, atMs);
    const request: Request = {
      wanted,
      seq: (this.#lastSeq += 1),
      sinceMs,
      priority: wanted.priority,
      priorityIncrement: wanted.priorityIncrement,
      priorityIncrementIntervalMs: wanted.priorityIncrementIntervalMs,
      stage: wanted.isAhead ? 'ahead' : 'waiting',
      onLineSinceMs: wanted.isAhead ? undefined : sinceMs,
      reserved: undefined,
      mayReserve: true,
      attempts: 0,
      offers: new Set(),
      queues: new Map(),
      countedIn: undefined,
      step: -1,
      stepTimer: undefined,
      progressiveTimer: undefined,
    };
    this.#requests.set(wanted.requestId, request);
    this.#nextStep(request, 'the service names no queue');
  }

  customerReady(requestId: string): void {
    const request = this.#requests.get(requestId);
    if (!request || request.stage === 'waiting' || request.stage === 'connected') return;
    const { reserved } = request;
    this.#leaveAhead(request);
    request.stage = 'waiting';
    request.onLineSinceMs = this.moment.atMs;
    this.moment.stopTimer(reserved?.timer);
    request.reserved = undefined;
    if (reserved) {
      const { agent, queue } = reserved;
      agent.reservedFor = undefined;
      this.offers.make(request, queue, { agent }, queue.plan.ringTimeoutMs);
    }
    for (const [queue, target] of [...request.queues]) {
      if (queue.kind === 'sip') this.tryTarget(request, queue, target);
    }
    this.place(request);
  }

  /** The customer is dialled: from now on an agent who comes free is kept for them. */
  begin(request: Request, why: string): void {
    if (request.stage !== 'ahead') return;
    this.#leaveAhead(request);
    request.stage = 'dialling';
    this.moment.command({ type: 'near', requestId: request.wanted.requestId, why });
  }

  /** Puts the request in line where it may be given an agent, and takes it out where not. */
  place(request: Request): void {
    const isOpen = mayBeGivenAnAgent(request);
    for (const queue of request.queues.keys()) {
      if (queue.kind !== 'agents') continue;
      if (isOpen) queue.line.add(request);
      else queue.line.remove(request);
      this.moment.touched.add(queue);
    }
  }

  /** The next target of a SIP queue, or what comes after its last one. */
  tryTarget(request: Request, queue: Queue, index: number, why = 'the queue has no targets'): void {
    if (queue.kind !== 'sip') return;
    const target = queue.plan.targets[index];
    if (target) {
      request.queues.set(queue, index + 1);
      this.offers.make(request, queue, { uri: target.uri }, target.ringTimeoutMs);
      return;
    }
    this.#leaveQueue(request, queue, why);
    this.#goOnIfNobodyIsLeft(request, why);
  }

  /** An agent answered: everything else on behalf of the request is called off. */
  served(request: Request, queue: Queue): void {
    request.stage = 'connected';
    request.countedIn = queue;
    this.#clear(request, 'another one answered');
    this.#count(request, 'served');
  }

  leave(requestId: string, exit: Exclude<QueueExit, 'served'>, why: string): void {
    const request = this.#requests.get(requestId);
    if (!request) return;
    this.#requests.delete(requestId);
    const isServed = request.stage === 'connected';
    for (const offer of [...request.offers]) this.offers.withdraw(offer, why);
    if (isServed) return;
    this.#clear(request, why);
    this.#count(request, exit);
  }

  /** The agent who had answered is gone; the request with them. */
  forget(request: Request): void {
    this.#requests.delete(request.wanted.requestId);
  }

  fail(request: Request, why: string): void {
    const { requestId } = request.wanted;
    this.leave(requestId, 'failed', why);
    this.moment.command({ type: 'fail', requestId, why });
  }

  /** No agent is called any more; SIP targets that ring, and those that come next, are left. */
  leaveAgents(request: Request, why: string): void {
    for (const queue of [...request.queues.keys()]) {
      if (queue.kind === 'agents') this.#leaveQueue(request, queue, why);
    }
  }

  /** @returns whether an agent was kept free and is not any more */
  releaseReservation(request: Request, why: string): boolean {
    const { reserved } = request;
    if (!reserved) return false;
    this.moment.stopTimer(reserved.timer);
    request.reserved = undefined;
    reserved.agent.reservedFor = undefined;
    this.offers.settle(reserved.agent, why);
    return true;
  }

  #nextStep(request: Request, whyNot: string): void {
    request.step += 1;
    const step = request.wanted.steps[request.step];
    if (!step) {
      if (request.queues.size === 0) this.fail(request, whyNot);
      return;
    }
    const queue = this.listener.queueNamed(step.queue);
    if (!queue) return this.#nextStep(request, `there is no queue or agent ${step.queue}`);
    const { attempts, wanted } = request;
    if (queue.kind === 'agents' && attempts >= wanted.attemptsMax) {
      return this.#nextStep(request, whyNot);
    }
    if (step.timeoutMs > 0) {
      request.stepTimer = this.moment.startTimer(step.timeoutMs, () => {
        request.stepTimer = undefined;
        const why = `no agent of ${step.queue} in ${step.timeoutMs / 1000} s`;
        if (step.isCleared) this.#leaveQueue(request, queue, why);
        this.#nextStep(request, why);
        this.place(request);
      });
    }
    this.#enterQueue(request, queue);
  }

  #enterQueue(request: Request, queue: Queue): void {
    if (request.queues.has(queue)) return;
    request.queues.set(queue, 0);
    request.countedIn = queue;
    queue.requests.add(request);
    if (queue.kind === 'sip') {
      if (request.stage === 'waiting') this.tryTarget(request, queue, 0);
      else this.begin(request, `${queue.plan.name} does not tell who is free`);
      return;
    }
    if (request.stage === 'ahead') {
      queue.ahead.add(request);
      const farthest = farthestPosition(request.wanted.etaPositions);
      queue.farthestPosition = Math.max(queue.farthestPosition, farthest);
    }
    this.place(request);
  }

  #leaveQueue(request: Request, queue: Queue, why: string): void {
    if (!request.queues.delete(queue)) return;
    queue.requests.delete(request);
    if (queue.kind === 'agents') {
      queue.line.remove(request);
      forgetAhead(queue, request);
      // Whoever stood behind is nearer now.
      if (queue.ahead.size > 0) this.moment.touched.add(queue);
    }
    if (request.reserved?.queue === queue) this.releaseReservation(request, why);
    for (const offer of [...request.offers]) {
      // Who has picked up is being asked already.
      if (offer.queue !== queue || offer.stage !== 'calling' || offer.isPickedUp) continue;
      this.offers.withdraw(offer, why);
    }
    if (queue.requests.size === 0) this.listener.onQueueEmpty(queue);
  }

  /** An entry that is exhausted does not hold up the next one. */
  #goOnIfNobodyIsLeft(request: Request, why: string): void {
    if (request.queues.size > 0) return;
    this.moment.stopTimer(request.stepTimer);
    request.stepTimer = undefined;
    this.#nextStep(request, why);
  }

  #clear(request: Request, why: string): void {
    this.moment.stopTimer(request.stepTimer);
    this.moment.stopTimer(request.progressiveTimer);
    for (const queue of [...request.queues.keys()]) this.#leaveQueue(request, queue, why);
    this.releaseReservation(request, why);
  }

  #leaveAhead(request: Request): void {
    for (const queue of request.queues.keys()) {
      if (queue.kind === 'agents') forgetAhead(queue, request);
    }
  }

  #count(request: Request, exit: QueueExit): void {
    const { countedIn, wanted, onLineSinceMs } = request;
    const waitedMs = onLineSinceMs === undefined ? undefined : this.moment.atMs - onLineSinceMs;
    const isInTime =
      waitedMs !== undefined &&
      countedIn !== undefined &&
      waitedMs <= countedIn.plan.serviceLevelMs;
    countedIn?.tally.left(exit, waitedMs ?? 0, isInTime);
    const { requestId, service } = wanted;
    const queue = countedIn?.plan.name;
    this.listener.onExit({ requestId, service, queue, exit, waitedMs, isInTime });
  }
}

function mayBeGivenAnAgent(request: Request): boolean {
  const { stage, reserved, mayReserve, offers } = request;
  if (stage === 'connected' || reserved) return false;
  if (stage !== 'waiting') return mayReserve;
  for (const { agent } of offers) if (agent) return false;
  return true;
}

function forgetAhead(queue: Extract<Queue, { kind: 'agents' }>, request: Request): void {
  queue.ahead.delete(request);
  if (queue.ahead.size === 0) queue.farthestPosition = 0;
}
