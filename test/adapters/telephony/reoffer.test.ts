import assert from 'node:assert/strict';
import { silentLog } from '../../../src/adapters/log.js';
import { takeReoffers } from '../../../src/adapters/telephony/reoffer.js';
import type { DialogView, SipMessageView } from '../../../src/adapters/telephony/srf-types.js';
import { settle } from '../../fakes/fake-telephony.js';

const sdp = (port: number): string =>
  [
    ...['v=0', `o=x 1 ${port} IN IP4 10.0.0.1`, 's=-', 'c=IN IP4 10.0.0.1', 't=0 0'],
    ...[`m=audio ${port} RTP/AVP 0`, 'a=rtpmap:0 PCMU/8000', ''],
  ].join('\r\n');

describe('Offers of a far side that sends them faster than the media server answers', () => {
  it('wait, eight at most; more are to come again later, and the call goes on', async () => {
    const served: (() => void)[] = [];
    const leg = {
      ...{ sip: { callId: 'c' }, local: { sdp: sdp(2) }, remote: { sdp: sdp(4) }, connected: true },
      handle: () => assert.fail('left to drachtio-srf'),
    } as unknown as DialogView;
    takeReoffers(leg, {
      log: silentLog,
      answer: () => new Promise((resolve) => served.push(() => resolve(sdp(2)))),
      onFax: () => assert.fail('fax'),
      refer: () => false,
    });
    const answers: [number, string | undefined][] = [];
    const offer = (port: number): void => {
      const get = () => undefined;
      const request: SipMessageView = { method: 'INVITE', body: sdp(port), get, has: () => false };
      leg.handle(request, {
        send: (status, more) => answers.push([status, more?.headers['Retry-After']]),
      });
    };
    for (let n = 1; n <= 20; n += 1) offer(10_000 + n);
    assert.deepEqual(answers, Array(12).fill([500, '5']));
    for (let n = 1; n <= 8; n += 1) {
      await settle();
      served.shift()?.();
    }
    await settle();
    assert.deepEqual(
      answers.slice(12).map(([status]) => status),
      Array(8).fill(200),
    );
    offer(20_000);
    await settle();
    served.shift()?.();
    await settle();
    assert.equal(answers.at(-1)?.[0], 200);
  });
});
