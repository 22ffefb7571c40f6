import assert from 'node:assert/strict';
import { virtualClock } from '../../../../src/adapters/clock/virtual-clock.js';
import { DEFAULT_LIMITS } from '../../../../src/plugin/scxml/limits.js';
import { EnginePool } from '../../../../src/plugin/scxml/script/engine-pool.js';
import { EngineShelf, type Mould } from '../../../../src/plugin/scxml/script/engine-shelf.js';

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

const noHost = () => undefined;
const plain: Mould = { shape: () => [] };
const take = (shelf: EngineShelf, mould = plain, mine = budget()) =>
  shelf.take(mould, mine, noHost).engine;
/** A page with one variable, whose models are counted. */
function countedMould() {
  const made = { count: 0 };
  const mould: Mould = {
    shape: (engine) => {
      engine.declare([`made${++made.count}`], AT);
      return [];
    },
  };
  return { made, mould };
}

describe('engines kept ready', () => {
  it('are each used once, and replaced when no session starts any more', async () => {
    const pool = await EnginePool.create(1);
    const clock = virtualClock();
    const shelf = new EngineShelf(pool, DEFAULT_LIMITS, clock, 2);
    const instance = pool.take();
    assert.equal(instance.sessions, 2);
    const [one, other, third] = [take(shelf), take(shelf), take(shelf)];
    assert.equal(instance.sessions, 3, 'the third was made when it was wanted');
    one.run('var mine = 1;', AT);
    assert.equal(other.evaluate('typeof mine', AT), '"undefined"');
    await clock.advance(19);
    assert.equal(instance.sessions, 3);
    await clock.advance(1);
    assert.equal(instance.sessions, 4, 'one at a time');
    await clock.advance(20);
    assert.equal(instance.sessions, 7, 'two for any page, two for this one, which came again');
    assert.equal(clock.pendingCount, 0);
    for (const engine of [one, other, third]) engine.dispose();
    assert.equal(instance.sessions, 4);
  });

  it('have what every page needs before anybody comes', async () => {
    let outfits = 0;
    const pool = await EnginePool.create(1);
    const shelf = new EngineShelf(pool, DEFAULT_LIMITS, virtualClock(), 2, (engine) => {
      engine.declare([`outfit${++outfits}`], AT);
    });
    assert.equal(outfits, 2);
    const engine = take(shelf);
    assert.equal(
      engine.evaluate('typeof outfit2 + ("outfit2" in globalThis)', AT),
      '"undefinedtrue"',
    );
    assert.equal(outfits, 2, 'once each');
  });

  it('take the time of the session that uses them', async () => {
    const shelf = new EngineShelf(await EnginePool.create(1), DEFAULT_LIMITS, virtualClock(), 1);
    const engine = take(shelf);
    assert.throws(() => engine.run('for (;;) {}', AT), { code: 'SCXML_SCRIPT_TOO_LONG' });
  });

  it('are thrown away when their instance has broken', async () => {
    const pool = await EnginePool.create(1);
    const shelf = new EngineShelf(pool, DEFAULT_LIMITS, virtualClock(), 1);
    const broken = pool.take();
    broken.markBroken();
    await pool.ready();
    const engine = take(shelf);
    assert.notEqual(engine.instance, broken);
    assert.equal(engine.evaluate('1 + 1', AT), '2');
    assert.equal(broken.sessions, 0);
  });

  it('have the page in them that was started before, and are made for the latest pages only', async () => {
    const pool = await EnginePool.create(1);
    const clock = virtualClock();
    const shelf = new EngineShelf(pool, DEFAULT_LIMITS, clock, 1);
    const { made, mould } = countedMould();
    take(shelf, mould).dispose();
    await clock.advance(100);
    assert.equal(made.count, 1, 'who knows whether it comes again');
    take(shelf, mould).dispose();
    await clock.advance(100);
    assert.equal(made.count, 3);
    const ready = take(shelf, mould);
    assert.equal(made.count, 3, 'it was ready');
    assert.equal(
      ready.evaluate('typeof made3 + " " + ("made3" in globalThis)', AT),
      '"undefined true"',
    );
    ready.dispose();
    await clock.advance(100);
    assert.equal(pool.take().sessions, 2);
    for (let page = 0; page < 4; page++) {
      const other = countedMould().mould;
      take(shelf, other).dispose();
      take(shelf, other).dispose();
    }
    await clock.advance(100);
    assert.equal(pool.take().sessions, 5, 'one for any page, one for each of the last four');
  });

  it('give the session of a page its time, and leave a page alone that does not fit', async () => {
    const clock = virtualClock();
    const shelf = new EngineShelf(await EnginePool.create(1), DEFAULT_LIMITS, clock, 1);
    const { mould } = countedMould();
    for (let time = 0; time < 2; time++) take(shelf, mould).dispose();
    await clock.advance(100);
    assert.throws(() => take(shelf, mould).run('for (;;) {}', AT), {
      code: 'SCXML_SCRIPT_TOO_LONG',
    });
    let shaped = 0;
    const tooLarge: Mould = {
      shape: (engine) => {
        if (++shaped > 2) engine.run('throw new Error("no room")', AT);
        return [];
      },
    };
    for (let time = 0; time < 2; time++) take(shelf, tooLarge).dispose();
    await clock.advance(1000);
    assert.deepEqual([shaped, clock.pendingCount], [3, 0]);
  });

  it('are none where none are asked for', async () => {
    const pool = await EnginePool.create(1);
    const clock = virtualClock();
    const shelf = new EngineShelf(pool, DEFAULT_LIMITS, clock, 0);
    take(shelf).dispose();
    assert.deepEqual([pool.take().sessions, clock.pendingCount], [0, 0]);
  });
});
