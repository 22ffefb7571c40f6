import assert from 'node:assert/strict';
import { agentPlan, agentQueue, QueueWorld, sipQueue, step } from './queue-world.js';

const GOLD = [step('gold')];

function gold(more: Parameters<typeof agentQueue>[2] = {}) {
  const agents = [agentPlan('ann'), agentPlan('bob')];
  return new QueueWorld([agentQueue('gold', ['ann', 'bob'], more)], agents);
}
const view = (world: QueueWorld, name = 'gold') =>
  world.core.queues(world.nowMs).find((queue) => queue.name === name);

describe('what a queue shows', () => {
  it('how many wait and how long the longest of them has', () => {
    const world = gold().joins('t1', GOLD).answers('ann').joins('t2', GOLD).answers('bob');
    world.joins('c1', GOLD).passes(4000).joins('c2', GOLD).passes(1000);
    world.joins('c3', GOLD, { isAhead: true, etaPositions: [] });
    const { waiting, ahead, longestWaitMs } = view(world) ?? {};
    assert.deepEqual(
      { waiting, ahead, longestWaitMs },
      { waiting: 2, ahead: 1, longestWaitMs: 5000 },
    );
  });

  it('counts a customer whose agent rings as waiting', () => {
    assert.equal(view(gold().joins('c1', GOLD))?.waiting, 1);
  });

  it('expects position times mean handling time over agents on duty', () => {
    const world = gold({ expectedHandleMs: 100_000 });
    assert.equal(view(world)?.ewtMs, 0, 'somebody is free');
    world.joins('t1', GOLD).answers('ann').joins('t2', GOLD).answers('bob');
    assert.equal(view(world)?.ewtMs, 50_000);
    world.joins('c1', GOLD);
    assert.equal(view(world)?.ewtMs, 100_000);
    assert.deepEqual(world.core.standing('c1', world.nowMs), {
      queue: 'gold',
      position: 1,
      ewtMs: 50_000,
    });
    world.passes(60_000).hangsUp('ann');
    assert.equal(world.core.standing('c1', world.nowMs)?.position, 0, 'an agent rings');
    world.answers('ann').joins('c2', GOLD);
    assert.equal(world.core.standing('c2', world.nowMs)?.ewtMs, 30_000, 'the mean is 60 s now');
  });

  it('expects nothing when nobody is on duty', () => {
    const world = gold().sets('ann', 'logged-out').sets('bob', 'not-ready').joins('c1', GOLD);
    assert.equal(view(world)?.ewtMs, null);
    assert.deepEqual(view(world)?.agents, { onDuty: 0, free: 0 });
  });

  it('takes the mean of the waits for a queue that does not show its agents', () => {
    const world = new QueueWorld([sipQueue('pbx', ['a'])]);
    assert.equal(view(world, 'pbx')?.ewtMs, null);
    world
      .joins('c1', [step('pbx')])
      .passes(16_000)
      .answers('a');
    world
      .joins('c2', [step('pbx')])
      .passes(8000)
      .answers('a');
    assert.equal(view(world, 'pbx')?.ewtMs, 15_000);
  });

  it('the share served in time among all who were on the line', () => {
    const world = gold({ serviceLevelMs: 10_000 });
    assert.equal(view(world)?.serviceLevel, null);
    world.joins('c1', GOLD).passes(10_000).answers('ann');
    world.joins('c2', GOLD).passes(10_001).answers('bob');
    world.joins('c3', GOLD).leaves('c3', 'abandoned').joins('c4', GOLD).leaves('c4', 'gave-up');
    world.joins('c5', GOLD, { isAhead: true }).leaves('c5', 'withdrawn');
    assert.equal(view(world)?.serviceLevel, 0.25);
    assert.deepEqual(view(world)?.exits, {
      served: 2,
      abandoned: 1,
      'gave-up': 1,
      failed: 0,
      withdrawn: 1,
    });
  });

  it('every agent with the queues and what comes next', () => {
    const world = gold().joins('c1', GOLD).answers('ann').sets('ann', 'not-ready');
    assert.deepEqual(world.core.agent('ann'), {
      name: 'ann',
      uri: 'sip:ann@pbx.example.net',
      state: 'busy',
      sinceMs: world.nowMs,
      next: 'not-ready',
      reason: null,
      queues: [{ queue: 'gold', tier: 1 }],
      missesInARow: 0,
      answered: 1,
      missed: 0,
      isLeaving: false,
    });
  });
});
