import assert from 'node:assert/strict';
import { isCarriers, mayRedirectTo } from '../../src/dial/redirection.js';
import { testTrunk } from '../fakes/service-config.js';

const RULES = {
  allowedDestinations: ['pbx.example.net'],
  numbers: {
    country: 'DE',
    allowedCountries: [['DE', 'GB']],
    refusesImpossibleNumbers: true,
    refusedKinds: ['premium' as const],
  },
};

describe('A 3xx of a trunk', () => {
  const trunk = {
    ...testTrunk('sip:gw.example.net:5070;transport=tcp'),
    redirectsTo: ['gw2.example.net'],
    allowedCountries: ['DE'],
  };

  for (const [uri, may] of [
    ['sip:+493012345678@gw.example.net:5070', true],
    ['sip:+493012345678@GW2.example.net;transport=udp', true],
    ['sip:anybody@pbx.example.net', true],
    ['sip:+442079460000@gw.example.net:5070', false], // not a country of this trunk
    ['sip:+33142685300@gw.example.net:5070', false], // not one of the service
    ['sip:+499001234567@gw.example.net:5070', false], // premium rate
    ['sip:+493012345678@gw.example.net', false], // another port is another server
    ['sip:+493012345678@127.0.0.1:5070', false],
    ['sip:+493012345678@10.0.0.1', false],
    ['sip:+493012345678@[::1]:5070', false],
    ['sip:+493012345678@gw.example.net:5070;maddr=10.0.0.1', false],
    ['sip:+493012345678@gw.example.net:5070?Route=%3Csip:10.0.0.1%3E', false],
    ['sip:+493012345678@gw.example.net:5070@10.0.0.1', false],
    ['sip:+493012345678@gw.example.net:5070\r\nX: y', false],
    ['tel:+493012345678', false],
    ['sip:anybody@pbx.example.ne;lrt', false], // not a parameter: half of another host's name
    ['sip:+4930123456;lr78@gw.example.net:5070', false], // nor half of another number
  ] as const) {
    it(`${may ? 'may' : 'may not'} point to ${JSON.stringify(uri)}`, () => {
      assert.equal(mayRedirectTo(uri, trunk, RULES), may);
    });
  }

  it('may point to any country of the service on a trunk that dials all', () => {
    const all = { ...trunk, allowedCountries: [] };
    assert.ok(mayRedirectTo('sip:+442079460000@gw.example.net:5070', all, RULES));
  });

  it('may not lead a call out of TLS, unless a proxy has it anyway', () => {
    const to = (uri: string, own: string, proxyUri?: string) =>
      mayRedirectTo(uri, { ...testTrunk(own), proxyUri }, RULES);
    for (const own of ['sips:gw.example.net', 'sip:gw.example.net;transport=tls']) {
      assert.equal(to('sip:+493012345678@gw.example.net', own), false);
      assert.equal(to('sip:+493012345678@gw.example.net;transport=udp', own), false);
      assert.equal(to('sip:anybody@pbx.example.net', own), false);
      assert.ok(to('sip:+493012345678@gw.example.net;transport=tls', own));
      assert.ok(to('sips:+493012345678@gw.example.net', own));
      assert.ok(!to('sip:1;transport=tls@10.0.0.9:5080', own), 'a user part of that look');
      assert.ok(to('sip:+493012345678@gw.example.net', own, 'sips:proxy.example.net'));
    }
  });

  it('makes nobody the carrier who is not its own or named as such', () => {
    for (const [uri, is] of [
      ['sip:+493012345678@gw.example.net:5070', true],
      ['sip:+493012345678@GW2.example.net;transport=udp', true],
      ['sip:anybody@pbx.example.net', false],
      ['sip:+493012345678@gw.example.net', false],
      ['sip:+493012345678@gw.example.net:5070;maddr=10.0.0.1', false],
      ['sip:gw.example.net:5070@10.0.0.1', false],
    ] as const)
      assert.equal(isCarriers(uri, trunk), is, uri);
  });
});
