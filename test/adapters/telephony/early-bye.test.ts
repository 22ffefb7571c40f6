/**
 * A BYE before the answer. Who is called may send none (RFC 3261 15); some do all the same. The application
 * never hears of it: the signalling server refuses it, and drachtio-server forgets the INVITE over it.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { connectTelephony } from '../../../src/adapters/telephony/connect.js';
import type { Fleet } from '../../../src/adapters/telephony/fleet.js';
import type { FarParty, SipText } from '../../sip/far-party.js';
import { eventually, useSite } from './site.js';

const isReal = process.env['DIALBACK_DRACHTIO'] !== undefined;

describe('a BYE of a phone that has not answered', () => {
  const site = useSite();
  let far: FarParty;
  let telephony: Fleet;

  beforeEach(async () => {
    far = await site().far();
    far.onInvite = (call) => call.respond(180, 'Ringing');
    const deadlines = { cancelMs: 500, finalResponseMs: 1000 };
    telephony = await connectTelephony({ ...site().options(), deadlines });
  });
  afterEach(async () => {
    await site().checkLeaks(telephony);
    await telephony.close();
  });

  const isAnswerToBye = (message: SipText): boolean =>
    message.start.startsWith('SIP/2.0') && message.header('cseq')?.endsWith('BYE') === true;

  async function ringing() {
    const request = { uri: far.uri, callId: randomUUID(), localSdp: far.rtp.sdp };
    const call = telephony.sip.invite(request);
    await new Promise((resolve) => call.onProvisional(resolve));
    far.call.request_('BYE');
    await eventually(() => {
      const [answer] = far.received.filter(isAnswerToBye);
      assert.match(answer?.start ?? '', /^SIP\/2\.0 481 /);
    });
    return call;
  }

  it('does not hang the call: once it has rung long enough it is over, and nothing is left of it', async () => {
    const call = await ringing();
    // Nothing more comes from there.
    far.onCancel = () => undefined;
    call.cancel('rang long enough', 'ring-timeout');
    assert.deepEqual(await call.outcome, { kind: 'cancelled' });
    await call.orphanEnd;
    if (!isReal) far.call.respond(487, 'Request Terminated');
  });

  it('does not keep its answer from being taken', async function () {
    // drachtio-server throws it away.
    if (isReal) return this.skip();
    const call = await ringing();
    far.call.answer();
    const outcome = await call.outcome;
    assert.ok(outcome.kind === 'answered');
    await far.request('ACK');
    await outcome.dialog.bye('test over');
  });
});
