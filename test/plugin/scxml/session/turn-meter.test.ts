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

  it('is asked of the system after long turns and a few times a second only', () => {
    const clock = virtualClock();
    let readings = 0;
    const meter = new TurnMeter({ clock, processorMs: () => 10 * readings++ });
    const turn = (tookMs: number): number => {
      meter.begin();
      clock.setWallClock(clock.nowMs() + tookMs);
      return meter.end();
    };
    for (let i = 0; i < 1000; i++) assert.equal(turn(1), 0);
    assert.equal(readings, 6);
    assert.equal(turn(150), 10);
    assert.equal(readings, 7);
  });
});
