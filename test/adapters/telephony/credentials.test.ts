import assert from 'node:assert/strict';
import { answerChallenges, hopTo } from '../../../src/adapters/telephony/credentials.js';

describe('The next hop, as drachtio-srf is told it', () => {
  for (const [uri, proxyUri, hop] of [
    ['sip:+12125550100@gw.example.net', undefined, undefined],
    ['sip:+12125550100@gw.example.net;transport=tls', undefined, undefined],
    ['sip:+12125550100@gw.example.net', 'sip:proxy.example.net', 'sip:proxy.example.net'],
    ['sips:+12125550100@gw.example.net', undefined, 'sips:gw.example.net;transport=tls'],
    ['sips:gw.example.net:5071', undefined, 'sips:gw.example.net:5071;transport=tls'],
    ['sips:1@[2001:db8::1]:5071', undefined, 'sips:[2001:db8::1]:5071;transport=tls'],
    ['sips:1@gw.example.net;user=phone', undefined, 'sips:gw.example.net;user=phone;transport=tls'],
    ['sips:1@gw.example.net;transport=tcp;lr', undefined, 'sips:gw.example.net;lr;transport=tls'],
    ['sip:1@gw.example.net', 'sips:proxy.example.net', 'sips:proxy.example.net;transport=tls'],
    ['sips:1@gw.example.net', 'sip:10.0.0.1', 'sip:10.0.0.1'],
  ] as const) {
    it(`is ${hop ?? 'the URI’s'} for ${uri} by way of ${proxyUri ?? 'nobody'}`, () => {
      assert.equal(hopTo(uri, proxyUri), hop);
    });
  }
});

describe('Credentials', () => {
  /** @returns whether they are given to whoever asks so */
  function asked(mayLearn?: () => boolean) {
    const challenged = answerChallenges({ username: 'acme', password: 'secret' }, mayLearn);
    return (status: 401 | 407, realm: string, sent: string[] = []): boolean => {
      let isGiven = false;
      challenged(
        { has: (name) => sent.includes(name) },
        { status, get: () => `Digest realm="${realm}", nonce="1"` },
        (error, _username, password) => (isGiven = error === null && password === 'secret'),
      );
      return isGiven;
    };
  }

  it('are given to one realm of a trunk and one of its proxy, and to no other', () => {
    const isGiven = asked();
    assert.equal(isGiven(407, 'proxy'), true);
    assert.equal(isGiven(401, 'trunk', ['Proxy-Authorization']), true);
    assert.equal(isGiven(401, 'stranger'), false);
    assert.equal(isGiven(407, 'trunk'), false);
    assert.equal(isGiven(401, 'trunk'), true);
  });

  it('are given to nobody whose realm comes up only once the call is answered', () => {
    let isAnswered = false;
    const isGiven = asked(() => !isAnswered);
    assert.equal(isGiven(401, 'trunk'), true);
    isAnswered = true;
    assert.equal(isGiven(401, 'trunk'), true, 'a BYE');
    assert.equal(isGiven(401, 'callee'), false);
    assert.equal(isGiven(407, 'trunk'), false);
  });
});
