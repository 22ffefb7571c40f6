import assert from 'node:assert/strict';
import { virtualClock } from '../../../../src/adapters/clock/virtual-clock.js';
import { TurnMeter } from '../../../../src/plugin/scxml/session/turn-meter.js';
import { makeBed } from '../bed.js';

/** A page that takes so long by the clock, in one statement, and so much of it from the processor. */
async function startBusy() {
  let usedMs = 0;
  let pass: (wallMs: number) => void = () => undefined;
  const bed = await makeBed({
    processorMs: () => usedMs,
    dialect: {
      elements: [],
      functions: {
        compute: (_, [wall, processor]) => {
          pass(Number(wall));
          usedMs += Number(processor);
          return undefined;
        },
      },
    },
  });
  pass = (wallMs) => bed.clock.setWallClock(bed.clock.nowMs() + wallMs);
  const run = await bed.run(
    `<state id="s"><transition event="go"><script>compute(_event.data.wall, _event.data.processor)</script></transition></state>`,
  );
  const compute = (wall: number, processor: number) => run.send('go', { wall, processor });
  return { bed, compute, ends: run.ends };
}

describe('what a statement takes that the engine carries out in one go', () => {
  it('ends the session when it is more than pages may work', async () => {
    const { bed, compute, ends } = await startBusy();
    await compute(2500, 2500);
    const [end] = ends;
    assert.equal(end?.kind === 'limit' && end.code, 'SCXML_TOO_BUSY');
    assert.equal(bed.runtime.sessions, 0);
  });

  it('is added up, and forgiven at the pace at which pages may work for ever', async () => {
    const { bed, compute, ends } = await startBusy();
    await compute(1500, 1500);
    await bed.clock.advance(20_000);
    await compute(1500, 1500);
    assert.equal(ends.length, 0);
    await compute(1500, 1500);
    const [end] = ends;
    assert.equal(end?.kind === 'limit' && end.code, 'SCXML_TOO_BUSY');
  });

  it('is none of its doing where others have the processor', async () => {
    const { compute, ends } = await startBusy();
    for (let i = 0; i < 20; i++) await compute(3000, 30);
    assert.deepEqual(ends, []);
  });

  it('counts in turns that are short, too, and for the session whose turns they were', async () => {
    const busy = await startBusy();
    const other = await busy.bed.run('<state id="s"><transition event="go"/></state>');
    for (let i = 0; i < 40 && busy.ends.length === 0; i++) {
      await busy.compute(90, 90);
      await other.send('go');
      await busy.bed.clock.advance(10);
    }
    const [end] = busy.ends;
    assert.equal(end?.kind === 'limit' && end.code, 'SCXML_TOO_BUSY');
    assert.deepEqual(other.ends, []);
  });

  it('is asked of the system a few times a second only', () => {
    const clock = virtualClock();
    let readings = 0;
    const meter = new TurnMeter<string>({ clock, processorMs: () => 100 * readings++ });
    const turn = (who: string, tookMs: number) => {
      meter.begin();
      clock.setWallClock(clock.nowMs() + tookMs);
      return meter.end(who);
    };
    for (let i = 0; i < 199; i++) assert.deepEqual(turn(i % 4 === 0 ? 'a' : 'b', 1), []);
    assert.equal(readings, 1);
    assert.deepEqual(turn('b', 1), [
      ['a', 25],
      ['b', 75],
    ]);
    assert.equal(readings, 2);
    assert.deepEqual(turn('a', 50), []);
    assert.deepEqual(turn('b', 150), [
      ['a', 25],
      ['b', 75],
    ]);
  });
});
