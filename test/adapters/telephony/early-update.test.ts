import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { silentLog } from '../../../src/adapters/log.js';
import { takeEarlyUpdates } from '../../../src/adapters/telephony/early-update.js';
import type {
  ReplyView,
  SentInvite,
  SipMessageView,
} from '../../../src/adapters/telephony/srf-types.js';
import { settle } from '../../fakes/fake-telephony.js';
import { eventually, useSite } from './site.js';

const sdp = (host: string): string =>
  [
    ...['v=0', `o=x 1 1 IN IP4 ${host}`, 's=-', `c=IN IP4 ${host}`, 't=0 0'],
    ...['m=audio 40000 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000', ''],
  ].join('\r\n');

/** An INVITE as drachtio-srf has it: its own listener is there, too. */
async function sent(isAnswered: boolean, serves = true) {
  const request = new EventEmitter() as unknown as SentInvite & EventEmitter;
  const heard: string[] = [];
  takeEarlyUpdates(request, {
    ...{ log: silentLog, offer: sdp('10.0.0.1'), isAnswered: () => isAnswered },
    answer: (offer) => {
      heard.push(offer);
      return serves ? Promise.resolve(sdp('10.0.0.2')) : undefined;
    },
  });
  request.on('update', () => assert.fail('left to drachtio-srf'));
  await settle();
  const update = async (body: string, to: EventEmitter = request) => {
    const answers: [number, string | undefined][] = [];
    const message: SipMessageView = { get: () => undefined, has: () => false, body };
    const response: ReplyView = { send: (status, more) => answers.push([status, more?.body]) };
    to.emit('update', message, response);
    await settle();
    assert.equal(answers.length, 1, 'answered once');
    return answers[0];
  };
  return { request, heard, update };
}

describe('An UPDATE before the answer', () => {
  it('is answered by the media server once our offer has its answer', async () => {
    const { update, heard } = await sent(true);
    const [status, body] = (await update(sdp('192.0.2.7'))) ?? [];
    assert.equal(status, 200);
    assert.match(body ?? '', /c=IN IP4 10\.0\.0\.2/);
    assert.deepEqual(heard, [sdp('192.0.2.7')]);
  });

  it('is to come again while our offer is open, RFC 3311 5.2', async () => {
    const { update, heard } = await sent(false);
    assert.deepEqual(await update(sdp('192.0.2.7')), [491, undefined]);
    assert.deepEqual(heard, []);
  });

  it('without SDP is taken, and answered without', async () => {
    const { update } = await sent(false);
    assert.deepEqual(await update(''), [200, undefined]);
  });

  it('is refused where it offers nothing that could be served, and the call goes on', async () => {
    const { update } = await sent(true);
    const video = sdp('192.0.2.7').replace('m=audio', 'm=video');
    assert.deepEqual(await update(video), [488, undefined]);
    const nobody = await sent(true, false);
    assert.deepEqual(await nobody.update(sdp('192.0.2.7')), [488, undefined]);
  });

  it('is answered after a challenge, too: drachtio-srf listens to the first INVITE alone', async () => {
    const { request, update } = await sent(true);
    const next = new EventEmitter();
    request.emit('authenticate', next);
    await settle();
    assert.equal((await update(sdp('192.0.2.7'), next))?.[0], 200);
  });
});

describe('An UPDATE before the answer, through drachtio', () => {
  const site = useSite();

  for (const challenges of [false, true]) {
    it(`is answered${challenges ? ', after a challenge' : ''}`, async () => {
      const far = await site().far();
      far.onInvite = (call) => {
        if (challenges && !call.request.header('authorization')) {
          const asked = 'Digest realm="trunk", nonce="1"';
          return call.respond(401, 'Unauthorized', { headers: { 'WWW-Authenticate': asked } });
        }
        call.respond(183, 'Session Progress', {
          ...{ sdp: far.rtp.sdp, headers: { Require: '100rel', RSeq: '1' } },
        });
      };
      far.onRequest = (call, request) => {
        if (request.method === 'PRACK') call.respondTo(request, 200, 'OK');
      };
      const auth = { username: 'acme', password: 'secret' };
      const call = site().invite(far, { auth, isReliable: true });
      const offers: string[] = [];
      call.onOffer?.((offer) => {
        offers.push(offer);
        return Promise.resolve(far.rtp.sdp);
      });
      await far.request('PRACK');
      far.call.request_('UPDATE', { sdp: far.rtp.sdp });
      const answer = () =>
        far.received.find(
          (message) =>
            message.start.startsWith('SIP/2.0') && message.header('cseq')?.endsWith('UPDATE'),
        );
      await eventually(() => assert.ok(answer()));
      assert.match(answer()?.start ?? '', / 200 /);
      assert.match(answer()?.body ?? '', /m=audio/);
      assert.equal(offers.length, 1);
      far.call.respond(486, 'Busy Here');
      assert.equal((await call.outcome).kind, 'failed');
    });
  }
});
