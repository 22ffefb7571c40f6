import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { DialogEnd, InviteRequest } from '../../../src/ports.js';
import type { FarParty } from '../../sip/far-party.js';
import { eventually, useSite } from './site.js';

describe('an INVITE through drachtio', () => {
  const site = useSite();
  let far: FarParty;
  beforeEach(async () => (far = await site().far()));

  it('carries our Call-ID, caller, headers and SDP, and is answered once', async () => {
    const callId = randomUUID();
    const call = site().invite(far, {
      callId,
      callerId: '+4930123456',
      callerName: 'Dialback Ltd',
      headers: { 'X-Attached': 'a=b; c' },
    });
    const seen: number[] = [];
    call.onProvisional(({ status }) => seen.push(status));
    const outcome = await call.outcome;
    assert.ok(outcome.kind === 'answered');
    const [invite] = far.requests('INVITE');
    assert.equal(invite?.header('call-id'), callId);
    assert.match(invite?.header('from') ?? '', /^"Dialback Ltd" ?<sip:\+4930123456@/);
    assert.equal(invite?.header('x-attached'), 'a=b; c');
    assert.equal(invite?.body.trim(), far.rtp.sdp.trim());
    assert.deepEqual(seen, [180]);
    assert.equal(outcome.dialog.remoteSdp.trim(), far.rtp.sdp.trim());
    const { localTag, remoteTag } = outcome.dialog.identity;
    assert.ok(invite?.header('from')?.includes(`tag=${localTag}`));
    assert.ok(remoteTag.length > 0);
    await far.request('ACK');
    await outcome.dialog.bye('test over');
  });

  it('can be read along, message by message, by whoever watches its Call-ID', async () => {
    const callId = randomUUID();
    const seen: string[] = [];
    const unwatch = site().telephony.watchWire(callId, ({ direction, message, cseq }) =>
      seen.push(`${direction} ${message} ${cseq.split(' ')[1]}`),
    );
    const outcome = await site().invite(far, { callId }).outcome;
    assert.ok(outcome.kind === 'answered');
    await far.request('ACK');
    await outcome.dialog.bye('test over');
    unwatch();
    assert.deepEqual(seen, [
      '-> INVITE INVITE',
      '<- 180 Ringing INVITE',
      '<- 200 OK INVITE',
      '-> ACK ACK',
      '-> BYE BYE',
      '<- 200 OK BYE',
    ]);
  });

  it('ends with a BYE that says why, and twice is once', async () => {
    const outcome = await site().invite(far).outcome;
    assert.ok(outcome.kind === 'answered');
    const ends: DialogEnd[] = [];
    outcome.dialog.onEnded((how) => ends.push(how));
    await Promise.all([outcome.dialog.bye('conversation over'), outcome.dialog.bye('again')]);
    await outcome.dialog.bye('late');
    assert.match((await far.request('BYE')).header('reason') ?? '', /text="conversation over"/);
    assert.equal(far.requests('BYE').length, 1);
    assert.deepEqual(ends, ['local']);
    assert.equal(outcome.dialog.hasEnded, true);
  });

  it('field notes 6: callee hangs up; told as remote, and a BYE of ours afterwards does no harm', async () => {
    const outcome = await site().invite(far).outcome;
    assert.ok(outcome.kind === 'answered');
    const ended = new Promise<DialogEnd>((resolve) => outcome.dialog.onEnded(resolve));
    await far.request('ACK');
    far.call.bye();
    assert.equal(await ended, 'remote');
    await outcome.dialog.bye('nothing left to end');
    assert.equal(far.requests('BYE').length, 0);
  });

  it('is over when the callee hangs up right behind its answer, before our ACK', async () => {
    for (const reason of ['SIP;cause=200;text="done"', undefined]) {
      const party = await site().far();
      party.onInvite = (call) => {
        call.answer();
        call.request_('BYE', reason === undefined ? {} : { headers: { Reason: reason } });
      };
      const outcome = await site().invite(party).outcome;
      assert.ok(outcome.kind === 'answered');
      const { dialog } = outcome;
      await eventually(() => assert.ok(dialog.hasEnded, 'the leg is up, and nobody is there'));
      assert.equal(dialog.endReason, reason);
      await dialog.bye('nothing left to end');
      assert.equal(party.requests('BYE').length, 0);
    }
  });

  it('hangs up on whoever answers with another 2xx than 200: they are in a call, too', async () => {
    far.onInvite = (call) => call.respond(202, 'Accepted', { sdp: far.rtp.sdp });
    const call = site().invite(far);
    const outcome = await call.outcome;
    assert.deepEqual([outcome.kind, outcome.kind === 'failed' && outcome.status], ['failed', 202]);
    assert.ok(call.orphanEnd, 'the leg is up for a while');
    await far.request('BYE');
    await call.orphanEnd;
  });

  it('hangs up on whoever answers without a Contact: it is no failure of the trunk', async () => {
    far.onInvite = (call) => call.respond(200, 'OK', { sdp: far.rtp.sdp, isContactless: true });
    const call = site().invite(far);
    const outcome = await call.outcome;
    assert.deepEqual([outcome.kind, outcome.kind === 'failed' && outcome.status], ['failed', 200]);
    await far.request('BYE');
    await call.orphanEnd;
  });

  it('tells early media with its SDP', async () => {
    far.onInvite = (call) => call.respond(183, 'Session Progress', { sdp: far.rtp.sdp });
    const call = site().invite(far);
    const early = await new Promise<{ status: number; sdp?: string }>((resolve) =>
      call.onProvisional(resolve),
    );
    assert.equal(early.status, 183);
    assert.equal(early.sdp?.trim(), far.rtp.sdp.trim());
    far.call.respond(486, 'Busy Here');
    assert.equal((await call.outcome).kind, 'failed');
  });

  it('reads the cause and the retry time of a refusal', async () => {
    far.onInvite = (call) =>
      call.respond(486, 'Busy Here', {
        headers: { Reason: 'Q.850;cause=17;text="user busy"', 'Retry-After': '90' },
      });
    const outcome = await site().invite(far).outcome;
    assert.ok(outcome.kind === 'failed');
    const { status, reason, q850Cause, retryAfterMs, headers } = outcome;
    assert.deepEqual([status, reason, q850Cause, retryAfterMs], [486, 'Busy Here', 17, 90_000]);
    assert.equal(headers?.['reason'], 'Q.850;cause=17;text="user busy"');
  });

  it('field notes 6: CANCEL before answer; the outcome is cancelled and the CANCEL says why', async () => {
    far.onInvite = (call) => call.respond(180, 'Ringing');
    const call = site().invite(far);
    call.onProvisional(() => call.cancel('ring time is over'));
    assert.deepEqual(await call.outcome, { kind: 'cancelled' });
    assert.match((await far.request('CANCEL')).header('reason') ?? '', /text="ring time is over"/);
  });

  it('cancels a call whose INVITE was not yet confirmed as sent', async () => {
    far.onInvite = (call) => call.respond(180, 'Ringing');
    const call = site().invite(far);
    call.cancel('changed our mind');
    assert.deepEqual(await call.outcome, { kind: 'cancelled' });
    await far.request('CANCEL');
  });

  it('field notes 6: CANCEL / 200 glare; the call that came all the same is ended', async () => {
    far.onInvite = (call) => call.respond(180, 'Ringing');
    far.onCancel = (call) => call.answer();
    const call = site().invite(far);
    call.onProvisional(() => call.cancel('too late'));
    assert.deepEqual(await call.outcome, { kind: 'cancelled' });
    await far.request('BYE');
  });

  it("field notes 6: callee's host unreachable; 503 at once from a closed UDP port", async () => {
    const startedAtMs = performance.now();
    const outcome = await site().invite(far, { uri: 'sip:callee@127.0.0.1:9' }).outcome;
    assert.equal(outcome.kind === 'failed' && outcome.status, 503);
    assert.ok(performance.now() - startedAtMs < 10_000, 'not after the 32 s of timer B');
  });

  it("field notes 6: callee's host unreachable; a silent host is given up when we cancel, not after 32 s", async () => {
    far.onInvite = () => undefined;
    const call = site().invite(far);
    await far.request('INVITE');
    const cancelledAtMs = performance.now();
    call.cancel('nobody rings');
    assert.deepEqual(await call.outcome, { kind: 'cancelled' });
    assert.ok(performance.now() - cancelledAtMs < 16_000);
    // drachtio would wait out timer B.
    far.call.respond(486, 'Busy Here');
  });

  it('answers a digest challenge under the same Call-ID', async () => {
    far.onInvite = (call) => {
      if (call.request.header('proxy-authorization')) return call.answer();
      const challenge = 'Digest realm="trunk", nonce="abc123", qop="auth"';
      call.respond(407, 'Proxy Authentication Required', {
        headers: { 'Proxy-Authenticate': challenge },
      });
    };
    const callId = randomUUID();
    const auth = { username: 'acme', password: 'secret' };
    const outcome = await site().invite(far, { callId, auth, callerId: '100' }).outcome;
    assert.ok(outcome.kind === 'answered');
    const [first, second] = far.requests('INVITE');
    assert.match(second?.header('proxy-authorization') ?? '', /username="acme"/);
    assert.equal(second?.headers.filter(([name]) => name === 'call-id').length, 1);
    assert.equal(second?.headers.filter(([name]) => name === 'from').length, 1);
    assert.equal(second?.header('call-id'), callId);
    assert.equal(second?.header('from'), first?.header('from'));
    await outcome.dialog.bye('test over');
  });

  for (const [what, stale, asked] of [
    ['refused', '', 2],
    ['called stale without end', ', stale=true', 3],
  ] as const) {
    it(`does not send credentials again that are ${what}, RFC 3261 22.1`, async () => {
      let nonces = 0;
      far.onInvite = (call) => {
        // drachtio-srf takes whatever follows its credentials for the answer to them.
        if (call.request.header('authorization')) call.respond(183, 'Session Progress');
        if (nonces > 20) return call.respond(500, 'Enough');
        const challenge = `Digest realm="trunk", nonce="${(nonces += 1)}"${stale}`;
        call.respond(401, 'Unauthorized', { headers: { 'WWW-Authenticate': challenge } });
      };
      const auth = { username: 'acme', password: 'secret' };
      const outcome = await site().invite(far, { auth }).outcome;
      assert.equal(outcome.kind === 'failed' && outcome.status, 401);
      assert.equal(far.requests('INVITE').length, asked);
    });
  }

  it('gives credentials to the trunk that asks for them, not to who has answered and asks', async () => {
    far.onInvite = (call) => {
      if (call.request.header('authorization')) return call.answer();
      const challenge = 'Digest realm="trunk", nonce="abc123"';
      call.respond(401, 'Unauthorized', { headers: { 'WWW-Authenticate': challenge } });
    };
    far.onBye = (bye) => {
      const challenge = 'Digest realm="callee", nonce="of my own"';
      bye.respond(401, 'Unauthorized', { headers: { 'WWW-Authenticate': challenge } });
    };
    const auth = { username: 'acme', password: 'secret' };
    const outcome = await site().invite(far, { auth }).outcome;
    assert.ok(outcome.kind === 'answered');
    await outcome.dialog.bye('test over');
    const byes = far.requests('BYE');
    assert.deepEqual(
      byes.map((bye) => bye.header('authorization')),
      [undefined],
    );
  });

  it('sends through the outbound proxy', async () => {
    const outcome = await site().invite(far, {
      uri: 'sip:+49301234567@trunk.example.net',
      proxyUri: `sip:127.0.0.1:${far.port}`,
    }).outcome;
    assert.ok(outcome.kind === 'answered');
    assert.equal(
      far.requests('INVITE')[0]?.start,
      'INVITE sip:+49301234567@trunk.example.net SIP/2.0',
    );
    await outcome.dialog.bye('test over');
  });

  it('ends a call that is answered without SDP', async () => {
    far.onInvite = (call) => call.respond(200, 'OK');
    assert.deepEqual(await site().invite(far).outcome, {
      kind: 'error',
      why: 'SDP_MISSING: the far side sent no SDP',
      isOfFarSide: true,
    });
    await far.request('BYE');
  });

  it('refuses text that would break out of its header, and sends nothing', async () => {
    const requests: Partial<InviteRequest>[] = [
      { uri: `${far.uri}\r\nX-Evil: 1` },
      { callId: 'a\r\nb' },
      { callerId: '1"2' },
      { callerId: '100', callerName: 'a"<sip:b>' },
      { headers: { 'X-A': 'b\r\nVia: c' } },
      { headers: { Via: 'SIP/2.0/UDP evil' } },
      { proxyUri: 'not a uri' },
    ];
    for (const request of requests) {
      const outcome = await site().invite(far, request).outcome;
      assert.equal(outcome.kind, 'error', JSON.stringify(request));
    }
    assert.equal(far.received.length, 0);
  });

  it('survives a re-INVITE without SDP', async () => {
    const outcome = await site().invite(far).outcome;
    assert.ok(outcome.kind === 'answered');
    await far.request('ACK');
    far.call.request_('INVITE');
    await eventually(() =>
      assert.ok(far.received.some(({ start }) => /^SIP\/2\.0 [2-6]/.test(start))),
    );
    assert.equal(outcome.dialog.hasEnded, false);
    await outcome.dialog.bye('test over');
  });
});
