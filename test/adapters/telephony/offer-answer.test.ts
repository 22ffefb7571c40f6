import assert from 'node:assert/strict';
import type { FarCall, SipText } from '../../sip/far-party.js';
import { level } from '../../sip/far-rtp.js';
import { eventually, type LiveCall, useSite } from './site.js';

const AUDIBLE = 0.02;

function withDirection(sdp: string, direction: string): string {
  return `${sdp.replace(/^o=\S+ \S+ \d+/m, 'o=far 1 2').trimEnd()}\r\na=${direction}\r\n`;
}

/** Sends a re-INVITE from the far side. @returns the final response, acknowledged */
async function reInvite(
  { far }: Pick<LiveCall, 'far'>,
  sdp?: string,
  call = far.call,
  /** Goes with the ACK, where the offer was ours. */
  answer?: string,
): Promise<SipText> {
  call.request_('INVITE', sdp === undefined ? {} : { sdp });
  const cseq = `${far.cseq} INVITE`;
  let response: SipText | undefined;
  await eventually(() => {
    response = far.received.find(
      (each) => /^SIP\/2.0 [2-6]/.test(each.start) && each.header('cseq') === cseq,
    );
    assert.ok(response, `no answer to ${cseq}`);
  });
  far.cseq -= 1; // an ACK has the number of its INVITE
  call.request_('ACK', answer === undefined ? {} : { sdp: answer });
  return response!;
}

const status = ({ start }: SipText): number => Number(start.split(' ')[1]);

describe('offer and answer, field notes 1 and 10', function () {
  this.timeout(60_000);
  const site = useSite();

  it('offers G.711 and telephone-event, and never SRTP', async () => {
    const endpoint = await site().telephony.media.createEndpoint();
    assert.match(endpoint.localSdp, /^m=audio \d+ RTP\/AVP [^\n]*\b0\b/m);
    assert.match(endpoint.localSdp, /^a=rtpmap:\d+ telephone-event\/8000/m);
    assert.doesNotMatch(endpoint.localSdp, /SAVP|a=crypto/);
    await endpoint.close();
  });

  it('is silent while the far side holds, and heard again when it resumes', async () => {
    const call = await ready();
    const playback = call.endpoint.play([await site().toneFile(440, 1000)], { loop: true });
    await eventually(() => assert.ok(level(call.far.rtp.heardSince()) > AUDIBLE));

    const held = await reInvite(call, withDirection(call.far.rtp.sdp, 'sendonly'));
    assert.equal(status(held), 200);
    assert.match(held.body, /^a=recvonly/m);
    await call.far.rtp.isQuiet();

    const resumed = await reInvite(call, withDirection(call.far.rtp.sdp, 'sendrecv'));
    assert.equal(status(resumed), 200);
    assert.doesNotMatch(resumed.body, /^a=(recvonly|sendonly|inactive)/m);
    await call.far.rtp.hears(440);
    await playback.stop();
    await site().hangUp(call);
  });

  it('answers inactive with inactive', async () => {
    const call = await ready();
    const held = await reInvite(call, withDirection(call.far.rtp.sdp, 'inactive'));
    assert.match(held.body, /^a=inactive/m);
    await site().hangUp(call);
  });

  it('follows the far side to another address', async () => {
    const call = await ready();
    const other = await site().far();
    const playback = call.endpoint.play([await site().toneFile(440, 1000)], { loop: true });
    await call.far.rtp.hears(440);
    assert.equal(status(await reInvite(call, withDirection(other.rtp.sdp, 'sendrecv'))), 200);
    await other.rtp.hears(440);
    await playback.stop();
    await site().hangUp(call);
  });

  it('answers a re-INVITE without SDP, and one that only refreshes, with what was agreed', async () => {
    const call = await ready();
    for (const sdp of [undefined, call.far.rtp.sdp]) {
      const response = await reInvite(call, sdp);
      assert.equal(status(response), 200);
      assert.match(response.body, /^m=audio [1-9]\d* RTP\/AVP/m);
    }
    assert.equal(call.dialog.hasEnded, false);
    await site().hangUp(call);
  });

  it('lets who holds resume by a re-INVITE without SDP, whose answer comes in the ACK', async () => {
    const call = await ready();
    const { call: dialled, rtp } = call.far;
    const playback = call.endpoint.play([await site().toneFile(440, 1000)], { loop: true });
    assert.equal(status(await reInvite(call, withDirection(rtp.sdp, 'sendonly'))), 200);
    const answer = withDirection(rtp.sdp, 'sendrecv').replace('far 1 2', 'far 1 3');
    const offered = await reInvite(call, undefined, dialled, answer);
    assert.equal(status(offered), 200);
    assert.doesNotMatch(offered.body, /^a=(recvonly|inactive)/m, 'what is offered is no hold');
    const resumedAtMs = performance.now();
    await eventually(() => assert.ok(level(rtp.heardSince(resumedAtMs)) > AUDIBLE));
    assert.equal(call.dialog.remoteSdp, answer);
    await playback.stop();
    await site().hangUp(call);
  });

  it('refuses T.38 with 488, tells that it is a fax, and leaves the call as it was', async () => {
    const call = await ready();
    let faxCount = 0;
    call.dialog.onFax(() => (faxCount += 1));
    const image = call.far.rtp.sdp.replace(
      /^m=audio[\s\S]*/m,
      'm=audio 0 RTP/AVP 0\r\nm=image 5002 udptl t38\r\na=T38FaxVersion:0\r\n',
    );
    assert.equal(status(await reInvite(call, image)), 488);
    assert.equal(faxCount, 1);
    assert.equal(call.dialog.hasEnded, false);
    const file = await site().toneFile(500, 200);
    assert.equal((await call.endpoint.play([file], { loop: false }).done).kind, 'ended');
    await site().hangUp(call);
  });

  it('has the far side try again later (491) when its offer crosses ours, RFC 3261 14.2', async () => {
    const call = await ready();
    const { call: dialled } = call.far;
    let answerOurs = (): void => undefined;
    const crossed = new Promise<void>((resolve) => {
      call.far.onInvite = (ours) => {
        answerOurs = () => ours.answer();
        resolve();
      };
    });
    const outcome = call.dialog.reinvite(call.endpoint.localSdp);
    await crossed;
    const theirs = await reInvite({ far: call.far }, call.far.rtp.sdp, dialled);
    assert.equal(status(theirs), 491);
    answerOurs();
    assert.equal((await outcome).kind, 'answered');
    const later = await reInvite(call, withDirection(call.far.rtp.sdp, 'sendonly'), dialled);
    assert.equal(status(later), 200);
    await site().hangUp(call);
  });

  it('refuses a new offer of SRTP or of other codecs with 488', async () => {
    const call = await ready();
    const srtp = call.far.rtp.sdp.replace('RTP/AVP', 'RTP/SAVP');
    const opus = call.far.rtp.sdp
      .replace(/RTP\/AVP 0 101/, 'RTP/AVP 97')
      .replace('a=rtpmap:0 PCMU/8000', 'a=rtpmap:97 opus/48000/2');
    for (const sdp of [srtp, opus, 'garbage']) {
      assert.equal(status(await reInvite(call, sdp)), 488);
    }
    assert.equal(call.dialog.hasEnded, false);
    await site().hangUp(call);
  });

  const UNUSABLE: Readonly<Record<string, (sdp: string) => string>> = {
    SDP_NO_CODEC: (sdp) => sdp.replace('RTP/AVP 0 101', 'RTP/AVP 18'),
    SDP_SRTP: (sdp) => sdp.replace('RTP/AVP', 'RTP/SAVP'),
    SDP_NO_AUDIO: (sdp) => sdp.replace(/m=audio \d+/, 'm=audio 0'),
    SDP_UNREADABLE: () => 'garbage',
  };
  for (const [code, spoil] of Object.entries(UNUSABLE)) {
    it(`ends a call whose 200 has no usable audio: ${code}`, async () => {
      const far = await site().far();
      far.onInvite = (call) => call.respond(200, 'OK', { sdp: spoil(far.rtp.sdp) });
      const outcome = await site().invite(far, { localSdp: far.rtp.sdp }).outcome;
      assert.equal(outcome.kind, 'error');
      assert.ok(outcome.kind === 'error' && outcome.why.startsWith(`${code}: `), outcome.kind);
      await far.request('ACK');
      assert.match((await far.request('BYE')).header('reason') ?? '', new RegExp(code));
    });
  }

  it('ends a call whose 200 has no SDP at all', async () => {
    const far = await site().far();
    far.onInvite = (call) => call.respond(200, 'OK');
    const outcome = await site().invite(far).outcome;
    assert.ok(outcome.kind === 'error' && outcome.why.startsWith('SDP_MISSING: '));
    await far.request('BYE');
  });

  it('takes the SDP of the 183 when the 200 of the same party has none', async () => {
    const far = await site().far();
    far.onInvite = (call) => {
      call.respond(183, 'Session Progress', { sdp: far.rtp.sdp });
      call.respond(200, 'OK');
    };
    const outcome = await site().invite(far).outcome;
    assert.ok(outcome.kind === 'answered');
    assert.equal(outcome.dialog.remoteSdp.trim(), far.rtp.sdp.trim());
    await outcome.dialog.bye('test over');
  });

  it('keeps early media through a 180, and moves to the SDP of the 200', async () => {
    const [far, answering] = [await site().far(), await site().far()];
    const endpoint = await site().telephony.media.createEndpoint();
    far.onInvite = (call) => call.respond(183, 'Session Progress', { sdp: far.rtp.sdp });
    const invite = site().invite(far, { localSdp: endpoint.localSdp });
    const seen: (readonly [number, boolean])[] = [];
    invite.onProvisional(({ status, sdp }) => {
      seen.push([status, sdp !== undefined]);
      if (sdp) void endpoint.connect(sdp);
    });
    await eventually(() => assert.equal(seen.length, 1));
    const playback = endpoint.play([await site().toneFile(440, 1000)], { loop: true });
    await eventually(() => assert.ok(level(far.rtp.heardSince()) > AUDIBLE));
    far.call.respond(180, 'Ringing');
    await eventually(() =>
      assert.deepEqual(seen, [
        [183, true],
        [180, false],
      ]),
    );
    await far.rtp.hears(440);
    far.call.respond(200, 'OK', { sdp: answering.rtp.sdp });
    const outcome = await invite.outcome;
    assert.ok(outcome.kind === 'answered');
    await endpoint.connect(outcome.dialog.remoteSdp);
    await answering.rtp.hears(440);
    await playback.stop();
    await outcome.dialog.bye('test over');
    await endpoint.close();
  });

  it('takes the answer of one party of a fork after early media of two', async () => {
    const [far, other] = [await site().far(), await site().far()];
    let fork: FarCall | undefined;
    far.onInvite = (call) => {
      fork = call.fork();
      call.respond(183, 'Session Progress', { sdp: far.rtp.sdp });
      fork.respond(183, 'Session Progress', { sdp: other.rtp.sdp });
    };
    const invite = site().invite(far);
    const early: string[] = [];
    invite.onProvisional(({ sdp }) => early.push(sdp?.trim() ?? ''));
    await eventually(() => assert.equal(early.length, 2));
    assert.deepEqual(early, [far.rtp.sdp.trim(), other.rtp.sdp.trim()]);
    // The second party answers without SDP: its own early one counts, not that of the first.
    far.call.respond(180, 'Ringing');
    fork?.respond(200, 'OK');
    const outcome = await invite.outcome;
    assert.ok(outcome.kind === 'answered');
    assert.equal(outcome.dialog.remoteSdp.trim(), other.rtp.sdp.trim());
    await outcome.dialog.bye('test over');
  });

  /** A call whose endpoint answers new offers. */
  async function ready(): Promise<LiveCall> {
    const call = await site().call();
    call.dialog.onOffer((sdp) => call.endpoint.answer(sdp));
    await call.far.request('ACK');
    return call;
  }
});
