import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { WirePace } from '../../src/dial/wire-pace.js';
import { settle } from '../fakes/fake-telephony.js';

describe('WirePace', () => {
  it('lets no more INVITEs leave in any second than the trunk takes, in their order', async () => {
    const clock = virtualClock();
    const pace = new WirePace(clock);
    const startedAtMs = clock.nowMs();
    const left: string[] = [];
    const send = (n: number) =>
      void pace.turn({ name: 'gw', maxCallsPerSecond: 2 }).then(() => {
        left.push(`${n} at ${clock.nowMs() - startedAtMs}`);
      });
    send(1);
    await clock.advance(900);
    for (const n of [2, 3, 4, 5]) send(n);
    void pace.turn({ name: 'other', maxCallsPerSecond: 1 }).then(() => left.push('other'));
    await settle();
    assert.deepEqual(left, ['1 at 0', '2 at 900', 'other']);
    for (let step = 0; step < 30; step += 1) {
      await clock.advance(50);
      await settle();
    }
    assert.deepEqual(left.slice(3), ['3 at 1000', '4 at 1900', '5 at 2000']);
    assert.equal(clock.pendingCount, 0);
  });
});
