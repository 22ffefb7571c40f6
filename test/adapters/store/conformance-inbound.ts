/** Conformance: calls from outside. Registered by `conformance.ts`. */

import assert from 'node:assert/strict';
import type { InboundChange } from '../../../src/schedule/inbound-calls.js';
import type { TrailEntry } from '../../../src/report/trail.js';
import type { StoreUnderTest } from './conformance.js';
import { NOON_MS } from './fixtures.js';

const DURABLE = { durable: true } as const;

export const someInbound = (changes: InboundChange = {}) => ({
  ...{ callId: 'theirs', serviceName: 'sales', number: '+15550001234' },
  ...{ sourceAddress: '192.0.2.10', startedAtMs: NOON_MS },
  ...changes,
});

const over = (endedAtMs: number) =>
  ({ endedAtMs, outcome: 'served', why: 'the agent hung up' }) as const;

/** @param tested the store that the running test may use */
export function describeInbound(tested: () => StoreUnderTest): void {
  const entry: TrailEntry = {
    ...{ kind: 'sip', leg: 'customer', callId: 'theirs', atMs: NOON_MS },
    ...{ direction: '<-', message: 'INVITE', cseq: '1 INVITE' },
  };

  describe('calls from outside', () => {
    it('are begun with leg and trail, added to, and over once', async () => {
      const { store } = tested();
      const leg = { kind: 'begun', callId: 'theirs', ringsUntilMs: NOON_MS + 1000 } as const;
      const begun = { inbound: someInbound(), leg, trail: [entry] };
      assert.deepEqual(await store.commit('inbound-1', begun, DURABLE), { ok: true });
      const facts = { answeredAtMs: NOON_MS + 5 };
      await store.commit('inbound-1', { inbound: facts }, { durable: false });
      const connected = { connectedAtMs: NOON_MS + 9, connectedTo: 'sip:ann@pbx' };
      const end = { inbound: { ...connected, ...over(NOON_MS + 20) } };
      assert.deepEqual(await store.commit('inbound-1', end, DURABLE), { ok: true });
      const again = await tested().reopen();
      const call = { id: 'inbound-1', ...someInbound(), ...facts, ...end.inbound };
      assert.deepEqual(await again.inboundCalls({}), [call]);
      assert.deepEqual(await again.trail('inbound-1'), [entry]);
      const legs = await again.takeOverLegs(NOON_MS);
      assert.deepEqual(
        legs.map(({ callId, callbackId }) => [callId, callbackId]),
        [['theirs', 'inbound-1']],
      );
      const late = await again.commit('inbound-1', { inbound: over(NOON_MS + 30) }, DURABLE);
      assert.deepEqual(late, { ok: false, why: 'completed' });
      assert.deepEqual(await again.inboundCalls({ id: 'inbound-1' }), [call]);
      const unknown = await again.commit('inbound-2', { inbound: facts }, DURABLE);
      assert.deepEqual(unknown, { ok: false, why: 'unknown' });
    });

    it('that a dead process left are lost, each told once', async () => {
      const { store } = tested();
      const known = someInbound({ connectedAtMs: NOON_MS + 1, connectedTo: 'sip:ann@pbx' });
      await store.commit('inbound-1', { inbound: known }, DURABLE);
      await store.commit('inbound-2', { inbound: someInbound() }, DURABLE);
      await store.commit('inbound-2', { inbound: over(NOON_MS + 1) }, DURABLE);
      const again = await tested().reopen();
      await again.takeOverLegs(NOON_MS + 50);
      const lost = { endedAtMs: NOON_MS + 50, outcome: 'lost', why: 'NODE_LOST' };
      const calls = await again.endLostInboundCalls(NOON_MS + 50);
      assert.deepEqual(calls, [{ id: 'inbound-1', ...known, ...lost }]);
      assert.deepEqual(await again.inboundCalls({ id: 'inbound-1' }), calls);
      assert.deepEqual(await again.endLostInboundCalls(NOON_MS + 60), []);
      const late = await again.commit('inbound-1', { inbound: over(NOON_MS + 70) }, DURABLE);
      assert.deepEqual(late, { ok: false, why: 'completed' });
    });

    it('are found by what is known of them, the latest first, page by page', async () => {
      const { store } = tested();
      for (let n = 1; n <= 5; n += 1) {
        const { number: _withheld, ...rest } = someInbound({
          callId: `call-${n}`,
          serviceName: n % 2 ? 'sales' : 'support',
          startedAtMs: NOON_MS + n,
        });
        const inbound = n === 5 ? rest : { ...rest, number: `+1555000${n}` };
        await store.commit(`inbound-${n}`, { inbound }, DURABLE);
      }
      const idsOf = async (query: Parameters<typeof store.inboundCalls>[0]) =>
        (await store.inboundCalls(query)).map(({ id }) => id);
      assert.deepEqual(await idsOf({ limit: 2 }), ['inbound-5', 'inbound-4']);
      assert.deepEqual(await idsOf({ limit: 2, before: 'inbound-4' }), ['inbound-3', 'inbound-2']);
      assert.deepEqual(await idsOf({ callId: 'call-3' }), ['inbound-3']);
      assert.deepEqual(await idsOf({ number: '+15550002' }), ['inbound-2']);
      assert.deepEqual(await idsOf({ serviceName: 'support' }), ['inbound-4', 'inbound-2']);
      assert.deepEqual(await idsOf({ serviceNames: ['support'], startedFromMs: NOON_MS + 3 }), [
        'inbound-4',
      ]);
      assert.deepEqual(await idsOf({ serviceNames: [] }), []);
      assert.deepEqual(await idsOf({ startedToMs: NOON_MS + 1 }), ['inbound-1']);
      const [latest] = await store.inboundCalls({ id: 'inbound-5' });
      assert.ok(latest && !('number' in latest));
    });

    it('are purged with their trail when they have been over for long, and not before', async () => {
      const { store } = tested();
      for (const id of ['inbound-old', 'inbound-new', 'inbound-open']) {
        await store.commit(id, { inbound: someInbound(), trail: [entry] }, DURABLE);
      }
      await store.commit('inbound-old', { inbound: over(NOON_MS + 1) }, DURABLE);
      await store.commit('inbound-new', { inbound: over(NOON_MS + 3) }, DURABLE);
      assert.equal(await store.purge(NOON_MS + 2), 1);
      const left = (await store.inboundCalls({})).map(({ id }) => id);
      assert.deepEqual(left, ['inbound-open', 'inbound-new']);
      assert.deepEqual(await store.trail('inbound-old'), []);
      assert.deepEqual(await store.trail('inbound-open'), [entry]);
    });
  });
}
