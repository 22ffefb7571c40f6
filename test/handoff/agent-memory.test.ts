import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { AgentMemory, type AgentMemo } from '../../src/handoff/agent-memory.js';
import { QueueDesk } from '../../src/handoff/queue-desk.js';
import { silentLog } from '../fakes/fake-telephony.js';
import { agentPlan, agentQueue, step } from './queue/queue-world.js';

/** A store of paper that processes share; it may be broken for a while. */
class Paper {
  readonly rows = new Map<string, AgentMemo>();
  writes = 0;
  isBroken = false;

  agentMemos = () => Promise.resolve([...this.rows.values()]);
  keepAgent = (memo: AgentMemo) => {
    if (this.isBroken) return Promise.reject(new Error('disk full'));
    this.writes += 1;
    this.rows.set(memo.name, memo);
    return Promise.resolve();
  };
  forgetAgents = (names: readonly string[]) => {
    for (const name of names) this.rows.delete(name);
    return Promise.resolve();
  };
}

describe('what agents are', () => {
  let paper: Paper;
  const clock = virtualClock();
  const queues = [agentQueue('gold', ['ann', 'bob'], { wrapUpMs: 60_000, missesMax: 1 })];
  const plans = (...names: string[]) => ({ agents: names.map((name) => agentPlan(name)), queues });
  const closing: (() => Promise<void>)[] = [];

  beforeEach(() => (paper = new Paper()));
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function startProcess({ isShared = false } = {}) {
    const offers: string[] = [];
    const desk: QueueDesk = new QueueDesk(
      {
        clock,
        log: silentLog,
        onAgentChanged: (name) => void memory.note(name),
        keepAgent: (name) => memory.note(name, { durable: true }),
      },
      plans('ann', 'bob'),
    );
    const memory = new AgentMemory({ store: paper, desk, clock, log: silentLog, isShared });
    await memory.start();
    const stop = async () => {
      await memory.stop();
      desk.stop();
    };
    closing.push(stop);
    const ignore = () => undefined;
    const join = (requestId: string) =>
      desk.join(
        {
          ...{ requestId, service: 'sales', steps: [step('gold')], isAhead: false },
          ...{ priority: 0, priorityIncrement: 0, priorityIncrementIntervalMs: 0 },
          ...{ etaPositions: [], reserveTimeoutMs: 1000, attemptsMax: 5, confirmTimeoutMs: 0 },
        },
        {
          call: ({ offerId }) => offers.push(offerId),
          ...{ cancel: ignore, onConnect: ignore, onPassMedia: ignore },
          ...{ onMissed: ignore, onFailed: ignore, onNear: ignore },
        },
      );
    const states = () => desk.agents().map(({ name, state, reason }) => [name, state, reason]);
    const set = async (...[name, to, reason]: Parameters<QueueDesk['setAgent']>) => {
      desk.setAgent(name, to, reason);
      await desk.kept(name);
    };
    return { desk, memory, stop, join, offers, states, set };
  }

  it('goes on after a restart, with reason and since when', async () => {
    const first = await startProcess();
    const sinceMs = clock.nowMs();
    await first.set('ann', 'not-ready', 'lunch');
    await first.set('bob', 'logged-out');
    await clock.advance(5000);
    await first.stop();
    const second = await startProcess();
    assert.deepEqual(second.states(), [
      ['ann', 'not-ready', 'lunch'],
      ['bob', 'logged-out', null],
    ]);
    assert.equal(second.desk.agents()[0]?.sinceMs, sinceMs);
    await second.set('ann', 'ready');
    await second.stop();
    assert.deepEqual((await startProcess()).states()[0], ['ann', 'ready', null]);
  });

  it('rests on for what is left of the wrap-up, unless set ready meanwhile', async () => {
    const first = await startProcess();
    first.join('c1');
    first.join('c2');
    for (const offer of first.offers) {
      first.desk.answered(offer);
      first.desk.ended(offer);
    }
    await first.set('bob', 'ready');
    await clock.advance(20_000);
    await first.stop();
    const second = await startProcess();
    const of = () => second.states().map(([, state]) => state);
    assert.deepEqual(of(), ['wrap-up', 'ready']);
    await clock.advance(39_000);
    assert.deepEqual(of(), ['wrap-up', 'ready']);
    await clock.advance(1000);
    assert.deepEqual(of(), ['ready', 'ready']);
  });

  it('remembers who was made not-ready for missing calls, and why', async () => {
    const first = await startProcess();
    first.join('c1');
    first.desk.refused(first.offers[0] ?? '', 'SIP 486', false);
    await first.stop();
    const [ann] = (await startProcess()).states();
    assert.deepEqual(ann, ['ann', 'not-ready', 'missed 1 calls in a row']);
  });

  it('writes once for a conversation, and later what could not be written', async () => {
    const { join, offers, desk, set } = await startProcess();
    join('c1');
    desk.answered(offers[0] ?? '');
    desk.ended(offers[0] ?? '');
    await clock.advance(61_000);
    assert.equal(paper.writes, 1);
    paper.isBroken = true;
    await set('ann', 'not-ready');
    paper.isBroken = false;
    await set('bob', 'logged-out');
    assert.equal(paper.rows.get('ann')?.wish, 'not-ready');
  });

  it('is heard by another process within two seconds, with the wrap-up, but not a call', async () => {
    const [east, west] = [
      await startProcess({ isShared: true }),
      await startProcess({ isShared: true }),
    ];
    await east.set('bob', 'not-ready', 'training');
    east.join('c1');
    east.desk.answered(east.offers[0] ?? '');
    await clock.advance(2000);
    assert.deepEqual(west.states(), [
      ['ann', 'ready', null],
      ['bob', 'not-ready', 'training'],
    ]);
    east.desk.ended(east.offers[0] ?? '');
    await clock.advance(2000);
    assert.equal(west.states()[0]?.[1], 'wrap-up');
    await east.set('ann', 'ready');
    await clock.advance(2000);
    assert.equal(west.states()[0]?.[1], 'ready');
    await west.set('ann', 'logged-out');
    await clock.advance(2000);
    assert.equal(east.states()[0]?.[1], 'logged-out');
  });

  it('of who is told in the middle of a call holds after it, everywhere, with a time that can be', async () => {
    const [east, west] = [
      await startProcess({ isShared: true }),
      await startProcess({ isShared: true }),
    ];
    east.join('c1');
    east.desk.answered(east.offers[0] ?? '');
    const setAtMs = clock.nowMs();
    await east.set('ann', 'not-ready');
    await clock.advance(2000);
    const since = () => west.desk.agents()[0]?.sinceMs ?? 0;
    assert.equal(west.states()[0]?.[1], 'not-ready');
    assert.ok(since() >= setAtMs, String(since()));
    await clock.advance(60_000);
    east.desk.ended(east.offers[0] ?? '');
    await clock.advance(2000);
    assert.deepEqual(
      [east, west].map(({ desk }) => desk.agents()[0]?.state),
      ['not-ready', 'not-ready'],
    );
    assert.equal(since(), east.desk.agents()[0]?.sinceMs);
    const { writes } = paper;
    await clock.advance(20_000);
    assert.equal(paper.writes, writes, 'they do not answer each other');
  });

  it('starts anew for who was removed by a reload', async () => {
    const { desk, memory, set, states } = await startProcess();
    await set('bob', 'not-ready');
    desk.configure(plans('ann'));
    await memory.reloaded();
    desk.configure(plans('ann', 'bob'));
    await memory.reloaded();
    assert.deepEqual(states()[1], ['bob', 'ready', null]);
    assert.equal(paper.rows.has('bob'), false);
  });
});
