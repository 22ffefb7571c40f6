import assert from 'node:assert/strict';
import { routeTarget } from '../../src/handoff/route-point.js';

const known = {
  routePoints: { 'after-hours': { uri: 'sip:8999@pbx.example.net' } },
  allowedDestinations: ['pbx.example.net', '7001@sbc.example.net', 'lab.example.net:5070'],
};

describe('routeTarget', () => {
  it('knows route points by name', () => {
    assert.deepEqual(routeTarget('after-hours', known), {
      kind: 'uri',
      uri: 'sip:8999@pbx.example.net',
    });
  });

  it('takes a SIP URI on an allowed host, or an allowed user at a host', () => {
    assert.equal(routeTarget('sip:1234@PBX.example.net:5060', known).kind, 'uri');
    assert.equal(routeTarget('sip:1234@lab.example.net:5070', known).kind, 'uri');
    assert.equal(routeTarget('sip:7001@sbc.example.net', known).kind, 'uri');
  });

  for (const destination of [
    'sip:7002@sbc.example.net',
    'sip:1234@pbx.example.net:5070',
    'sip:1234@lab.example.net',
    'sip:1@evil.example',
    '+19005550100',
    'constructor',
    '__proto__',
    'sip:1@pbx.example.net\r\nX: y',
    'sip:a@b@pbx.example.net',
    'sip:1@pbx.example.net?Route=evil',
    '',
  ]) {
    it(`refuses ${JSON.stringify(destination)}`, () => {
      assert.equal(routeTarget(destination, known).kind, 'refused');
    });
  }
});
