import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { DEFAULT_DEADLINES } from '../../../src/adapters/telephony/deadlines.js';
import { examineSites } from '../../../src/adapters/telephony/examine.js';
import { isEncrypted, keyOf, takeKey } from '../../../src/adapters/telephony/secure-media.js';
import type { FarParty, SipText } from '../../sip/far-party.js';
import { type Law, toneShare } from '../../sip/far-rtp.js';
import { SrtpStream } from '../../sip/srtp.js';
import { eventually, type LiveCall, useSite } from './site.js';
import { TapEar } from './tap-ear.js';

/** The far party's own description with SRTP, one law, and a fresh key. */
function secureSdp({ rtp }: FarParty, law: Law = 'PCMU', version = 1): string {
  const key = randomBytes(30).toString('base64');
  return rtp.sdp
    .replace('o=far 1 1', `o=far 1 ${version}`)
    .replace('RTP/AVP 0', `RTP/SAVP ${law === 'PCMA' ? 8 : 0}`)
    .replace('a=rtpmap:0 PCMU', law === 'PCMA' ? 'a=rtpmap:8 PCMA' : 'a=rtpmap:0 PCMU')
    .concat(`a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}\r\n`);
}

describe('SRTP on a trunk', function () {
  this.timeout(60_000);
  const site = useSite();

  it('is not what the embedded engine does, and that is said', async function () {
    if (site().engine.name === 'servers') return this.skip();
    await assert.rejects(site().telephony.media.createEndpoint({ isSecure: true }), {
      code: 'ENDPOINT_NO_SRTP',
      message: /its dialplan needs the extension `srtp`/,
    });
    const plain = await site().telephony.media.createEndpoint();
    await plain.close();
  });

  describe('with a FreeSWITCH', () => {
    before(function () {
      if (site().engine.name !== 'servers') this.skip();
    });

    it('is heard both ways by whoever has the keys, in either law', async () => {
      for (const law of ['PCMU', 'PCMA'] as const) {
        const call = await secureCall(law);
        await hearsBothWays(call, law);
        await site().hangUp(call);
      }
    });

    it('keeps its own key through early media, and another key and law in a re-INVITE', async () => {
      const call = await secureCall('PCMU', true);
      await hearsBothWays(call, 'PCMU');
      const before = keyOf(call.endpoint.localSdp);
      const offer = secureSdp(call.far, 'PCMA', 2);
      call.dialog.onOffer((sdp) => call.endpoint.answer(sdp));
      const answer = await reInvite(call, offer);
      assert.equal(answer.start, 'SIP/2.0 200 OK');
      assert.equal(keyOf(answer.body), before);
      call.far.rtp.srtp = { inward: SrtpStream.of(answer.body), outward: SrtpStream.of(offer) };
      await hearsBothWays(call, 'PCMA');
      await site().hangUp(call);
    });

    it('refuses a re-INVITE that would take the call out of SRTP, and goes on', async () => {
      const call = await secureCall('PCMU');
      call.dialog.onOffer((sdp) => call.endpoint.answer(sdp));
      const answer = await reInvite(call, call.far.rtp.sdp.replace('o=far 1 1', 'o=far 1 2'));
      assert.match(answer.start, /^SIP\/2.0 488/);
      await hearsBothWays(call, 'PCMU');
      await site().hangUp(call);
    });

    it('ends a call that is answered without SRTP', async () => {
      const far = await site().far();
      const endpoint = await site().telephony.media.createEndpoint({ isSecure: true });
      const { outcome } = site().invite(far, { localSdp: endpoint.localSdp });
      assert.deepEqual(await outcome, {
        kind: 'error',
        why: 'SDP_NO_SRTP: the far side has no SRTP for us: RTP/AVP',
        isOfFarSide: true,
      });
      await far.request('BYE');
      await endpoint.close();
    });

    it('bridges a customer with SRTP and an agent without', async () => {
      const customer = await secureCall('PCMU');
      const agent = await site().call();
      await customer.endpoint.bridge(agent.endpoint);
      customer.far.rtp.sendTone(customer.endpoint.localSdp, 500);
      agent.far.rtp.sendTone(agent.endpoint.localSdp, 900);
      await hears(agent.far, 500);
      await hears(customer.far, 900);
      await site().hangUp(customer, agent);
    });

    it('is tried by doctor where a trunk wants it', async () => {
      const { log, clock, drachtio, freeswitch } = site().options();
      const server = { profile: 'drachtio_mrf', ...freeswitch };
      const sites = [{ name: 'only', drachtio, freeswitch: [server] }];
      const findings = await examineSites(sites, { log, clock, wantsSrtp: true });
      assert.match(findings[1]?.detail ?? '', /SRTP where a trunk wants it/);
    });
  });

  async function secureCall(law: Law, isEarly = false): Promise<LiveCall> {
    const far = await site().far();
    const endpoint = await site().telephony.media.createEndpoint({ isSecure: true });
    assert.ok(isEncrypted(endpoint.localSdp));
    const sdp = secureSdp(far, law);
    far.onInvite = (call) => {
      far.rtp.srtp = { inward: SrtpStream.of(call.offer), outward: SrtpStream.of(sdp) };
      if (isEarly) call.respond(183, 'Session Progress', { sdp });
      setTimeout(() => call.respond(200, 'OK', { sdp }), isEarly ? 500 : 0);
    };
    const invite = site().invite(far, { localSdp: endpoint.localSdp });
    invite.onProvisional(({ sdp: early }) => {
      if (early) void endpoint.connect(early);
    });
    const outcome = await invite.outcome;
    assert.ok(outcome.kind === 'answered', JSON.stringify(outcome));
    await endpoint.connect(outcome.dialog.remoteSdp);
    return { endpoint, dialog: outcome.dialog, far };
  }

  async function hearsBothWays({ endpoint, far }: LiveCall, law: Law): Promise<void> {
    const ear = await TapEar.open();
    const tap = await endpoint.tap(ear);
    far.rtp.sendTone(endpoint.localSdp, 700, 0.5, law);
    await eventually(() => {
      const heard = ear.samples().subarray(-4000);
      assert.ok(heard.length === 4000 && toneShare(heard, 700) > 0.8, 'the customer is heard');
    }, 5000);
    await tap.stop();
    ear.close();
    const playback = endpoint.play([await site().toneFile(440, 1000)], { loop: true });
    await hears(far, 440);
    assert.equal(far.rtp.packets.at(-1)?.law, law);
    await playback.stop();
    far.rtp.stopSending();
  }

  async function hears(far: FarParty, toneHz: number): Promise<void> {
    await eventually(() => {
      const heard = far.rtp.heardSince().subarray(-4000);
      assert.ok(toneShare(heard, toneHz) > 0.8, `${toneHz} Hz are heard`);
    }, 5000);
  }

  async function reInvite({ far }: LiveCall, sdp: string): Promise<SipText> {
    far.call.request_('INVITE', { sdp });
    const cseq = `${far.cseq} INVITE`;
    let response: SipText | undefined;
    await eventually(() => {
      response = far.received.find(
        (each) => /^SIP\/2.0 [2-6]/.test(each.start) && each.header('cseq') === cseq,
      );
      assert.ok(response, `no answer to ${cseq}`);
    });
    far.cseq -= 1; // an ACK has the number of its INVITE
    far.call.request_('ACK');
    await sleep(50);
    return response!;
  }
});

describe('the far side’s SRTP key', () => {
  const { modifyMs } = DEFAULT_DEADLINES;
  const KEY = 'A'.repeat(40);
  const SDP = `v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}\r\n`;

  /** @param takesAtOffer which offer of FreeSWITCH's it takes the key from; 1 is the first */
  function freeswitch(takesAtOffer: number) {
    let offers = 0;
    return {
      uuid: 'u',
      offers: () => offers,
      renegotiate: () => Promise.resolve(void (offers += 1)),
      api: () => Promise.resolve(offers >= takesAtOffer ? `1 inline:${KEY}` : '_undef_'),
    };
  }

  it('is given to a FreeSWITCH again that forgot it while it set the channel up', async () => {
    const clock = virtualClock();
    const channel = freeswitch(2);
    const taken = takeKey(channel, SDP, { clock, deadlines: DEFAULT_DEADLINES });
    await clock.advance(1000);
    await taken;
    assert.equal(channel.offers(), 2);
  });

  it('is given up when FreeSWITCH never takes it', async () => {
    const clock = virtualClock();
    const channel = freeswitch(Infinity);
    const taken = takeKey(channel, SDP, { clock, deadlines: DEFAULT_DEADLINES });
    const refused = assert.rejects(taken, { code: 'DEADLINE' });
    await clock.advance(modifyMs + 1000);
    await refused;
    assert.ok(channel.offers() <= 9, `${channel.offers()} offers`);
    assert.equal(clock.pendingCount, 0);
  });
});
