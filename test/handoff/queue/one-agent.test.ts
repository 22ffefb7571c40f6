import assert from 'node:assert/strict';
import { agentPlan, agentQueue, QueueWorld, step } from './queue-world.js';

const [ann, bob] = [agentPlan('ann'), agentPlan('bob')];
const gold = agentQueue('gold', ['ann', 'bob'], { wrapUpMs: 7000 });

describe('an agent named as a target', () => {
  it('is waited for, whoever else is free', () => {
    const world = new QueueWorld([gold], [ann, bob]).joins('c1', [step('gold')]);
    world.joins('c2', [step('ann')]);
    assert.deepEqual(world.said(), ['call ann for c1']);
    world.answers('ann').hangsUp('ann').passes(6999).said();
    world.passes(1);
    assert.deepEqual(world.said(), ['call ann for c2'], 'with the pause of her queue');
  });

  it('is shared by who waits for them, in their order, and with their queue by urgency', () => {
    const world = new QueueWorld([gold], [ann, agentPlan('bob', { startsAs: 'logged-out' })]);
    world
      .sets('ann', 'not-ready')
      .joins('c1', [step('ann')])
      .joins('c2', [step('ann')]);
    world.joins('c3', [step('gold')], { priority: 1 }).sets('ann', 'ready');
    assert.deepEqual(world.said(), ['call ann for c3']);
    assert.equal(world.core.standing('c2', world.nowMs)?.position, 2);
    world.answers('ann').hangsUp('ann').passes(7000);
    assert.deepEqual(world.said(), ['connect c3 to ann', 'call ann for c1']);
  });

  it('may be in no queue, is shown in none, and leaves nothing behind', () => {
    const world = new QueueWorld([], [ann]).joins('c1', [step('ann')], { isAhead: true });
    assert.equal(world.stateOf('ann'), 'reserved');
    assert.deepEqual(world.core.queues(world.nowMs), []);
    assert.deepEqual(world.core.agent('ann')?.queues, []);
    world.leaves('c1');
    assert.equal(world.stateOf('ann'), 'ready');
    assert.deepEqual(world.core.counts, { requests: 0, offers: 0, timers: 0 });
  });

  it('who is removed by a reload is not waited for by anybody new', () => {
    const world = new QueueWorld([gold], [ann, bob]).sets('ann', 'not-ready');
    world.joins('c1', [step('ann', 5000, true), step('gold')]).configure([gold], [bob]);
    world.joins('c2', [step('ann')]).passes(5000);
    assert.deepEqual(world.said(), ['fail c2: there is no queue or agent ann', 'call bob for c1']);
  });

  it('yields to a queue of the same name', () => {
    const world = new QueueWorld([agentQueue('ann', ['bob'])], [ann, bob]);
    assert.deepEqual(world.joins('c1', [step('ann')]).said(), ['call bob for c1']);
  });
});
