import assert from 'node:assert/strict';
import { virtualClock } from '../src/adapters/clock/virtual-clock.js';
import { endOrphanLegs } from '../src/orphan-legs.js';
import type { LegRecord } from '../src/schedule/callback-store.js';
import { FakeStore } from './fakes/fake-store.js';
import { FakeTelephony, RINGING_IDENTITY, silentLog } from './fakes/fake-telephony.js';

function setUp(legs: readonly LegRecord[]) {
  const store = Object.assign(new FakeStore(), { takeOverLegs: () => Promise.resolve([...legs]) });
  const telephony = new FakeTelephony();
  return { store, telephony, clock: virtualClock(), log: silentLog };
}

const leg = (callId: string): LegRecord => ({
  callId,
  callbackId: `callback of ${callId}`,
  endpointId: `channel of ${callId}`,
  identity: RINGING_IDENTITY,
  ringsUntilMs: 0,
});

describe('endOrphanLegs', () => {
  it('ends every leg of a dead process and takes it out of the ledger', async () => {
    const deps = setUp(Array.from({ length: 50 }, (_, index) => leg(`${index}`)));
    assert.deepEqual(await endOrphanLegs(deps), { ended: 50, unknown: 0 });
    assert.equal(new Set(deps.telephony.orphans.map(({ callId }) => callId)).size, 50);
    assert.deepEqual(deps.store.commits[0], {
      id: 'callback of 0',
      change: { leg: { kind: 'over', callId: '0' } },
      durable: false,
    });
  });

  it('leaves a leg that may still ring in the ledger, where its number waits', async () => {
    const deps = setUp([leg('gone'), leg('rings')]);
    deps.telephony.orphanEnd = ({ callId }) => (callId === 'rings' ? 'unknown' : 'ended');
    assert.deepEqual(await endOrphanLegs(deps), { ended: 1, unknown: 1 });
    assert.deepEqual(
      deps.store.commits.map(({ change }) => change.leg?.callId),
      ['gone'],
    );
  });
});
