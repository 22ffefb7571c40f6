import assert from 'node:assert/strict';
import { hopTo } from '../../../src/adapters/telephony/credentials.js';

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
