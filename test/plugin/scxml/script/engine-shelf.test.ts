import assert from 'node:assert/strict';
import { virtualClock } from '../../../../src/adapters/clock/virtual-clock.js';
import { DEFAULT_LIMITS } from '../../../../src/plugin/scxml/limits.js';
import { EnginePool } from '../../../../src/plugin/scxml/script/engine-pool.js';
import { EngineShelf } from '../../../../src/plugin/scxml/script/engine-shelf.js';

const AT = { file: 'test', line: 1, column: 1 };
const budget = () => {
  let ticks = 0;
  return {
    tick: () => ++ticks > 50,
    get isScriptOver() {
      return ticks > 50;
    },
  };
};

describe('engines kept ready', () => {
  it('are each used once, and replaced when no session starts any more', async () => {
    const pool = await EnginePool.create(1);
    const clock = virtualClock();
    const shelf = new EngineShelf(pool, DEFAULT_LIMITS, clock, 2);
    const instance = pool.take();
    assert.equal(instance.sessions, 2);
    const [one, other, third] = [shelf.take(budget()), shelf.take(budget()), shelf.take(budget())];
    assert.equal(instance.sessions, 3, 'the third was made when it was wanted');
    one.run('var mine = 1;', AT);
    assert.equal(other.evaluate('typeof mine', AT), '"undefined"');
    await clock.advance(19);
    assert.equal(instance.sessions, 3);
    await clock.advance(1);
    assert.equal(instance.sessions, 5);
    assert.equal(clock.pendingCount, 0);
    for (const engine of [one, other, third]) engine.dispose();
    assert.equal(instance.sessions, 2);
  });

  it('take the time of the session that uses them', async () => {
    const shelf = new EngineShelf(await EnginePool.create(1), DEFAULT_LIMITS, virtualClock(), 1);
    const engine = shelf.take(budget());
    assert.throws(() => engine.run('for (;;) {}', AT), { code: 'SCXML_SCRIPT_TOO_LONG' });
  });

  it('are thrown away when their instance has broken', async () => {
    const pool = await EnginePool.create(1);
    const shelf = new EngineShelf(pool, DEFAULT_LIMITS, virtualClock(), 1);
    const broken = pool.take();
    broken.markBroken();
    await pool.ready();
    const engine = shelf.take(budget());
    assert.notEqual(engine.instance, broken);
    assert.equal(engine.evaluate('1 + 1', AT), '2');
    assert.equal(broken.sessions, 0);
  });

  it('are none where none are asked for', async () => {
    const pool = await EnginePool.create(1);
    const clock = virtualClock();
    const shelf = new EngineShelf(pool, DEFAULT_LIMITS, clock, 0);
    shelf.take(budget()).dispose();
    assert.deepEqual([pool.take().sessions, clock.pendingCount], [0, 0]);
  });
});
