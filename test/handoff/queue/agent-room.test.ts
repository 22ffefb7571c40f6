import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isRoomFor, type AgentGroup } from '../../../src/handoff/queue/agent-room.js';

const group = (count: number, ...queues: string[]): AgentGroup => ({
  count,
  queues: new Set(queues),
});

describe('Room for one more customer', () => {
  it('is as many as there are agents, and no more', () => {
    const groups = [group(2, 'q')];
    assert.equal(isRoomFor('q', groups, new Map()), true);
    assert.equal(isRoomFor('q', groups, new Map([['q', 1]])), true);
    assert.equal(isRoomFor('q', groups, new Map([['q', 2]])), false);
    assert.equal(isRoomFor('other', groups, new Map()), false);
  });

  it('counts an agent of two queues once, and lets each queue use its own first', () => {
    const groups = [group(1, 'a', 'b'), group(1, 'b')];
    assert.equal(isRoomFor('a', groups, new Map([['b', 1]])), true, 'b has one of its own');
    assert.equal(isRoomFor('a', groups, new Map([['b', 2]])), false);
    assert.equal(isRoomFor('b', groups, new Map([['a', 1]])), true);
    assert.equal(isRoomFor('b', groups, new Map([['a', 1], ['b', 1]])), false); // prettier-ignore
  });

  it('is not taken by those of another queue who are too many anyway', () => {
    const groups = [group(1, 'a'), group(1, 'b')];
    assert.equal(isRoomFor('a', groups, new Map([['b', 99]])), true);
  });

  it('is there exactly when everybody can have an agent of their own', () => {
    const names = ['a', 'b', 'c'];
    const groups = fc.array(
      fc.record({ queues: fc.subarray(names, { minLength: 1 }), count: fc.nat(2) }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(groups, fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)), (drawn, counts) => {
        const agents = drawn.map(({ queues, count }) => group(count, ...queues));
        const needing = new Map(names.map((name, index) => [name, counts[index] ?? 0]));
        const canAll = (demand: Map<string, number>) => served(agents, demand) === sum(demand);
        fc.pre(canAll(needing));
        const oneMore = new Map(needing).set('a', (needing.get('a') ?? 0) + 1);
        assert.equal(isRoomFor('a', agents, needing), canAll(oneMore));
      }),
    );
  });
});

const sum = (demand: ReadonlyMap<string, number>) =>
  [...demand.values()].reduce((a, b) => a + b, 0);

/** Hall: what cannot be served is the worst excess of a set of queues over the agents who serve any. */
function served(agents: readonly AgentGroup[], demand: ReadonlyMap<string, number>): number {
  const names = [...demand.keys()];
  let excess = 0;
  for (let mask = 0; mask < 2 ** names.length; mask += 1) {
    const chosen = names.filter((_, index) => mask & (1 << index));
    const wanted = chosen.reduce((total, name) => total + (demand.get(name) ?? 0), 0);
    const able = agents
      .filter(({ queues }) => chosen.some((name) => queues.has(name)))
      .reduce((total, { count }) => total + count, 0);
    excess = Math.max(excess, wanted - able);
  }
  return sum(demand) - excess;
}
