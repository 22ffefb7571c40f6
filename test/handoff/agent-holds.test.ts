import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { AgentHolds } from '../../src/handoff/agent-holds.js';
import { QueueDesk, type CallOffer, type Searcher } from '../../src/handoff/queue-desk.js';
import { settle, silentLog } from '../fakes/fake-telephony.js';
import { agentPlan, agentQueue, step } from './queue/queue-world.js';

/** The store as another process leaves it. */
class Holds {
  readonly elsewhere = new Set<string>();
  readonly said: string[] = [];
  isBroken = false;
  /** What the store waits for before it answers. */
  gate: Promise<void> = Promise.resolve();
  async holdAgent(name: string, forMs: number): Promise<boolean> {
    await this.gate;
    if (this.isBroken) throw new Error('no database');
    this.said.push(`hold ${name} ${forMs}`);
    return !this.elsewhere.has(name);
  }
  renewAgents(names: readonly string[], forMs: number): Promise<void> {
    this.said.push(`renew ${names.join()} ${forMs}`);
    return Promise.resolve();
  }
}

function office() {
  const [clock, store] = [virtualClock(), new Holds()];
  const holds = new AgentHolds({ store, clock, log: silentLog });
  const desk = new QueueDesk(
    { clock, log: silentLog, isShared: true, holds },
    {
      agents: ['ann', 'bob'].map((name) => agentPlan(name)),
      queues: [agentQueue('gold', ['ann', 'bob'])],
    },
  );
  const calls: CallOffer[] = [];
  const missed: string[] = [];
  const searcher: Searcher = {
    call: (offer) => void calls.push(offer),
    cancel: (offerId) => desk.over(offerId),
    onConnect: () => undefined,
    onPassMedia: () => undefined,
    onMissed: (why) => void missed.push(why),
    onFailed: (why) => void missed.push(why),
    onNear: () => undefined,
  };
  const join = (requestId: string) =>
    desk.join(
      {
        ...{ requestId, service: 'sales', steps: [step('gold')], isAhead: false, priority: 0 },
        ...{ priorityIncrement: 0, priorityIncrementIntervalMs: 0, etaPositions: [] },
        ...{ reserveTimeoutMs: 30_000, attemptsMax: 1, confirmTimeoutMs: 0 },
      },
      searcher,
    );
  const called = () => calls.map(({ agent }) => agent);
  const stateOf = (name: string) => desk.agents().find((agent) => agent.name === name)?.state;
  return { clock, store, desk, holds, join, calls, called, missed, stateOf };
}

describe('agents whom another process may call, too', () => {
  it('are held before they are called, as long as there is a call, and a little longer', async () => {
    const { clock, store, desk, join, calls } = office();
    join('c1');
    await settle();
    assert.deepEqual(store.said, ['hold ann 10000']);
    desk.answered(calls[0]?.offerId ?? '');
    await clock.advance(4000);
    assert.deepEqual(store.said.splice(0), [
      'hold ann 10000',
      'renew ann 10000',
      'renew ann 10000',
    ]);
    desk.ended(calls[0]?.offerId ?? '');
    assert.deepEqual(store.said.splice(0), ['renew ann 3000']);
    await clock.advance(60_000);
    assert.deepEqual(store.said, [], 'nobody is held any more');
    desk.stop();
    assert.equal(clock.pendingCount, 0);
  });

  it('are left alone when another process holds them: no miss, no try, the next one is called', async () => {
    const { store, desk, join, called, missed, stateOf, clock } = office();
    store.elsewhere.add('ann');
    join('c1');
    await settle();
    assert.deepEqual([called(), missed, stateOf('ann')], [['bob'], [], 'wrap-up']);
    store.elsewhere.clear();
    join('c2');
    await clock.advance(10_000);
    await settle();
    assert.deepEqual(called(), ['bob', 'ann'], 'and asked for again');
    assert.equal(desk.agents()[0]?.missed, 0);
    desk.stop();
  });

  it('are given back when the customer has gone before the store has answered', async () => {
    const { store, desk, join, called, stateOf } = office();
    let open = (): void => undefined;
    store.gate = new Promise((resolve) => (open = resolve));
    join('c1');
    desk.leave('c1', 'abandoned', 'hung up');
    open();
    await settle();
    assert.deepEqual([called(), stateOf('ann')], [[], 'ready']);
    assert.deepEqual(store.said, ['hold ann 10000', 'renew ann 3000']);
    desk.stop();
  });

  it('are not called when the store answers in the very moment they are called off', async () => {
    const { store, desk, join, called, stateOf } = office();
    let open = (): void => undefined;
    store.gate = new Promise((resolve) => (open = resolve));
    join('c1');
    open();
    desk.setAgent('ann', 'not-ready');
    await settle();
    assert.deepEqual([called(), stateOf('ann')], [['bob'], 'not-ready']);
    desk.leave('c1', 'abandoned', 'hung up');
    desk.stop();
  });

  it('are called all the same while the store does not answer', async () => {
    const { store, desk, join, called, holds } = office();
    store.isBroken = true;
    join('c1');
    await settle();
    assert.deepEqual(called(), ['ann']);
    desk.stop();
    holds.stop();
  });
});
