/** Whatever happens, in whatever order: the promises at the head of the queue core hold. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { QueuePlan, Strategy } from '../../../src/handoff/queue/plans.js';
import { QueueCore } from '../../../src/handoff/queue/queue-core.js';
import type { Exit } from '../../../src/handoff/queue/requests.js';
import type {
  QueueCommand,
  QueueEvent,
  QueueEventBody,
} from '../../../src/handoff/queue/vocabulary.js';
import { IndexedHeap } from '../../../src/handoff/queue/indexed-heap.js';
import { agentPlan, agentQueue, sipQueue, START_MS, step } from './queue-world.js';

const AGENTS = ['a0', 'a1', 'a2', 'a3'];
const STRATEGIES: readonly Strategy[] = ['longest-idle', 'round-robin', 'ring-all', 'progressive'];

/** What the outside may do; the frequent ones stand here twice. */
const WHAT = [
  ...(['join', 'join', 'join-ahead', 'customer-ready', 'hang-up', 'give-up', 'ring'] as const),
  ...(['place', 'place', 'pick-up'] as const),
  ...(['agent-answers', 'agent-answers', 'agent-refuses', 'agent-hangs-up', 'over'] as const),
  ...(['over', 'time', 'time', 'set-agent', 'set-agent', 'reload'] as const),
];

/** `pick` chooses among what there is. */
interface Deed {
  readonly what: (typeof WHAT)[number];
  readonly pick: number;
}

const deeds = fc.array(fc.record({ what: fc.constantFrom(...WHAT), pick: fc.nat({ max: 9999 }) }), {
  minLength: 20,
  maxLength: 200,
});

interface Leg {
  readonly requestId: string;
  readonly uri: string;
  /** Of our own agents. */
  readonly agentQueue: string | undefined;
  stage: 'calling' | 'answered' | 'off';
}

/** The outside as a model, with its own opinion of who is on the wire. */
class Outside {
  readonly exits: Exit[] = [];
  readonly core = new QueueCore((exit) => this.exits.push(exit));
  readonly legs = new Map<string, Leg>();
  readonly timers = new Map<string, number>();
  /** Requests that have neither left nor been failed by the core, and what they have. */
  readonly open = new Map<string, 'ahead' | 'waiting' | 'connected'>();
  joined = 0;
  nowMs = START_MS;

  constructor(readonly strategies: readonly Strategy[]) {
    this.reload(0);
  }

  reload(pick: number): void {
    const [first = 'longest-idle', second = 'ring-all'] = this.strategies;
    const agents = AGENTS.filter((_, index) => pick === 0 || ((pick >> index) & 1) === 1);
    const more = { wrapUpMs: (pick % 3) * 2000, missPauseMs: (pick % 2) * 3000 };
    const queues: QueuePlan[] = [
      agentQueue('q0', ['a0', 'a1', 'a2:2'], { strategy: first, ...more }),
      agentQueue('q1', ['a2', 'a3', 'a0:3'], { strategy: second, ...more }),
      sipQueue('q2', ['t0:4000', 't1']),
    ];
    this.send({
      type: 'configured',
      plans: {
        agents: agents.map((name) => agentPlan(name)),
        queues: queues.filter((_, index) => pick === 0 || pick % 7 !== index),
      },
    });
  }

  send(event: QueueEventBody): void {
    const commands = this.core.handle({ ...event, atMs: this.nowMs });
    for (const command of commands) this.#perform(command);
    this.#check();
  }

  #perform(command: QueueCommand): void {
    switch (command.type) {
      case 'call': {
        const { requestId, offerId, uri, agent, queue } = command;
        assert.equal(this.open.get(requestId), 'waiting', 'called for nobody who waits');
        if (agent !== undefined) {
          for (const leg of this.legs.values()) assert.notEqual(leg.uri, uri, 'two calls at once');
          this.#checkBeside(requestId, queue);
        }
        const agentQueue = agent === undefined ? undefined : queue;
        this.legs.set(offerId, { requestId, uri, agentQueue, stage: 'calling' });
        break;
      }
      case 'cancel': {
        const leg = this.legs.get(command.offerId);
        assert(leg && leg.stage !== 'off', 'called off what is not there');
        leg.stage = 'off';
        break;
      }
      case 'connect': {
        assert.equal(this.open.get(command.requestId), 'waiting', 'two agents for one customer');
        this.open.set(command.requestId, 'connected');
        const leg = this.legs.get(command.offerId);
        assert(leg);
        leg.stage = 'answered';
        break;
      }
      case 'fail':
        assert(this.open.delete(command.requestId), 'failed twice');
        break;
      case 'near':
      case 'missed':
        assert(this.open.has(command.requestId));
        break;
      case 'start-timer':
        this.timers.set(command.timerId, this.nowMs + command.afterMs);
        break;
      case 'stop-timer':
        assert(this.timers.delete(command.timerId), 'stopped a timer twice');
        break;
      default:
    }
  }

  /** Two agents are called at a time only by a queue that does so. */
  #checkBeside(requestId: string, queue: string): void {
    const [first, second] = this.strategies;
    const isParallel = ['ring-all', 'progressive'].includes(
      (queue === 'q0' ? first : second) ?? '',
    );
    for (const leg of this.legs.values()) {
      const isBeside = leg.requestId === requestId && leg.stage !== 'off';
      if (!isBeside || leg.agentQueue === undefined) continue;
      assert.equal(leg.agentQueue, queue, 'called for two queues');
      assert(isParallel, 'a second agent is called while one rings');
    }
  }

  #check(): void {
    // A customer talks to one agent, and nobody else is called for them.
    for (const [requestId, state] of this.open) {
      const live = [...this.legs.values()].filter(
        (leg) => leg.requestId === requestId && leg.stage !== 'off',
      );
      if (state === 'connected') assert(live.length <= 1, 'a third party');
    }
    // Nobody is free where somebody waits who could be called.
    const states = new Map(this.core.agents().map(({ name, state }) => [name, state]));
    for (const { name, queues } of this.core.agents()) {
      if (states.get(name) !== 'ready') continue;
      for (const queue of [name, ...queues.map((one) => one.queue)]) {
        const waiting = this.#idleWaitersOf(queue);
        assert.deepEqual(waiting, [], `${name} is free and somebody waits in ${queue}`);
      }
    }
    for (const [offerId, leg] of this.legs) {
      const agent = /^sip:(a\d)@/.exec(leg.uri)?.[1];
      const state = agent === undefined ? undefined : states.get(agent);
      if (leg.stage === 'calling' && state !== undefined) assert.equal(state, 'ringing', offerId);
      if (leg.stage === 'answered' && state !== undefined) assert.equal(state, 'busy', offerId);
    }
  }

  /** On the line and standing in this queue, with nobody being called. */
  #idleWaitersOf(queue: string): string[] {
    return [...this.open].flatMap(([requestId, state]) => {
      if (state !== 'waiting') return [];
      const standing = this.core.standing(requestId, this.nowMs);
      return standing?.queue === queue && standing.position > 0 ? [requestId] : [];
    });
  }

  take({ what, pick }: Deed): void {
    const choose = <T>(items: Iterable<T>): T | undefined => {
      const all = [...items];
      return all[pick % Math.max(1, all.length)];
    };
    const legIn = (stage: Leg['stage']) =>
      choose([...this.legs].filter(([, leg]) => leg.stage === stage));
    switch (what) {
      case 'join':
      case 'join-ahead':
        return this.#join(what === 'join-ahead', pick);
      case 'customer-ready': {
        const ahead = choose([...this.open].filter(([, state]) => state === 'ahead'));
        if (!ahead) return;
        this.open.set(ahead[0], 'waiting');
        return this.send({ type: 'customer-ready', requestId: ahead[0] });
      }
      case 'hang-up':
      case 'give-up': {
        const requestId = choose(this.open.keys());
        if (requestId === undefined) return;
        const exit = what === 'hang-up' ? 'abandoned' : 'gave-up';
        this.open.delete(requestId);
        return this.send({ type: 'left', requestId, exit, why: exit });
      }
      case 'ring': {
        const [offerId] = legIn('calling') ?? [];
        if (offerId !== undefined)
          this.send({ type: 'ringing', offerId, hasMedia: pick % 2 === 0 });
        return;
      }
      case 'place':
      case 'pick-up': {
        const [offerId] = legIn('calling') ?? [];
        if (offerId === undefined) return;
        return this.send({ type: what === 'place' ? 'placed' : 'picked-up', offerId });
      }
      case 'agent-answers': {
        const [offerId, leg] = legIn('calling') ?? [];
        if (offerId === undefined || !leg) return;
        leg.stage = 'answered';
        return this.send({ type: 'answered', offerId });
      }
      case 'agent-refuses': {
        const [offerId] = legIn('calling') ?? [];
        if (offerId === undefined) return;
        this.legs.delete(offerId);
        const [isOurs, isElsewhere] = [pick % 5 === 0, pick % 5 === 1];
        return this.send({ type: 'refused', offerId, why: '486', isOurs, isElsewhere });
      }
      case 'agent-hangs-up': {
        const [offerId, leg] = legIn('answered') ?? [];
        if (offerId === undefined || !leg) return;
        this.legs.delete(offerId);
        this.open.delete(leg.requestId);
        return this.send({ type: 'ended', offerId });
      }
      case 'over': {
        const [offerId] = legIn('off') ?? [];
        if (offerId === undefined) return;
        this.legs.delete(offerId);
        return this.send({ type: 'over', offerId });
      }
      case 'time':
        return this.passes(pick);
      case 'set-agent': {
        const to = (['ready', 'ready', 'not-ready', 'logged-out'] as const)[pick % 4] ?? 'ready';
        return this.send({ type: 'agent-set', agent: AGENTS[(pick >> 2) % 4] ?? '', to });
      }
      case 'reload':
        return this.reload(pick);
    }
  }

  #join(isAhead: boolean, pick: number): void {
    const requestId = `c${(this.joined += 1)}`;
    this.open.set(requestId, isAhead ? 'ahead' : 'waiting');
    const target = pick % 7 === 0 ? AGENTS[pick % 4] : undefined;
    const first = step(target ?? `q${pick % 3}`, (pick % 4) * 2000, pick % 2 === 0);
    const steps = pick % 5 === 0 ? [first] : [first, step(`q${(pick + 1) % 3}`)];
    this.send({
      ...{ type: 'joined', requestId, service: 's', steps, isAhead },
      ...{ priority: pick % 3, priorityIncrement: pick % 4, priorityIncrementIntervalMs: 5000 },
      ...{ etaPositions: [{ etaSeconds: 0, position: 3 }], reserveTimeoutMs: 8000 },
      ...{ attemptsMax: 1 + (pick % 4), confirmTimeoutMs: (pick % 2) * 3000 },
    });
  }

  passes(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let fired = 0; fired < 10_000; fired += 1) {
      const [due] = [...this.timers].sort(([, a], [, b]) => a - b);
      if (!due || due[1] > untilMs) break;
      this.nowMs = due[1];
      this.timers.delete(due[0]);
      this.send({ type: 'timer', timerId: due[0] });
    }
    this.nowMs = untilMs;
  }

  /** Everybody goes home. */
  finish(): void {
    for (const requestId of [...this.open.keys()]) {
      this.open.delete(requestId);
      this.send({ type: 'left', requestId, exit: 'withdrawn', why: 'over' });
    }
    for (const offerId of [...this.legs.keys()]) {
      this.legs.delete(offerId);
      this.send({ type: 'over', offerId });
    }
    this.passes(60_000);
  }
}

describe('the queue core, whatever happens', () => {
  it('never gives an agent two calls or a customer two agents, and everybody leaves with a reason', () => {
    fc.assert(
      fc.property(
        deeds,
        fc.tuple(fc.constantFrom(...STRATEGIES), fc.constantFrom(...STRATEGIES)),
        (list, strategies) => {
          const outside = new Outside(strategies);
          for (const deed of list) outside.take(deed);
          outside.finish();
          assert.deepEqual(outside.core.counts, { requests: 0, offers: 0, timers: 0 });
          assert.equal(outside.timers.size, 0);
          const ids = outside.exits.map(({ requestId }) => requestId);
          assert.equal(new Set(ids).size, outside.joined, 'every request left');
          assert.equal(ids.length, outside.joined, 'and left once');
          for (const { state } of outside.core.agents()) {
            assert(['ready', 'not-ready', 'logged-out'].includes(state), state);
          }
        },
      ),
      { numRuns: 300 },
    );
  }).timeout(60_000);

  it('starves nobody: at equal priority the first to come is the first to be served', () => {
    const arrivals = fc.array(fc.nat({ max: 5000 }), { minLength: 2, maxLength: 60 });
    const talks = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 60, maxLength: 60 });
    const strategy = fc.constantFrom<Strategy>('longest-idle', 'round-robin', 'ring-all');
    const agentCount = fc.integer({ min: 1, max: AGENTS.length });
    fc.assert(
      fc.property(arrivals, talks, agentCount, strategy, (gaps, talksMs, count, how) => {
        const expected = gaps.map((_, index) => `c${index}`);
        assert.deepEqual(orderOfService(gaps, talksMs, AGENTS.slice(0, count), how), expected);
      }),
      { numRuns: 100 },
    );
  });
});

/** Customers come after these gaps, agents answer at once and talk for so long. */
function orderOfService(
  gapsMs: readonly number[],
  talksMs: readonly number[],
  agents: readonly string[],
  strategy: Strategy,
): string[] {
  const core = new QueueCore();
  const agenda: QueueEvent[] = [];
  const queues = [agentQueue('q0', agents, { strategy })];
  const plans = { agents: agents.map((name) => agentPlan(name)), queues };
  agenda.push({ type: 'configured', atMs: START_MS, plans });
  let atMs = START_MS;
  gapsMs.forEach((gapMs, index) => {
    atMs += gapMs;
    agenda.push({
      ...{ type: 'joined', atMs, requestId: `c${index}`, service: 's', steps: [step('q0')] },
      ...{ priority: 0, priorityIncrement: 1, priorityIncrementIntervalMs: 1000 },
      ...{ isAhead: false, etaPositions: [], reserveTimeoutMs: 1 },
      ...{ attemptsMax: 1, confirmTimeoutMs: 0 },
    });
  });
  const order: string[] = [];
  while (agenda.length > 0) {
    const event = agenda.sort((a, b) => a.atMs - b.atMs).shift();
    for (const command of event ? core.handle(event) : []) {
      const nowMs = event?.atMs ?? 0;
      if (command.type === 'call' && !order.includes(command.requestId)) {
        order.push(command.requestId);
        agenda.push({ type: 'answered', atMs: nowMs, offerId: command.offerId });
      } else if (command.type === 'cancel') {
        agenda.push({ type: 'over', atMs: nowMs, offerId: command.offerId });
      } else if (command.type === 'connect') {
        const talkMs = talksMs[order.length - 1] ?? 1;
        agenda.push({ type: 'ended', atMs: nowMs + talkMs, offerId: command.offerId });
      }
    }
  }
  return order;
}

describe('IndexedHeap', () => {
  it('hands out what is in it in its order, whatever was added and removed', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 50 })), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.nat({ max: 20 }), (list, count) => {
        const heap = new IndexedHeap<number>((a, b) => a < b);
        const model = new Set<number>();
        for (const [isAdded, value] of list) {
          if (isAdded) {
            heap.add(value);
            model.add(value);
          } else assert.equal(heap.remove(value), model.delete(value));
          assert.equal(heap.size, model.size);
        }
        const sorted = [...model].sort((a, b) => a - b);
        assert.equal(heap.first(), sorted[0]);
        assert.deepEqual(heap.top(count), sorted.slice(0, count));
        assert.deepEqual(
          [...heap].sort((a, b) => a - b),
          sorted,
        );
      }),
    );
  });
});
