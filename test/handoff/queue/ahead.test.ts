import assert from 'node:assert/strict';
import { isNearEnough, parseEtaPositions } from '../../../src/handoff/queue/wait-estimate.js';
import { agentPlan, agentQueue, QueueWorld, sipQueue, step } from './queue-world.js';

const GOLD = [step('gold')];
const ETA = parseEtaPositions('0:10,10:5,20:2,30:1,40:0') ?? [];
const AHEAD = { isAhead: true, etaPositions: ETA } as const;

function one(startsAs: 'ready' | 'not-ready' = 'ready') {
  return new QueueWorld([agentQueue('gold', ['ann'])], [agentPlan('ann', { startsAs })]);
}

describe('a request made ahead of the dial', () => {
  it('keeps a free agent for the customer, who is dialled then', () => {
    const world = one().joins('c1', GOLD, AHEAD);
    assert.deepEqual(world.said(), ['near c1: ann is kept free']);
    assert.equal(world.stateOf('ann'), 'reserved');
    world.joins('c2', GOLD);
    assert.deepEqual(world.said(), [], 'nobody else gets the agent');
    world.happens({ type: 'customer-ready', requestId: 'c1' });
    assert.deepEqual(world.said(), ['call ann for c1']);
    world.answers('ann');
    assert.deepEqual(world.said(), ['connect c1 to ann']);
  });

  it('is dialled when time alone has moved it up, within a second, and without an event', () => {
    const world = new QueueWorld([agentQueue('gold', ['ann'])], [agentPlan('ann')]);
    world.joins('talks', GOLD).answers('ann').joins('first', GOLD, { priority: 5 });
    const growth = { priorityIncrement: 1, priorityIncrementIntervalMs: 10_000 };
    const etaPositions = parseEtaPositions('0:1') ?? [];
    world
      .joins('c1', GOLD, { isAhead: true, etaPositions, ...growth })
      .passes(49_000)
      .said();
    assert.equal(world.timerCount, 1, 'one for the queue');
    world.passes(2000);
    assert.match(world.said().join(), /^near c1: position 1/);
    assert.equal(world.timerCount, 0);
  });

  it('has no timer where nobody overtakes anybody, nor once it is gone', () => {
    const world = one('not-ready').joins('c1', GOLD, AHEAD).joins('c2', GOLD, AHEAD);
    assert.equal(world.timerCount, 0);
    const growth = { priorityIncrement: 1, priorityIncrementIntervalMs: 10_000 };
    world.joins('c3', GOLD, growth);
    assert.equal(world.timerCount, 1);
    world.leaves('c3');
    assert.equal(world.timerCount, 0);
    world.joins('c4', GOLD, growth).leaves('c1').leaves('c2');
    assert.equal(world.timerCount, 0);
  });

  it('waits without being dialled as long as nobody is near', () => {
    const world = one('not-ready').joins('c1', GOLD, AHEAD).passes(3_600_000);
    assert.deepEqual(world.said(), []);
    world.sets('ann', 'ready');
    assert.deepEqual(world.said(), ['near c1: ann is kept free']);
  });

  for (const exit of ['withdrawn', 'abandoned'] as const) {
    it(`gives the agent back at once when the request is ${exit}`, () => {
      const world = one().joins('c1', GOLD, AHEAD).joins('c2', GOLD);
      world.said();
      world.leaves('c1', exit);
      assert.deepEqual(world.said(), ['call ann for c2']);
      assert.equal(world.timerCount, 1, 'only the ring timer');
    });
  }

  it('gives the agent back when the customer takes too long, and takes none again for them', () => {
    const world = one().joins('c1', GOLD, { ...AHEAD, reserveTimeoutMs: 30_000 });
    world.passes(30_000).said();
    assert.equal(world.stateOf('ann'), 'ready');
    world.joins('c2', GOLD);
    assert.deepEqual(world.said(), ['call ann for c2']);
  });

  it('keeps its place in the line when the reservation has run out and the customer answers', () => {
    const world = one().joins('c1', GOLD, AHEAD).passes(30_000).joins('c2', GOLD).answers('ann');
    world.joins('c3', GOLD).happens({ type: 'customer-ready', requestId: 'c1' }).said();
    world.hangsUp('ann');
    assert.deepEqual(world.said(), ['call ann for c1']);
  });

  it('is given to another agent when the one who was kept free does not answer', () => {
    const world = new QueueWorld(
      [agentQueue('gold', ['ann', 'bob'])],
      [agentPlan('ann'), agentPlan('bob')],
    );
    world.joins('c1', GOLD, AHEAD).happens({ type: 'customer-ready', requestId: 'c1' }).said();
    world.refuses('ann');
    assert.deepEqual(world.said(), ['missed c1: SIP 486 Busy Here', 'call bob for c1']);
  });

  it('looks for another agent when the one kept free is set not-ready', () => {
    const world = new QueueWorld(
      [agentQueue('gold', ['ann', 'bob'])],
      [agentPlan('ann'), agentPlan('bob')],
    );
    world.joins('c1', GOLD, AHEAD).sets('ann', 'not-ready');
    assert.equal(world.stateOf('bob'), 'reserved');
    assert.deepEqual(world.said(), ['near c1: ann is kept free'], 'and is not dialled twice');
  });

  it('is near when few enough are before it and the wait is short enough', () => {
    const world = new QueueWorld(
      [agentQueue('gold', ['ann'], { expectedHandleMs: 8000 })],
      [agentPlan('ann')],
    );
    world.joins('talking', GOLD).answers('ann').said();
    for (const id of ['c1', 'c2', 'c3', 'c4', 'c5', 'c6']) world.joins(id, GOLD, AHEAD);
    // Positions 1..6 wait 8, 16, 24, 32, 40 and 48 s: 10, 5, 2, 1, 0 and 0 are allowed.
    assert.deepEqual(world.said(), [
      'near c1: position 1, an agent in about 8 s',
      'near c2: position 2, an agent in about 16 s',
    ]);
  });

  for (const [name, leave] of Object.entries({
    'gives up': (world: QueueWorld) => world.leaves('first'),
    'leaves with an entry that is cleared': (world: QueueWorld) => world.passes(60_000),
  })) {
    it(`is near as soon as whoever was before it ${name}, though no agent has moved`, () => {
      const world = new QueueWorld(
        [agentQueue('gold', ['ann'], { expectedHandleMs: 20_000 })],
        [agentPlan('ann')],
      );
      world.joins('talking', GOLD).answers('ann');
      world
        .joins('first', [step('gold', 60_000, true)])
        .joins('c1', GOLD, AHEAD)
        .said();
      leave(world);
      assert.deepEqual(
        world.said().filter((word) => word.startsWith('near')),
        ['near c1: position 1, an agent in about 20 s'],
      );
    });
  }

  it('has an agent of two queues for one customer only', () => {
    const world = new QueueWorld(
      [agentQueue('gold', ['ann']), agentQueue('silver', ['ann'])],
      [agentPlan('ann')],
    );
    world.joins('c1', GOLD, AHEAD).joins('c2', [step('silver')], AHEAD);
    assert.deepEqual(world.said(), ['near c1: ann is kept free']);
    world.leaves('c1', 'withdrawn');
    assert.deepEqual(world.said(), ['near c2: ann is kept free']);
    world.happens({ type: 'customer-ready', requestId: 'c2' });
    assert.deepEqual(world.said(), ['call ann for c2']);
  });

  it('dials at once for a queue whose agents nobody knows', () => {
    const world = new QueueWorld([sipQueue('pbx', ['a'])]).joins('c1', [step('pbx')], AHEAD);
    assert.deepEqual(world.said(), ['near c1: pbx does not tell who is free']);
    world.happens({ type: 'customer-ready', requestId: 'c1' });
    assert.deepEqual(world.said(), ['call a for c1']);
  });

  it('counts as waiting from the customer’s answer on', () => {
    const world = one().joins('c1', GOLD, AHEAD).passes(25_000);
    world.happens({ type: 'customer-ready', requestId: 'c1' }).passes(2000).answers('ann');
    assert.deepEqual(
      world.exits.map(({ exit, waitedMs, isInTime }) => [exit, waitedMs, isInTime]),
      [['served', 2000, true]],
    );
  });
});

describe('_eta_pos_threshold', () => {
  it('holds the pair with the greatest ETA that is not beyond the estimate', () => {
    const near = (position: number, ewtS: number) => isNearEnough(ETA, position, ewtS * 1000);
    assert.deepEqual(
      [near(10, 0), near(11, 0), near(5, 10), near(6, 10), near(2, 29.9), near(1, 39.9)],
      [true, false, true, false, true, true],
    );
    assert.equal(near(1, 40), false, 'position 0: nobody');
    assert.equal(isNearEnough(ETA, 1, undefined), false, 'without an estimate nobody is near');
    assert.equal(isNearEnough([{ etaSeconds: 10, position: 5 }], 1, 5000), false);
  });

  it('is read in any order and refused when it is something else', () => {
    assert.deepEqual(parseEtaPositions('30:1, 0:10'), [
      { etaSeconds: 0, position: 10 },
      { etaSeconds: 30, position: 1 },
    ]);
    for (const text of ['', '1', '1:2:3', '1:-2', 'a:b', '0:10,']) {
      assert.equal(parseEtaPositions(text), undefined, text);
    }
  });
});
