import assert from 'node:assert/strict';
import { agentPlan, agentQueue, QueueWorld, sipQueue, step } from './queue-world.js';

const GOLD = [step('gold')];
const [ann, bob] = [agentPlan('ann'), agentPlan('bob')];
const gold = agentQueue('gold', ['ann', 'bob']);

describe('a reload', () => {
  it('leaves the agents as they are and knows new ones', () => {
    const world = new QueueWorld([gold], [ann, bob]).sets('bob', 'not-ready').joins('c1', GOLD);
    world.configure([agentQueue('gold', ['ann', 'bob', 'cid'])], [ann, bob, agentPlan('cid')]);
    assert.deepEqual(
      world.core.agents().map(({ name, state }) => [name, state]),
      [
        ['ann', 'ringing'],
        ['bob', 'not-ready'],
        ['cid', 'ready'],
      ],
    );
    world.joins('c2', GOLD);
    assert.deepEqual(world.said(), ['call ann for c1', 'call cid for c2']);
  });

  it('keeps the customers’ places', () => {
    const world = new QueueWorld([gold], [ann, bob]).joins('c1', GOLD).joins('c2', GOLD);
    world.joins('c3', GOLD).said();
    world.configure([agentQueue('gold', ['ann', 'bob'], { strategy: 'ring-all' })], [ann, bob]);
    world.answers('ann').hangsUp('ann');
    assert.deepEqual(world.said(), ['connect c1 to ann', 'call ann for c3']);
  });

  it('gives the call of an agent who is removed while it rings to somebody else', () => {
    const world = new QueueWorld([gold], [ann, bob]).joins('c1', GOLD);
    world.said();
    world.configure([agentQueue('gold', ['bob'])], [bob]);
    assert.deepEqual(world.said(), [
      'cancel ann: not in the configuration any more',
      'call bob for c1',
    ]);
    world.isOver('ann');
    assert.equal(world.core.agent('ann'), undefined);
  });

  it('lets a removed agent’s conversation go on, and forgets the agent after it', () => {
    const world = new QueueWorld([gold], [ann, bob]).joins('c1', GOLD).answers('ann');
    world.configure([agentQueue('gold', ['bob'])], [bob]);
    assert.equal(world.core.agent('ann')?.isLeaving, true);
    world.hangsUp('ann');
    assert.equal(world.core.agent('ann'), undefined);
    assert.deepEqual(world.core.counts, { requests: 0, offers: 0, timers: 0 });
  });

  it('takes an agent back who is configured again before the conversation is over', () => {
    const world = new QueueWorld([gold], [ann, bob]).joins('c1', GOLD).answers('ann');
    world.configure([agentQueue('gold', ['bob'])], [bob]);
    world.configure([gold], [ann, bob]);
    world.hangsUp('ann');
    assert.equal(world.stateOf('ann'), 'ready');
  });

  it('takes a removed agent away from the customer for whom they were kept free', () => {
    const world = new QueueWorld([agentQueue('gold', ['ann'])], [ann]);
    world.joins('c1', GOLD, { isAhead: true }).configure([agentQueue('gold', ['bob'])], [bob]);
    assert.equal(world.core.agent('ann'), undefined);
    assert.equal(world.stateOf('bob'), 'reserved');
  });

  it('still serves those who wait in a queue that is removed, and takes nobody new', () => {
    const world = new QueueWorld([agentQueue('gold', ['ann'])], [ann]).sets('ann', 'not-ready');
    world.joins('c1', GOLD).configure([], [ann]);
    world.joins('c2', GOLD).sets('ann', 'ready');
    assert.deepEqual(world.said(), ['fail c2: there is no queue or agent gold', 'call ann for c1']);
    assert.deepEqual(world.core.queues(world.nowMs), []);
  });

  it('finds those who wait again when a removed queue comes back', () => {
    const world = new QueueWorld([agentQueue('gold', ['ann'])], [ann]).sets('ann', 'not-ready');
    world.joins('c1', GOLD).configure([], []);
    world.configure([gold], [bob]);
    assert.deepEqual(world.said(), ['call bob for c1']);
  });

  it('does not mix up a queue that becomes one of another kind', () => {
    const world = new QueueWorld([sipQueue('gold', ['pbx'])], [ann]).joins('c1', GOLD);
    world.configure([agentQueue('gold', ['ann'])], [ann]);
    world.joins('c2', GOLD).refuses('pbx');
    assert.deepEqual(world.said(), [
      'call pbx for c1',
      'call ann for c2',
      'fail c1: SIP 486 Busy Here',
    ]);
  });
});
