import assert from 'node:assert/strict';
import { routeTarget, type RouteDestinations } from '../../src/handoff/route-point.js';

const known: RouteDestinations = {
  routePoints: {
    'after-hours': { uri: 'sip:8999@pbx.example.net' },
    elsewhere: { uri: 'sip:1@carrier.example.net', transfer: 'refer' },
  },
  allowedDestinations: ['pbx.example.net', '7001@sbc.example.net', 'lab.example.net:5070'],
  transfer: 'bridge',
};

describe('routeTarget', () => {
  it('knows route points by name', () => {
    assert.deepEqual(routeTarget('after-hours', known), {
      kind: 'uri',
      uri: 'sip:8999@pbx.example.net',
      transfer: 'bridge',
    });
  });

  it('goes there as the route point says, else as the service does', () => {
    const transferOf = (name: string, transfer: 'bridge' | 'refer') => {
      const target = routeTarget(name, { ...known, transfer });
      return target.kind === 'uri' ? target.transfer : target.why;
    };
    assert.equal(transferOf('elsewhere', 'bridge'), 'refer');
    assert.equal(transferOf('after-hours', 'refer'), 'refer');
  });

  it('sends numbers to the PBX that may call them, and to nobody else', () => {
    const uriOf = (number: string, numbersTo: string) => {
      const target = routeTarget(number, { ...known, numbersTo });
      return target.kind === 'uri' ? target.uri : target.why;
    };
    assert.equal(uriOf('+15550100', 'pbx.example.net'), 'sip:+15550100@pbx.example.net');
    assert.equal(uriOf('7001', 'sbc.example.net'), 'sip:7001@sbc.example.net');
    assert.match(uriOf('7002', 'sbc.example.net'), /sbc\.example\.net is not among allowed/);
    assert.match(uriOf('7001', 'sbc.example.net:5070'), /sbc\.example\.net:5070 is not/);
  });

  it('says why, with the name that was probably meant, and without repeating what came', () => {
    const why = (destination: string) => {
      const target = routeTarget(destination, known);
      return target.kind === 'refused' ? target.why : 'taken';
    };
    assert.match(why('after-hour'), /did you mean after-hours\?/);
    assert.match(why('+19005550100'), /routeNumbersTo/);
    assert.doesNotMatch(why('sip:a\r\nX: y@pbx.example.net'), /X: y/);
  });

  it('takes a SIP URI on an allowed host, or an allowed user at a host', () => {
    assert.equal(routeTarget('sip:1234@PBX.example.net:5060', known).kind, 'uri');
    assert.equal(routeTarget('sip:1234@lab.example.net:5070', known).kind, 'uri');
    assert.equal(routeTarget('sip:7001@sbc.example.net', known).kind, 'uri');
    const allowedDestinations = ['sbc.example.net:5060'];
    const written = { ...known, allowedDestinations };
    assert.equal(routeTarget('sip:7001@sbc.example.net', written).kind, 'uri');
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
