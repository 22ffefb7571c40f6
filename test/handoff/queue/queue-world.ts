/** The queue core with a clock and a telephone network of paper: tests say what happens, and look. */
import assert from 'node:assert/strict';
import type {
  AgentPlan,
  AgentQueuePlan,
  EscalationStep,
  QueuePlan,
  SipQueuePlan,
} from '../../../src/handoff/queue/plans.js';
import { QueueCore } from '../../../src/handoff/queue/queue-core.js';
import type { Exit } from '../../../src/handoff/queue/requests.js';
import type {
  AgentWish,
  QueueCommand,
  QueueEventBody,
  Wanted,
} from '../../../src/handoff/queue/vocabulary.js';

type Call = Extract<QueueCommand, { type: 'call' }>;

export const START_MS = 1_800_000_000_000;

export function agentPlan(name: string, more: Partial<AgentPlan> = {}): AgentPlan {
  return { name, uri: `sip:${name}@pbx.example.net`, startsAs: 'ready', ...more };
}

/** @param seats `name` or `name:tier` */
export function agentQueue(
  name: string,
  seats: readonly string[],
  more: Partial<AgentQueuePlan> = {},
): AgentQueuePlan {
  return {
    name,
    kind: 'agents',
    strategy: 'longest-idle',
    seats: seats.map((seat) => {
      const [agent = '', tier = '1'] = seat.split(':');
      return { agent, tier: Number(tier) };
    }),
    ringTimeoutMs: 20_000,
    progressiveDelayMs: 5000,
    wrapUpMs: 0,
    missPauseMs: 5000,
    missesMax: 3,
    expectedHandleMs: 180_000,
    serviceLevelMs: 20_000,
    earlyMedia: 'ignore',
    ...more,
  };
}

/** @param targets `user` or `user:ringTimeoutMs` */
export function sipQueue(
  name: string,
  targets: readonly string[],
  more: Partial<SipQueuePlan> = {},
): SipQueuePlan {
  return {
    name,
    kind: 'sip',
    targets: targets.map((target) => {
      const [user = '', ring = '0'] = target.split(':');
      return { uri: `sip:${user}@pbx.example.net`, ringTimeoutMs: Number(ring) };
    }),
    serviceLevelMs: 20_000,
    earlyMedia: 'ignore',
    ...more,
  };
}

export function step(queue: string, timeoutMs = 0, isCleared = false): EscalationStep {
  return { queue, timeoutMs, isCleared };
}

export class QueueWorld {
  readonly exits: Exit[] = [];
  readonly core = new QueueCore((exit) => this.exits.push(exit));
  nowMs = START_MS;
  /** False: calls do not get as far as their INVITE. */
  isPlacing = true;
  /** Commands since the last look. */
  #commands: QueueCommand[] = [];
  readonly calls = new Map<string, Call>();
  readonly #timers = new Map<string, number>();

  constructor(queues: readonly QueuePlan[], agents: readonly AgentPlan[] = []) {
    this.configure(queues, agents);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  configure(queues: readonly QueuePlan[], agents: readonly AgentPlan[]): void {
    this.happens({ type: 'configured', plans: { queues, agents } });
  }

  happens(event: QueueEventBody): this {
    const called: string[] = [];
    for (const command of this.core.handle({ ...event, atMs: this.nowMs })) {
      this.#commands.push(command);
      if (command.type === 'start-timer') {
        this.#timers.set(command.timerId, this.nowMs + command.afterMs);
      } else if (command.type === 'stop-timer') this.#timers.delete(command.timerId);
      else if (command.type === 'call') {
        this.calls.set(command.offerId, command);
        called.push(command.offerId);
      }
    }
    if (!this.isPlacing) return this;
    for (const offerId of called) this.happens({ type: 'placed', offerId });
    return this;
  }

  /** Timers fire in their order, each at its time. */
  passes(ms: number): this {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const [due] = [...this.#timers].sort(([, a], [, b]) => a - b);
      if (!due || due[1] > untilMs) break;
      this.nowMs = due[1];
      this.#timers.delete(due[0]);
      this.happens({ type: 'timer', timerId: due[0] });
    }
    this.nowMs = untilMs;
    return this;
  }

  joins(requestId: string, steps: readonly EscalationStep[], more: Partial<Wanted> = {}): this {
    return this.happens({
      type: 'joined',
      requestId,
      service: 'sales',
      steps,
      priority: 0,
      priorityIncrement: 0,
      priorityIncrementIntervalMs: 0,
      isAhead: false,
      etaPositions: [],
      reserveTimeoutMs: 30_000,
      attemptsMax: 5,
      confirmTimeoutMs: 0,
      ...more,
    });
  }

  leaves(requestId: string, exit: Exit['exit'] = 'abandoned'): this {
    assert(exit !== 'served');
    return this.happens({ type: 'left', requestId, exit, why: exit });
  }

  sets(agent: string, to: AgentWish): this {
    return this.happens({ type: 'agent-set', agent, to });
  }

  answers(who: string): this {
    return this.happens({ type: 'answered', offerId: this.offerTo(who) });
  }

  refuses(who: string, why = 'SIP 486 Busy Here', isOurs = false): this {
    return this.happens({ type: 'refused', offerId: this.offerTo(who), why, isOurs });
  }

  hangsUp(who: string): this {
    return this.happens({ type: 'ended', offerId: this.offerTo(who) });
  }

  /** Nothing of this party's call is on the wire any more. */
  isOver(who: string): this {
    return this.happens({ type: 'over', offerId: this.offerTo(who) });
  }

  /** The latest call to an agent's name or a SIP user. */
  offerTo(who: string): string {
    const found = [...this.calls.values()].findLast(({ uri }) => uri.startsWith(`sip:${who}@`));
    assert(found, `${who} was never called`);
    return found.offerId;
  }

  stateOf(agent: string): string | undefined {
    return this.core.agent(agent)?.state;
  }

  /** Commands since the last look as short words; timers and agents' states left out. */
  said(): string[] {
    return this.#commands.splice(0).flatMap((command) => {
      switch (command.type) {
        case 'call':
          return `call ${userOf(command.uri)} for ${command.requestId}`;
        case 'cancel':
          return `cancel ${this.#whoOf(command.offerId)}: ${command.why}`;
        case 'connect': {
          const how = command.isAssumed ? ' (assumed)' : '';
          return `connect ${command.requestId} to ${this.#whoOf(command.offerId)}${how}`;
        }
        case 'pass-media':
          return `pass-media ${this.#whoOf(command.offerId)} to ${command.requestId}`;
        case 'missed':
        case 'fail':
        case 'near':
          return `${command.type} ${command.requestId}: ${command.why}`;
        default:
          return [];
      }
    });
  }

  #whoOf(offerId: string): string {
    return userOf(this.calls.get(offerId)?.uri ?? '');
  }
}

function userOf(uri: string): string {
  return uri.replace(/^sip:(.*)@.*$/, '$1');
}
