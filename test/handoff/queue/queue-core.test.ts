import assert from 'node:assert/strict';
import type { AgentQueuePlan } from '../../../src/handoff/queue/plans.js';
import { agentPlan, agentQueue, QueueWorld, sipQueue, step } from './queue-world.js';

const GOLD = [step('gold')];
const AGENTS = ['ann', 'bob', 'cid'].map((name) => agentPlan(name));

function gold(seats: readonly string[], more: Parameters<typeof agentQueue>[2] = {}) {
  return new QueueWorld([agentQueue('gold', seats, more)], AGENTS);
}

describe('a queue of agents', () => {
  it('calls a free agent at once, and connects the two when the agent answers', () => {
    const world = gold(['ann']).joins('c1', GOLD);
    assert.deepEqual(world.said(), ['call ann for c1']);
    assert.equal(world.stateOf('ann'), 'ringing');
    world.answers('ann');
    assert.deepEqual(world.said(), ['connect c1 to ann']);
    assert.equal(world.stateOf('ann'), 'busy');
    assert.equal(world.timerCount, 0);
  });

  it('lets whoever waits longest have the agent who comes free, after the wrap-up', () => {
    const world = gold(['ann'], { wrapUpMs: 10_000 }).joins('c1', GOLD).answers('ann');
    world.passes(1000).joins('c2', GOLD).passes(1000).joins('c3', GOLD).said();
    world.hangsUp('ann');
    assert.equal(world.stateOf('ann'), 'wrap-up');
    world.passes(9999);
    assert.deepEqual(world.said(), []);
    world.passes(1);
    assert.deepEqual(world.said(), ['call ann for c2']);
  });

  it('keeps an agent from another call until the one that we ended is over on the wire', () => {
    const world = gold(['ann']).joins('c1', GOLD).answers('ann').joins('c2', GOLD);
    world.said();
    world.leaves('c1', 'withdrawn');
    assert.deepEqual(world.said(), ['cancel ann: withdrawn']);
    assert.equal(world.stateOf('ann'), 'wrap-up');
    world.isOver('ann');
    assert.deepEqual(world.said(), ['call ann for c2']);
  });

  it('asks the next agent when one does not answer in time, and keeps the customer’s place', () => {
    const world = gold(['ann', 'bob'], { ringTimeoutMs: 15_000 }).joins('c1', GOLD);
    assert.deepEqual(world.said(), ['call ann for c1']);
    world.passes(15_000);
    assert.deepEqual(world.said(), [
      'cancel ann: no answer in 15 s',
      'missed c1: no answer in 15 s',
      'call bob for c1',
    ]);
  });

  it('leaves an agent who missed a call alone for the pause, even once the wire is quiet', () => {
    const world = gold(['ann'], { ringTimeoutMs: 15_000, missPauseMs: 5000 }).joins('c1', GOLD);
    world.passes(15_000).isOver('ann').said();
    world.passes(4999);
    assert.deepEqual(world.said(), []);
    world.passes(1);
    assert.deepEqual(world.said(), ['call ann for c1']);
  });

  it('makes an agent not-ready who misses too many calls in a row', () => {
    const world = gold(['ann'], { missesMax: 2, missPauseMs: 0 }).joins('c1', GOLD);
    world.refuses('ann').said();
    assert.equal(world.stateOf('ann'), 'ringing');
    world.refuses('ann');
    assert.equal(world.stateOf('ann'), 'not-ready');
    world.sets('ann', 'ready').said();
    assert.equal(world.core.agent('ann')?.missesInARow, 0);
    world.refuses('ann');
    assert.equal(world.stateOf('ann'), 'ringing', 'the count began anew');
  });

  it('does not blame an agent for a failure of servers, nor fail the customer by it', () => {
    const world = gold(['ann', 'bob'], { missesMax: 1, missPauseMs: 0 });
    world.joins('c1', GOLD, { attemptsMax: 1 }).said();
    world.refuses('ann', 'no endpoint', true).refuses('bob', 'no endpoint', true);
    assert.deepEqual(world.said(), ['call bob for c1']);
    assert.equal(world.core.agent('ann')?.missed, 0);
    world.passes(1999);
    assert.deepEqual(world.said(), [], 'not again and again');
    world.passes(1);
    assert.deepEqual(world.said(), ['call ann for c1']);
  });

  it('gives an agent the whole time to ring, and does not blame one who was never called', () => {
    const world = gold(['ann'], { ringTimeoutMs: 15_000, missesMax: 1 });
    world.isPlacing = false;
    world.joins('c1', GOLD).passes(14_000).said();
    world.happens({ type: 'placed', offerId: world.offerTo('ann') }).passes(14_999);
    assert.deepEqual(world.said(), []);
    world.leaves('c1').isOver('ann').joins('c2', GOLD).said();
    world.passes(15_000);
    const why = 'our servers did not make the call in 15 s';
    assert.deepEqual(world.said(), [`cancel ann: ${why}`, `missed c2: ${why}`]);
    assert.equal(world.core.agent('ann')?.state, 'wrap-up');
  });

  it('fails a customer for whom the limit of agents was tried in vain', () => {
    const world = gold(['ann', 'bob', 'cid']).joins('c1', GOLD, { attemptsMax: 2 });
    world.refuses('ann').refuses('bob');
    assert.deepEqual(world.said(), [
      'call ann for c1',
      'missed c1: SIP 486 Busy Here',
      'call bob for c1',
      'fail c1: SIP 486 Busy Here',
    ]);
    assert.deepEqual(
      world.exits.map(({ exit }) => exit),
      ['failed'],
    );
  });

  it('asks the lowest tier first, whoever has been idle longer', () => {
    const world = gold(['ann:2', 'bob:1']).joins('c1', GOLD).joins('c2', GOLD);
    assert.deepEqual(world.said(), ['call bob for c1', 'call ann for c2']);
  });

  it('withdraws the call from an agent who is set not-ready, without counting it', () => {
    const world = gold(['ann', 'bob']).joins('c1', GOLD);
    world.said();
    world.sets('ann', 'not-ready');
    assert.deepEqual(world.said(), ['cancel ann: ann is not-ready now', 'call bob for c1']);
    assert.equal(world.stateOf('ann'), 'not-ready');
    world.sets('ann', 'ready');
    assert.equal(world.stateOf('ann'), 'wrap-up', 'the old call is still on the wire');
    world.isOver('ann');
    assert.equal(world.stateOf('ann'), 'ready');
    assert.equal(world.core.agent('ann')?.missed, 0);
  });

  it('lets a conversation go on whose agent is set not-ready or logged out', () => {
    const world = gold(['ann'], { wrapUpMs: 1000 }).joins('c1', GOLD).answers('ann');
    world.sets('ann', 'logged-out');
    assert.equal(world.stateOf('ann'), 'busy');
    world.hangsUp('ann');
    assert.equal(world.stateOf('ann'), 'logged-out');
  });

  it('ends a wrap-up when the agent is set ready', () => {
    const world = gold(['ann'], { wrapUpMs: 60_000 })
      .joins('c1', GOLD)
      .answers('ann')
      .hangsUp('ann');
    world.sets('ann', 'ready');
    assert.equal(world.stateOf('ann'), 'ready');
    assert.equal(world.timerCount, 0);
  });

  it('calls everybody off when the customer leaves', () => {
    const world = gold(['ann', 'bob'], { strategy: 'ring-all' }).joins('c1', GOLD);
    world.said();
    world.leaves('c1');
    assert.deepEqual(world.said(), ['cancel ann: abandoned', 'cancel bob: abandoned']);
    world.isOver('ann').isOver('bob');
    assert.deepEqual([world.stateOf('ann'), world.stateOf('bob')], ['ready', 'ready']);
    assert.deepEqual(world.core.counts, { requests: 0, offers: 0, timers: 0 });
  });

  it('gives an agent of two queues the most urgent customer of both', () => {
    const world = new QueueWorld(
      [agentQueue('gold', ['ann']), agentQueue('silver', ['ann'])],
      [agentPlan('ann', { startsAs: 'not-ready' })],
    );
    world.joins('c1', [step('silver')]).joins('c2', GOLD, { priority: 5 });
    world.sets('ann', 'ready');
    assert.deepEqual(world.said(), ['call ann for c2']);
  });
});

describe('the strategies', () => {
  it('longest-idle: whoever has been free longest', () => {
    const world = gold(['ann', 'bob']).joins('c1', GOLD).answers('ann').passes(1000);
    world.joins('c2', GOLD).answers('bob').passes(1000).hangsUp('bob').passes(1000).hangsUp('ann');
    world.said();
    world.joins('c3', GOLD);
    assert.deepEqual(world.said(), ['call bob for c3']);
  });

  it('round-robin: whoever was called longest ago, a missed call included', () => {
    const world = gold(['ann', 'bob'], { strategy: 'round-robin', missPauseMs: 0 });
    world.joins('c1', GOLD).refuses('ann').refuses('bob').refuses('ann').answers('bob');
    assert.deepEqual(
      world.said().filter((line) => line.startsWith('call')),
      ['call ann for c1', 'call bob for c1', 'call ann for c1', 'call bob for c1'],
    );
  });

  it('ring-all: the first to answer gets the customer, the others are called off and free', () => {
    const world = gold(['ann', 'bob', 'cid:2'], { strategy: 'ring-all' }).joins('c1', GOLD);
    assert.deepEqual(world.said(), ['call ann for c1', 'call bob for c1']);
    world.answers('bob');
    assert.deepEqual(world.said(), ['cancel ann: another one answered', 'connect c1 to bob']);
    world.happens({ type: 'answered', offerId: world.offerTo('ann') });
    assert.deepEqual(world.said(), [], 'a 200 OK that crossed the CANCEL is nobody’s answer');
    world.isOver('ann');
    assert.equal(world.stateOf('ann'), 'ready');
  });

  it('ring-all: a round in which nobody answers is one attempt', () => {
    const world = gold(['ann', 'bob'], { strategy: 'ring-all', missPauseMs: 60_000 });
    world.joins('c1', GOLD, { attemptsMax: 2 }).refuses('ann');
    assert.deepEqual(world.said().slice(2), []);
    world.refuses('bob');
    assert.deepEqual(world.said(), ['missed c1: SIP 486 Busy Here']);
  });

  it('progressive: the next one rings beside the first, until somebody answers', () => {
    const world = gold(['ann', 'bob', 'cid'], { strategy: 'progressive' }).joins('c1', GOLD);
    assert.deepEqual(world.said(), ['call ann for c1']);
    world.passes(5000);
    assert.deepEqual(world.said(), ['call bob for c1']);
    world.answers('ann');
    assert.deepEqual(world.said(), ['cancel bob: another one answered', 'connect c1 to ann']);
    world.passes(60_000);
    assert.deepEqual(world.said(), []);
    assert.equal(world.timerCount, 0);
  });

  it('progressive: calls nobody more for a customer whose entry was cleared, or while one is asked', () => {
    const plans = [agentQueue('gold', ['ann', 'bob'], { strategy: 'progressive' })];
    const world = new QueueWorld([...plans, agentQueue('silver', ['cid'])], AGENTS);
    world
      .joins('c1', [step('gold', 4000, true), step('silver')])
      .passes(4000)
      .said();
    world.passes(5000);
    assert.deepEqual(world.said(), []);
    world
      .leaves('c1')
      .isOver('ann')
      .isOver('cid')
      .joins('c2', [step('gold')]);
    world.said();
    world.happens({ type: 'picked-up', offerId: world.offerTo('ann') }).passes(5000);
    assert.deepEqual(world.said(), []);
  });
});

describe('a queue behind SIP addresses', () => {
  const pbx = (targets: readonly string[], more = {}) =>
    new QueueWorld([sipQueue('pbx', targets, more)]).joins('c1', [step('pbx')]);

  it('tries its targets in their order, each for as long as it may ring', () => {
    const world = pbx(['a:10000', 'b', 'c']);
    assert.deepEqual(world.said(), ['call a for c1']);
    world.passes(10_000);
    assert.deepEqual(world.said(), ['cancel a: no answer in 10 s', 'call b for c1']);
    world.refuses('b', 'SIP 503 Service Unavailable');
    world.answers('c');
    assert.deepEqual(world.said(), ['call c for c1', 'connect c1 to c']);
  });

  it('fails with the last reason when no target is left', () => {
    const world = pbx(['a']).refuses('a', 'SIP 480 Temporarily Unavailable');
    assert.deepEqual(world.said(), ['call a for c1', 'fail c1: SIP 480 Temporarily Unavailable']);
    assert.deepEqual(world.core.counts, { requests: 0, offers: 0, timers: 0 });
  });

  it('ignores early media unless it is to be passed on', () => {
    const silent = pbx(['a']);
    silent.happens({ type: 'ringing', offerId: silent.offerTo('a'), hasMedia: true });
    assert.deepEqual(silent.said(), ['call a for c1']);
    const passed = pbx(['a'], { earlyMedia: 'pass' });
    passed.happens({ type: 'ringing', offerId: passed.offerTo('a'), hasMedia: false });
    passed.happens({ type: 'ringing', offerId: passed.offerTo('a'), hasMedia: true });
    assert.deepEqual(passed.said(), ['call a for c1', 'pass-media a to c1']);
  });

  describe('with early media passed on, and agents called beside it', () => {
    const beside = (more: Partial<AgentQueuePlan> = {}) => {
      const world = new QueueWorld(
        [sipQueue('pbx', ['a'], { earlyMedia: 'pass' }), agentQueue('gold', ['ann', 'ben'], more)],
        [agentPlan('ann'), agentPlan('ben', { startsAs: 'not-ready' })],
      );
      world.joins('c1', [step('pbx', 1), step('gold')]).passes(1);
      world.happens({ type: 'ringing', offerId: world.offerTo('a'), hasMedia: true });
      assert.deepEqual(world.said(), ['call a for c1', 'call ann for c1'], 'not two at once');
      return world;
    };

    it('passes them on once the last of these has refused', () => {
      assert.deepEqual(beside().refuses('ann').said(), [
        'missed c1: SIP 486 Busy Here',
        'pass-media a to c1',
      ]);
    });

    it('passes them on once the last of these is called off', () => {
      const world = beside({ ringTimeoutMs: 5000 }).passes(5000);
      assert.deepEqual(world.said(), [
        'cancel ann: no answer in 5 s',
        'missed c1: no answer in 5 s',
        'pass-media a to c1',
      ]);
    });

    it('does not as long as the next one is called, or once somebody has answered', () => {
      const world = beside().sets('ben', 'ready').refuses('ann');
      assert.deepEqual(world.said(), ['missed c1: SIP 486 Busy Here', 'call ben for c1']);
      world.answers('ben');
      assert.deepEqual(world.said(), ['cancel a: another one answered', 'connect c1 to ben']);
    });

    it('does not once the far side has refused', () => {
      const world = beside().refuses('a').refuses('ann');
      assert.deepEqual(world.said(), ['missed c1: SIP 486 Busy Here']);
    });
  });

  it('takes a transfer for done when media flows and no answer confirms it in time', () => {
    const world = new QueueWorld([sipQueue('pbx', ['a'])]);
    world.joins('c1', [step('pbx')], { confirmTimeoutMs: 8000 }).said();
    world.happens({ type: 'ringing', offerId: world.offerTo('a'), hasMedia: true });
    world.passes(7999);
    assert.deepEqual(world.said(), []);
    world.passes(1);
    assert.deepEqual(world.said(), ['connect c1 to a (assumed)']);
  });

  it('does not take a call without media for a transfer', () => {
    const world = new QueueWorld([sipQueue('pbx', ['a'])]);
    world.joins('c1', [step('pbx')], { confirmTimeoutMs: 8000 }).said();
    world.happens({ type: 'ringing', offerId: world.offerTo('a'), hasMedia: false });
    world.passes(60_000);
    assert.deepEqual(world.said(), []);
  });
});

describe('urgency', () => {
  const one = () =>
    new QueueWorld([agentQueue('gold', ['ann'])], [agentPlan('ann', { startsAs: 'not-ready' })]);

  it('puts the higher priority first, and the earlier one of two alike', () => {
    const world = one().joins('c1', GOLD).joins('c2', GOLD, { priority: 10 }).passes(1);
    world.joins('c3', GOLD, { priority: 10 }).sets('ann', 'ready');
    assert.deepEqual(world.said(), ['call ann for c2']);
  });

  it('grows by the increment for each interval, so that nobody waits for ever', () => {
    const ageing = { priorityIncrement: 1, priorityIncrementIntervalMs: 10_000 };
    const world = one().joins('c1', GOLD, ageing).passes(60_000);
    world.joins('c2', GOLD, { priority: 5 }).sets('ann', 'ready');
    assert.deepEqual(world.said(), ['call ann for c1']);
    const call = world.calls.get(world.offerTo('ann'));
    assert.equal(call?.priority, 6, 'what travels as GMS_URS_PRIORITY');
    const young = one().joins('c1', GOLD, ageing).passes(40_000);
    young.joins('c2', GOLD, { priority: 5 }).sets('ann', 'ready');
    assert.deepEqual(young.said(), ['call ann for c2']);
  });

  it('keeps the place of a customer whose request is made anew', () => {
    const world = one().passes(60_000).joins('c1', GOLD);
    world.joins('c2', GOLD, { sinceMs: world.nowMs - 30_000 }).sets('ann', 'ready');
    assert.deepEqual(world.said(), ['call ann for c2']);
  });
});
