import assert from 'node:assert/strict';
import type { TransferOrder } from '../../src/handoff/lent-transfer.js';
import { settle } from '../fakes/fake-telephony.js';
import { handoffBed, NOTHING_LEFT } from './bed.js';

const ORDER = {
  destination: 'sip:desk@pbx',
  connectTimeoutMs: 5000,
  maxTimeMs: 0,
  isConsultation: false,
  beforeTalk: () => Promise.resolve(),
} as const satisfies TransferOrder;

async function transferred(order: Partial<TransferOrder> = {}) {
  const bed = await handoffBed();
  const transfer = bed.farSides.transfer({ ...ORDER, ...order }, bed.customer);
  await settle();
  return { ...bed, transfer };
}

describe('a transfer for whoever holds the call', () => {
  it('refuses what the service does not allow, and calls nobody', async () => {
    const bed = await transferred({ destination: 'sip:a@evil' });
    assert.equal((await bed.transfer.done).kind, 'not-allowed');
    assert.equal(bed.telephony.calls.length, 1);
  });

  it('is given up when it rings for too long', async () => {
    const bed = await transferred();
    assert.equal(bed.lastCall().request.uri, 'sip:desk@pbx');
    await bed.clock.advance(5000);
    const end = await bed.transfer.done;
    assert.deepEqual([end.kind, 'cause' in end && end.cause], ['not-connected', 'timeout']);
    assert.ok(bed.lastCall().cancelledWith);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('says what SIP said', async () => {
    const bed = await transferred();
    bed.lastCall().fail(486);
    const end = await bed.transfer.done;
    assert.equal('status' in end && end.status, 486);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('lets them talk, and tells for how long', async () => {
    const bed = await transferred();
    const far = bed.lastCall().answer();
    await settle();
    await bed.clock.advance(7000);
    far.end();
    assert.deepEqual(await bed.transfer.done, { kind: 'talked', talkMs: 7000, endedBy: 'far-end' });
    assert.deepEqual(bed.posted, [], 'the flow hears nothing of it');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
    const notes = bed.notes.filter((note) => note.startsWith('transfer'));
    assert.deepEqual(notes, ['transfer', 'transfer-connected', 'transfer-ended']);
  });

  it('ends with the callback', async () => {
    const bed = await transferred();
    bed.lastCall().answer();
    await settle();
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
    assert.equal((await bed.transfer.done).kind, 'talked');
  });

  describe('by consultation', () => {
    it('keeps who has answered for the flow, which calls nobody again', async () => {
      const bed = await transferred({ isConsultation: true });
      const far = bed.lastCall().answer();
      await settle();
      assert.deepEqual(await bed.transfer.done, { kind: 'answered' });
      await bed.route('sip:desk@pbx');
      assert.deepEqual(bed.posted, [{ type: 'route-done', routeId: 'r' }]);
      await bed.bridge('r');
      assert.equal(bed.known().transfer, 'bridged');
      far.end();
      assert.deepEqual(bed.posted.at(-1), { type: 'conversation-ended' });
      assert.equal(bed.telephony.calls.length, 2);
      assert.deepEqual(await bed.end(), NOTHING_LEFT);
    });

    it('calls somebody else when the flow goes elsewhere', async () => {
      const bed = await transferred({ isConsultation: true });
      bed.lastCall().answer();
      await settle();
      await bed.route();
      assert.equal(bed.lastCall().request.uri, 'sip:8999@pbx');
      assert.deepEqual(await bed.end(), NOTHING_LEFT);
    });
  });
});
