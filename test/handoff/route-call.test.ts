import assert from 'node:assert/strict';
import { checked } from '../../src/adapters/telephony/sip-headers.js';
import { referTo } from '../../src/handoff/route-call.js';
import type { ReferOutcome } from '../../src/ports.js';
import { settle } from '../fakes/fake-telephony.js';
import { handoffBed, NOTHING_LEFT } from './bed.js';

describe('a route point by REFER', () => {
  const asked = async (outcome: ReferOutcome) => {
    const bed = await handoffBed({ transfer: 'refer' });
    bed.dialog.whenReferred = () => Promise.resolve(outcome);
    await bed.route();
    const [target = ''] = bed.dialog.referredTo;
    assert.match(target, /^sip:8999@pbx\?X-GMS-Service-ID=cb-1&X-RouterData70=60$/);
    return bed;
  };

  it('is over for us when the customer’s side has called it', async () => {
    const bed = await asked({ kind: 'transferred', status: 200 });
    assert.deepEqual(bed.posted, [{ type: 'route-transferred', routeId: 'r' }]);
    assert.deepEqual(bed.known(), { transfer: 'referred', connectedTo: 'sip:8999@pbx' });
    assert.equal(bed.telephony.calls.length, 1, 'nobody but the customer was called');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  for (const [name, outcome] of Object.entries({
    refused: { kind: 'refused', status: 603, reason: 'Decline' },
    'never answered': { kind: 'unknown', why: 'no final NOTIFY within 30000 ms' },
  } as const)) {
    it(`is called by us when REFER is ${name}, and the record says why`, async () => {
      const bed = await asked(outcome);
      assert.equal(bed.lastCall().request.uri, 'sip:8999@pbx');
      bed.lastCall().answer();
      await settle();
      assert.deepEqual(bed.posted, [{ type: 'route-done', routeId: 'r' }]);
      await bed.bridge('r');
      const { transfer, transferDetail } = bed.known();
      assert.equal(transfer, 'bridged');
      assert.match(transferDetail ?? '', /^REFER: (603 Decline|no final NOTIFY)/);
      assert.deepEqual(await bed.end(), NOTHING_LEFT);
    });
  }

  describe('reported late', () => {
    const late = async () => {
      let report = (): void => {};
      const later = new Promise<void>((resolve) => (report = resolve));
      const bed = await asked({ kind: 'unknown', why: 'no final NOTIFY', later });
      assert.equal(bed.lastCall().request.uri, 'sip:8999@pbx');
      return { bed, report };
    };

    it('is over for us all the same, and our own call is called off', async () => {
      const { bed, report } = await late();
      report();
      await settle();
      assert.deepEqual(bed.posted, [{ type: 'route-transferred', routeId: 'r' }]);
      assert.equal(bed.known().transfer, 'referred');
      assert.ok(bed.lastCall().cancelledWith);
      assert.deepEqual(await bed.end(), NOTHING_LEFT);
    });

    it('is not heard once our own call was answered', async () => {
      const { bed, report } = await late();
      bed.lastCall().answer();
      await settle();
      report();
      await settle();
      assert.deepEqual(bed.posted, [{ type: 'route-done', routeId: 'r' }]);
      assert.deepEqual(await bed.end(), NOTHING_LEFT);
    });
  });

  it('calls nobody for a customer who hung up meanwhile', async () => {
    const bed = await handoffBed({ transfer: 'refer' });
    let settleRefer: (outcome: ReferOutcome) => void = () => {};
    bed.dialog.whenReferred = () => new Promise((resolve) => (settleRefer = resolve));
    await bed.route();
    bed.dialog.end();
    settleRefer({ kind: 'unknown', why: 'the far side hung up' });
    await settle();
    assert.equal(bed.telephony.calls.length, 1);
    assert.deepEqual(bed.posted, []);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('says nothing any more once it was dropped', async () => {
    const bed = await handoffBed({ transfer: 'refer' });
    let settleRefer: (outcome: ReferOutcome) => void = () => {};
    bed.dialog.whenReferred = () => new Promise((resolve) => (settleRefer = resolve));
    await bed.route();
    bed.farSides.drop('r');
    settleRefer({ kind: 'refused', status: 603, reason: 'Decline' });
    await settle();
    assert.equal(bed.telephony.calls.length, 1);
    assert.deepEqual(bed.posted, []);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});

describe('a Refer-To', () => {
  const uui = { 'User-to-User': '007b7d;encoding=hex' };

  it('carries what travels with the call, escaped', () => {
    const target = referTo('sip:8999@pbx', { 'X-Age': '90', ...uui });
    assert.equal(target, 'sip:8999@pbx?X-Age=90&User-to-User=007b7d%3Bencoding%3Dhex');
    assert.equal(referTo('sip:8999@pbx'), 'sip:8999@pbx');
  });

  it('leaves out what has no room, and is always one that may be sent', () => {
    const target = referTo('sip:8999@pbx', { 'X-Big': "!'()*".repeat(200), ...uui });
    assert.equal(target, 'sip:8999@pbx?User-to-User=007b7d%3Bencoding%3Dhex');
    const odd = referTo('sip:8999@pbx', { 'X-Odd': 'a b&c=d?e!\'()*>"' });
    assert.equal(checked('sip-uri', odd), odd);
  });
});

describe('a route point', () => {
  it('that points elsewhere (302) has failed: nobody is called whom it names', async () => {
    const bed = await handoffBed();
    await bed.route();
    const contacts = ['sip:+19005550100@elsewhere'];
    bed.lastCall().fail(302, { contacts });
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'route-failed', routeId: 'r', why: 'SIP 302 refused' }]);
    assert.equal(bed.telephony.calls.length, 2);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('that is not allowed fails with the reason, and is not called', async () => {
    const bed = await handoffBed();
    await bed.route('sip:1@elsewhere');
    const why = 'elsewhere is not among allowedDestinations';
    assert.deepEqual(bed.posted, [{ type: 'route-failed', routeId: 'r', why }]);
    assert.equal(bed.telephony.calls.length, 1);
    await bed.end();
  });

  it('is bridged by default, and its end is the end of the conversation', async () => {
    const bed = await handoffBed({ recording: '/rec/{callbackId}.wav' });
    await bed.route();
    assert.deepEqual(bed.dialog.referredTo, []);
    const farDialog = bed.lastCall().answer();
    await settle();
    await bed.bridge('r');
    assert.deepEqual(bed.endpoint.recordings, [], 'what leaves us is not recorded');
    farDialog.end();
    await settle();
    assert.deepEqual(bed.posted.at(-1), { type: 'conversation-ended' });
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});
