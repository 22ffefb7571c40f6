import assert from 'node:assert/strict';
import { leasedSip } from '../../src/dial/leased-sip.js';
import { FakeTelephony } from '../fakes/fake-telephony.js';

describe('leasedSip', () => {
  const request = { uri: 'sip:1@127.0.0.1', callId: 'call-1', localSdp: '' };

  it('sends an INVITE only while the lease lasts, and says why when it does not', async () => {
    const telephony = new FakeTelephony();
    let mayDial = true;
    const sip = leasedSip(telephony.sip, () => mayDial);
    assert.equal(sip.invite(request), telephony.calls[0]);
    mayDial = false;
    const refused = sip.invite({ ...request, callId: 'call-2' });
    assert.equal(refused.callId, 'call-2');
    const why = 'the lease on this callback has run out';
    assert.deepEqual(await refused.outcome, { kind: 'error', why });
    assert.equal(telephony.calls.length, 1, 'nothing is on the wire');
  });

  it('leaves other requests alone', async () => {
    const { sip } = new FakeTelephony();
    const leased = leasedSip(sip, () => false);
    const answer = await leased.request({ method: 'OPTIONS', uri: 'sip:127.0.0.1', limitMs: 1 });
    assert.deepEqual(answer, { kind: 'error', why: 'no wires' });
    assert.ok(leased.isConnected);
    sip.isConnected = false;
    assert.ok(!leased.isConnected);
  });
});
