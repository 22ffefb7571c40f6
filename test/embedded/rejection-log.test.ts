import assert from 'node:assert/strict';
import { RejectionLog } from '../../src/embedded/rejection-log.js';
import { VirtualClock } from './sip/virtual-network.js';

describe('The log of refused input', () => {
  const make = (): { clock: VirtualClock; log: RejectionLog; lines: string[] } => {
    const clock = new VirtualClock();
    const lines: string[] = [];
    const log = new RejectionLog(clock, (_level, msg, fields) =>
      lines.push(`${msg} ${JSON.stringify(fields)}`),
    );
    return { clock, log, lines };
  };

  it('has a line for each refusal while they are few', () => {
    const { clock, log, lines } = make();
    for (let i = 0; i < 12; i++) {
      log.add('refused', { i });
      clock.advance(250);
    }
    assert.equal(lines.length, 12);
    assert.equal(lines[11], 'refused {"i":11}');
  });

  it('turns a flood into five lines a second and their number', () => {
    const { clock, log, lines } = make();
    for (let i = 0; i < 1000; i++) log.add('refused', { i });
    clock.advance(1000);
    assert.deepEqual(lines.slice(4), ['refused {"i":4}', 'further input refused {"count":995}']);
    log.add('refused', { i: 'next' });
    assert.equal(lines.at(-1), 'refused {"i":"next"}');
  });

  it('says at its end what it has not said yet', () => {
    const { log, lines } = make();
    for (let i = 0; i < 7; i++) log.add('refused', { i });
    log.stop();
    assert.equal(lines.at(-1), 'further input refused {"count":2}');
  });
});
