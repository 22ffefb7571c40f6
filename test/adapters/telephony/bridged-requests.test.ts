/**
 * What either side of a bridged conversation may ask for inside its dialog, and what it is answered:
 * against the embedded engine or real servers.
 */
import assert from 'node:assert/strict';
import type { AskedReferral } from '../../../src/ports.js';
import type { SipText } from '../../sip/far-party.js';
import { eventually, type LiveCall, useSite } from './site.js';

const TONE_HZ = { customer: 600, agent: 900 } as const;

type Side = keyof typeof TONE_HZ;
type Asked = NonNullable<Parameters<LiveCall['far']['call']['request_']>[1]>;

describe('in a bridged conversation', function () {
  this.timeout(60_000);
  const site = useSite();
  let calls: Record<Side, LiveCall>;
  let version = 1;

  beforeEach(async () => {
    calls = { customer: await site().call(), agent: await site().call() };
    for (const side of ['customer', 'agent'] as const) {
      const { dialog, endpoint, far } = calls[side];
      dialog.onOffer((sdp) => endpoint.answer(sdp));
      await far.request('ACK');
      far.rtp.sendTone(endpoint.localSdp, TONE_HZ[side]);
    }
    await calls.customer.endpoint.bridge(calls.agent.endpoint);
  });

  /** A test that hangs up before the site is looked over. */
  function tried(what: string, test: () => Promise<void>): void {
    it(what, async () => {
      await test();
      await site().hangUp(calls.customer, calls.agent);
    });
  }

  /** @returns the final response; one to an INVITE is acknowledged, with `answer` where the offer was ours */
  async function ask(
    { far }: LiveCall,
    method: string,
    asked: Asked = {},
    answer?: string,
  ): Promise<SipText & { readonly status: number }> {
    far.call.request_(method, asked);
    const cseq = `${far.cseq} ${method}`;
    const final = (): SipText | undefined =>
      far.received.find(
        (each) => /^SIP\/2.0 [2-6]/.test(each.start) && each.header('cseq') === cseq,
      );
    await eventually(() => assert.ok(final(), `no answer to ${cseq}`));
    if (method === 'INVITE') {
      far.cseq -= 1; // an ACK has the number of its INVITE
      far.call.request_('ACK', answer === undefined ? {} : { sdp: answer });
    }
    const response = final();
    assert.ok(response);
    return { ...response, status: Number(response.start.split(' ')[1]) };
  }

  /** The side's own description, changed, as its next one. */
  function described({ far }: LiveCall, change: (sdp: string) => string): string {
    version += 1;
    return change(far.rtp.sdp).replace(/^o=far 1 1/m, `o=far 1 ${version}`);
  }

  async function theyTalk(): Promise<void> {
    const { customer, agent } = calls;
    await customer.far.rtp.hears(TONE_HZ.agent);
    await agent.far.rtp.hears(TONE_HZ.customer);
    assert.ok(!customer.dialog.hasEnded && !agent.dialog.hasEnded);
  }

  for (const side of ['customer', 'agent'] as const) {
    const HOLDS: Readonly<Record<string, (sdp: string) => string>> = {
      'a=sendonly': (sdp) => `${sdp}a=sendonly\r\n`,
      // RFC 2543's hold, which RFC 3264 8.4 has every agent understand.
      'c=0.0.0.0': (sdp) => sdp.replace('c=IN IP4 127.0.0.1', 'c=IN IP4 0.0.0.0'),
    };
    for (const [how, hold] of Object.entries(HOLDS)) {
      for (const method of ['INVITE', 'UPDATE'] as const) {
        tried(
          `the ${side} holds by ${method} with ${how}, hears nothing, and resumes`,
          async () => {
            await theyTalk();
            const held = await ask(calls[side], method, { sdp: described(calls[side], hold) });
            assert.equal(held.status, 200);
            assert.match(held.body, /^m=audio [1-9]/m);
            await calls[side].far.rtp.isQuiet();
            const sdp = described(calls[side], (own) => own);
            assert.equal((await ask(calls[side], method, { sdp })).status, 200);
            await theyTalk();
          },
        );
      }
    }

    tried(`the ${side} changes to another codec`, async () => {
      const sdp = described(calls[side], (own) =>
        own.replace('RTP/AVP 0 101', 'RTP/AVP 8 101').replace('0 PCMU', '8 PCMA'),
      );
      const response = await ask(calls[side], 'INVITE', { sdp });
      assert.equal(response.status, 200);
      assert.match(response.body, /^m=audio [1-9]\d* RTP\/AVP 8\b/m);
      calls[side].far.rtp.sendTone(response.body, TONE_HZ[side], 0.5, 'PCMA');
      await theyTalk();
      assert.equal(calls[side].far.rtp.packets.at(-1)?.law, 'PCMA');
    });

    tried(`the ${side} asks for an offer of ours, and answers it in the ACK`, async () => {
      const answer = described(calls[side], (own) => own);
      const response = await ask(calls[side], 'INVITE', {}, answer);
      assert.equal(response.status, 200);
      assert.match(response.body, /^m=audio [1-9]\d* RTP\/AVP [^\r]*\b0\b/m);
      await theyTalk();
    });

    tried(`the ${side} may be followed in a REFER, and is told how it goes`, async () => {
      const call = calls[side];
      let tell: ReturnType<AskedReferral['follow']> = () => undefined;
      const targets: string[] = [];
      call.dialog.onRefer((asked) => {
        targets.push(asked.target);
        tell = asked.follow();
      });
      call.far.onRequest = (far, request) => far.respondTo(request, 200, 'OK');
      const to = (target: string) => ({ headers: { 'refer-to': target } });
      assert.equal((await ask(call, 'REFER', to('"B" <sip:b@127.0.0.1:5999>'))).status, 202);
      tell(180, 'Ringing');
      tell(200, 'OK');
      await eventually(() => assert.equal(call.far.requests('NOTIFY').length, 2));
      const [first, last] = call.far.requests('NOTIFY');
      assert.equal(first?.body, 'SIP/2.0 180 Ringing\r\n');
      assert.match(first?.header('subscription-state') ?? '', /^active/);
      assert.equal(first?.header('content-type'), 'message/sipfrag;version=2.0');
      assert.equal(last?.body, 'SIP/2.0 200 OK\r\n');
      assert.match(last?.header('subscription-state') ?? '', /^terminated/);
      const attended = '<sip:b@127.0.0.1:5999?Replaces=1%3Bto-tag%3Da%3Bfrom-tag%3Db>';
      assert.equal((await ask(call, 'REFER', to(attended))).status, 501);
      assert.equal((await ask(call, 'REFER', to('<tel:+19005550100>'))).status, 400);
      assert.deepEqual(targets, ['sip:b@127.0.0.1:5999']);
      await theyTalk();
    });

    tried(`the ${side} refreshes the session by UPDATE without SDP`, async () => {
      const response = await ask(calls[side], 'UPDATE');
      assert.deepEqual([response.status, response.body], [200, '']);
      await theyTalk();
    });

    tried(
      `the ${side} may not transfer the other by REFER: it is told so, and they go on`,
      async () => {
        const headers = { 'refer-to': '<sip:+19005550100@127.0.0.1:5999>' };
        const response = await ask(calls[side], 'REFER', { headers });
        assert.equal(response.status, 405);
        assert.match(response.header('allow') ?? '', /INVITE(?!.*REFER)/);
        await theyTalk();
      },
    );
  }
});
