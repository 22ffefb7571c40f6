/**
 * The queues of this process at work: gives the queue core its time and its timers, and each request's
 * commands to the search that made it. Events are handled one at a time, in the order they came.
 */
import type { CancelCause, Clock, Log } from '../ports.js';
import type { AgentHolds } from './agent-holds.js';
import type { AgentMemo } from './agent-memory.js';
import { PassingMap } from './queue/passing-map.js';
import type { QueuePlans } from './queue/plans.js';
import { QueueCore } from './queue/queue-core.js';
import type { Exit } from './queue/requests.js';
import type { AgentView, QueueView, Standing } from './queue/views.js';
import type {
  AgentWish,
  QueueCommand,
  QueueEventBody,
  QueueExit,
  Wanted,
} from './queue/vocabulary.js';

export type CallOffer = Extract<QueueCommand, { type: 'call' }>;

/** A callback may search several times; each search is a request of its own. */
export function requestIdOf(callbackId: string, queueId: string): string {
  return `${callbackId}/${queueId}`;
}

/** What a search does for its request. */
export interface Searcher {
  /** Calls somebody; what becomes of it is reported under the offer's id. */
  call(offer: CallOffer): void;
  /** Calls it off; `over` is to be reported once nothing of it is on the wire. */
  cancel(offerId: string, why: string, cause?: CancelCause): void;
  onConnect(offerId: string, isAssumed: boolean): void;
  onPassMedia(offerId: string): void;
  onMissed(why: string): void;
  onFailed(why: string): void;
  /** Time to dial the customer. */
  onNear(why: string): void;
}

export interface DeskDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly onExit?: (exit: Exit) => void;
  /** An agent may be free, or free soon. */
  readonly onAgentChanged?: (name: string) => void;
  /** Do other processes call the same agents? Who is busy is in a call of theirs, and has missed nothing. */
  readonly isShared?: boolean;
  /** Asked before an agent is called, where other processes may call the same one. */
  readonly holds?: Pick<AgentHolds, 'hold' | 'free'> | undefined;
  /** Makes an agent's state outlive the process. */
  readonly keepAgent?: (name: string) => Promise<void>;
}

interface OpenOffer {
  readonly searcher: Searcher;
  /** The agent is being asked for. */
  readonly isAsking?: true;
  /** The agent who is held for it. */
  readonly held?: string;
}

export class QueueDesk {
  readonly #core: QueueCore;
  readonly #searchers = new PassingMap<string, Searcher>();
  /** Until they are over. */
  readonly #offers = new PassingMap<string, OpenOffer>();
  readonly #timers = new PassingMap<string, () => void>();
  readonly #inbox: QueueEventBody[] = [];
  #isHandling = false;

  constructor(
    private readonly deps: DeskDeps,
    plans: QueuePlans,
  ) {
    this.#core = new QueueCore(deps.onExit);
    this.configure(plans);
  }

  /** A reload: agents keep their states, customers their places. */
  configure(plans: QueuePlans): void {
    this.#post({ type: 'configured', plans });
  }

  join(wanted: Wanted, searcher: Searcher): void {
    this.#searchers.set(wanted.requestId, searcher);
    this.#post({ type: 'joined', ...wanted });
  }

  customerReady(requestId: string): void {
    this.#post({ type: 'customer-ready', requestId });
  }

  leave(requestId: string, exit: Exclude<QueueExit, 'served'>, why: string): void {
    this.#post({ type: 'left', requestId, exit, why });
  }

  placed(offerId: string): void {
    this.#post({ type: 'placed', offerId });
  }

  ringing(offerId: string, hasMedia: boolean): void {
    this.#post({ type: 'ringing', offerId, hasMedia });
  }

  pickedUp(offerId: string): void {
    this.#post({ type: 'picked-up', offerId });
  }

  answered(offerId: string): void {
    this.#post({ type: 'answered', offerId });
  }

  /**
   * @param isOurs our own servers failed, not the far side
   * @param status SIP's, when the far side refused
   */
  refused(offerId: string, why: string, isOurs: boolean, status?: number): void {
    this.#isOver(offerId);
    const isElsewhere = this.deps.isShared === true && isBusy(status);
    // Else a PBX that restarts would make every agent not-ready, and fail every customer who waits.
    const isOfServers = isOurs || isServerFailure(status);
    this.#post({ type: 'refused', offerId, why, isOurs: isOfServers, isElsewhere });
  }

  ended(offerId: string): void {
    this.#isOver(offerId);
    this.#post({ type: 'ended', offerId });
  }

  over(offerId: string): void {
    this.#isOver(offerId);
    this.#post({ type: 'over', offerId });
  }

  agents(): readonly AgentView[] {
    return this.#core.agents();
  }

  /** @returns the agent as set, undefined when there is none of that name */
  setAgent(name: string, to: AgentWish, reason?: string): AgentView | undefined {
    const known = this.#core.agent(name);
    if (!known || known.isLeaving) return undefined;
    this.#post({ type: 'agent-set', agent: name, to, reason });
    return this.#core.agent(name);
  }

  /** Resolves when what was set outlives the process, or cannot. */
  async kept(name: string): Promise<void> {
    await this.deps.keepAgent?.(name);
  }

  /** What has to outlive the process. */
  memoOf(name: string): AgentMemo | undefined {
    const memory = this.#core.memoryOf(name);
    if (!memory) return undefined;
    const { reason, ...rest } = memory;
    return { name, ...rest, ...(reason !== undefined && { reason }) };
  }

  /** Of an agent who is not there nothing is recalled. */
  recall({ name, reason, ...rest }: AgentMemo): void {
    this.#post({ type: 'agent-recalled', agent: name, memory: { reason, ...rest } });
  }

  queues(): readonly QueueView[] {
    return this.#core.queues(this.deps.clock.nowMs());
  }

  /** May one more customer be dialled for this queue? @param needing those without an agent, by queue */
  isRoomFor(queue: string, needing: ReadonlyMap<string, number>): boolean {
    return this.#core.isRoomFor(queue, needing, this.deps.clock.nowMs());
  }

  standing(requestId: string): Standing | undefined {
    return this.#core.standing(requestId, this.deps.clock.nowMs());
  }

  /** What is in the air, for the leak check. */
  counts(): { queueRequests: number; queueOffers: number; queueTimers: number } {
    const { requests, offers } = this.#core.counts;
    return { queueRequests: requests, queueOffers: offers, queueTimers: this.#timers.size };
  }

  /** The pauses of agents are given up. */
  stop(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #post(event: QueueEventBody): void {
    this.#inbox.push(event);
    if (this.#isHandling) return;
    this.#isHandling = true;
    try {
      for (let next = this.#inbox.shift(); next; next = this.#inbox.shift()) {
        const commands = this.#core.handle({ ...next, atMs: this.deps.clock.nowMs() });
        for (const command of commands) this.#perform(command);
        if (next.type === 'left') this.#searchers.delete(next.requestId);
      }
    } finally {
      this.#isHandling = false;
    }
  }

  #perform(command: QueueCommand): void {
    switch (command.type) {
      case 'call': {
        const searcher = this.#searchers.get(command.requestId);
        if (searcher) this.#call(command, searcher);
        return undefined;
      }
      case 'cancel':
        return this.#cancel(command.offerId, command.why, command.cause);
      case 'connect': {
        const { requestId, offerId, isAssumed } = command;
        return this.#searchers.get(requestId)?.onConnect(offerId, isAssumed);
      }
      case 'pass-media':
        return this.#searchers.get(command.requestId)?.onPassMedia(command.offerId);
      case 'missed':
        return this.#searchers.get(command.requestId)?.onMissed(command.why);
      case 'fail': {
        const searcher = this.#searchers.get(command.requestId);
        this.#searchers.delete(command.requestId);
        return searcher?.onFailed(command.why);
      }
      case 'near':
        return this.#searchers.get(command.requestId)?.onNear(command.why);
      case 'start-timer':
        return this.#startTimer(command.timerId, command.afterMs);
      case 'stop-timer':
        this.#timers.get(command.timerId)?.();
        this.#timers.delete(command.timerId);
        return undefined;
      case 'agent-changed': {
        const { agent, from, to, why } = command;
        this.deps.log.info({ agent, from, to, why }, 'agent');
        return this.deps.onAgentChanged?.(agent);
      }
    }
  }

  #call(command: CallOffer, searcher: Searcher): void {
    const { offerId, agent } = command;
    const { holds } = this.deps;
    if (!holds || agent === undefined) {
      this.#offers.set(offerId, { searcher });
      return searcher.call(command);
    }
    this.#offers.set(offerId, { searcher, isAsking: true });
    void holds.hold(agent).then((isHeld) => {
      // Called off meanwhile.
      if (!this.#offers.has(offerId)) return isHeld && holds.free(agent);
      if (!isHeld)
        return this.refused(offerId, `${agent} is in another process' call`, false, BUSY);
      this.#offers.set(offerId, { searcher, held: agent });
      return searcher.call(command);
    });
  }

  /** Who has not been called yet is not called any more. */
  #cancel(offerId: string, why: string, cause?: CancelCause): void {
    const offer = this.#offers.get(offerId);
    if (offer?.isAsking) this.over(offerId);
    else offer?.searcher.cancel(offerId, why, cause);
  }

  #isOver(offerId: string): void {
    const { held } = this.#offers.get(offerId) ?? {};
    this.#offers.delete(offerId);
    if (held !== undefined) this.deps.holds?.free(held);
  }

  #startTimer(timerId: string, afterMs: number): void {
    const cancel = this.deps.clock.after(afterMs, () => {
      this.#timers.delete(timerId);
      this.#post({ type: 'timer', timerId });
    });
    this.#timers.set(timerId, cancel);
  }
}

const BUSY = 486;
const BUSY_EVERYWHERE = 600;

function isBusy(status: number | undefined): boolean {
  return status === BUSY || status === BUSY_EVERYWHERE;
}

/** RFC 3261 21.5: a server on the way, of whom an agent knows nothing. */
function isServerFailure(status = 0): boolean {
  return status >= 500 && status <= 599;
}
