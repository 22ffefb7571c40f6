/** An ordered `_target`: who is asked after whom, and beside whom. */
import assert from 'node:assert/strict';
import { agentPlan, agentQueue, QueueWorld, sipQueue, step } from './queue-world.js';

const AGENTS = ['ann', 'bob', 'cid'].map((name) => agentPlan(name));

describe('an ordered list of targets', () => {
  const plans = [
    agentQueue('gold', ['ann']),
    agentQueue('silver', ['bob']),
    sipQueue('pbx', ['overflow']),
  ];
  const busy = () =>
    new QueueWorld(plans, [
      agentPlan('ann', { startsAs: 'not-ready' }),
      agentPlan('bob', { startsAs: 'not-ready' }),
    ]);

  it('lets a target that rings go on when the agents were tried often enough', () => {
    const world = new QueueWorld(
      [
        agentQueue('gold', ['ann'], { missPauseMs: 0, missesMax: 0 }),
        sipQueue('pbx', ['overflow']),
      ],
      [agentPlan('ann')],
    );
    world.joins('c1', [step('gold', 10_000), step('pbx')], { attemptsMax: 2 });
    world.refuses('ann').passes(10_000).said();
    world.refuses('ann');
    assert.deepEqual(world.said(), [], 'nobody is asked anew, and nobody called off');
    world.passes(1);
    assert.equal(world.stateOf('ann'), 'ready');
    world.answers('overflow');
    assert.deepEqual(world.said(), ['connect c1 to overflow']);
  });

  it('fails when that target does not answer either', () => {
    const world = new QueueWorld(
      [
        agentQueue('gold', ['ann'], { missPauseMs: 0, missesMax: 0 }),
        sipQueue('pbx', ['overflow']),
      ],
      [agentPlan('ann')],
    );
    world.joins('c1', [step('gold', 10_000), step('pbx')], { attemptsMax: 2 });
    world.refuses('ann').passes(10_000);
    world.refuses('ann').said();
    world.refuses('overflow', 'SIP 480');
    assert.deepEqual(world.said(), ['fail c1: SIP 480']);
    assert.deepEqual(world.core.counts, { requests: 0, offers: 0, timers: 0 });
  });

  it('asks the next entry as well once the time of the first is over', () => {
    const world = busy()
      .joins('c1', [step('gold', 10_000), step('silver')])
      .passes(10_000);
    world.sets('bob', 'ready').sets('bob', 'not-ready').sets('ann', 'ready');
    assert.deepEqual(world.said(), [
      'call bob for c1',
      'cancel bob: bob is not-ready now',
      'call ann for c1',
    ]);
  });

  it('gives an entry up at the end of its time when it is to be cleared', () => {
    const world = busy()
      .joins('c1', [step('gold', 10_000, true), step('silver')])
      .passes(10_000);
    world.sets('ann', 'ready');
    assert.deepEqual(world.said(), []);
    world.sets('bob', 'ready');
    assert.deepEqual(world.said(), ['call bob for c1']);
  });

  it('calls agents off who ring for an entry that is cleared', () => {
    const world = new QueueWorld(plans, [agentPlan('ann'), agentPlan('bob')]);
    world.joins('c1', [step('gold', 10_000, true), step('pbx')]).said();
    world.passes(10_000);
    assert.deepEqual(world.said(), [
      'cancel ann: no agent of gold in 10 s',
      'call overflow for c1',
    ]);
  });

  it('leaves an agent who has picked up to say whether the call is taken', () => {
    const plans = [agentQueue('gold', ['ann', 'bob'], { strategy: 'ring-all' })];
    const world = new QueueWorld([...plans, agentQueue('silver', ['cid'])], AGENTS);
    world.joins('c1', [step('gold', 5000, true), step('silver')]).said();
    world.happens({ type: 'picked-up', offerId: world.offerTo('ann') }).passes(5000);
    assert.deepEqual(world.said(), ['cancel bob: no agent of gold in 5 s']);
    world.answers('ann');
    assert.deepEqual(world.said(), ['connect c1 to ann']);
    assert.equal(world.exits[0]?.queue, 'gold');
    world.hangsUp('ann').isOver('bob');
    world.joins('c2', [step('gold', 5000, true), step('silver')]).said();
    world
      .happens({ type: 'picked-up', offerId: world.offerTo('ann') })
      .passes(5000)
      .said();
    world.refuses('ann', 'did not take the call');
    assert.deepEqual(world.said(), ['missed c2: did not take the call', 'call cid for c2']);
  });

  it('goes on at once when all targets of an entry have failed', () => {
    const world = busy().joins('c1', [step('pbx', 60_000), step('silver')]);
    world.refuses('overflow').said();
    world.sets('bob', 'ready');
    assert.deepEqual(world.said(), ['call bob for c1']);
    assert.equal(world.timerCount, 1, 'only the ring timer is left');
  });

  it('fails when the last entry is cleared or nothing is there at all', () => {
    const world = busy()
      .joins('c1', [step('gold', 10_000, true)])
      .passes(10_000);
    assert.deepEqual(world.said(), ['fail c1: no agent of gold in 10 s']);
    world.joins('c2', [step('nowhere')]).joins('c3', []);
    assert.deepEqual(world.said(), [
      'fail c2: there is no queue or agent nowhere',
      'fail c3: the service names no queue',
    ]);
  });

  it('connects once when two entries ring', () => {
    const world = new QueueWorld(plans, [agentPlan('ann'), agentPlan('bob')]);
    world
      .joins('c1', [step('pbx', 5000), step('silver')])
      .passes(5000)
      .said();
    world.answers('bob');
    assert.deepEqual(world.said(), ['cancel overflow: another one answered', 'connect c1 to bob']);
  });
});
