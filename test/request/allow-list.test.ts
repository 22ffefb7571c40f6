import assert from 'node:assert/strict';
import {
  isPrefixAllowed,
  judgeAgain,
  judgeDestination,
  numberRulesOf,
} from '../../src/request/allow-list.js';
import { SERVICE_LIMITS, serviceConfig } from '../fakes/service-config.js';

const service = serviceConfig();

describe('What may be dialled', () => {
  const rules = {
    allowedDestinations: ['pbx.example.net', 'bob@sip.example.net', 'other.example.net:5070'],
    numbers: { ...numberRulesOf(service), allowedCountries: [['GB']] },
    trunkUris: ['sip:gw.example.net;transport=tcp'],
  };
  const allowed = [
    'sip:anybody@pbx.example.net',
    'sip:anybody@PBX.example.net:5060;transport=tcp',
    'sip:bob@sip.example.net',
    'sip:1@other.example.net:5070',
    'sip:+442079460123@gw.example.net;user=phone',
    'sip:00442079460123@gw.example.net',
  ];
  for (const uri of allowed) {
    it(`${uri} may be called because somebody on the wire says so`, () => {
      assert.deepEqual(judgeDestination(uri, rules), { ok: true });
    });
  }
  const refused: [string, string][] = [
    ['sip:+442079460123@evil.example.net', 'place-not-allowed'],
    ['sip:+442079460123@gw.example.net:5080', 'place-not-allowed'],
    ['sip:alice@sip.example.net', 'place-not-allowed'],
    ['sip:+14155550132@gw.example.net', 'number-refused'],
    ['sip:+449098123456@gw.example.net', 'number-refused'],
    ['sip:999@gw.example.net', 'number-refused'],
    ['sip:gw.example.net', 'number-refused'],
    ['sip:+442079460123@gw.example.net?Route=evil', 'no-sip-uri'],
    ['sip:a:password@pbx.example.net', 'no-sip-uri'],
    ['tel:+442079460123', 'no-sip-uri'],
    ['', 'no-sip-uri'],
  ];
  for (const [uri, why] of refused) {
    it(`${JSON.stringify(uri)} may not: ${why}`, () => {
      assert.deepEqual(judgeDestination(uri, rules), { ok: false, why });
    });
  }

  it('a number is held against the lists of the service and of all services', () => {
    const own = { ...service, limits: { ...SERVICE_LIMITS, allowedCountries: ['GB', 'DE'] } };
    const numbers = ['+442079460123', '+4930112233', '+14155550132'];
    const ok = (everywhere: Parameters<typeof judgeAgain>[2]) =>
      numbers.filter((number) => judgeAgain(number, own, everywhere).ok);
    assert.deepEqual(ok({ allowedCountries: [] }), numbers.slice(0, 2));
    assert.deepEqual(ok({ allowedCountries: ['US', 'DE'] }), numbers.slice(1, 2));
    const doNotCall = new Set(['+4930112233']);
    assert.deepEqual(ok({ allowedCountries: [], doNotCall }), numbers.slice(0, 1));
  });

  it('a reply puts nothing in front of a number but what the service has or allows', () => {
    const { options } = serviceConfig({ prefixDialOut: '9' });
    const limits = { ...SERVICE_LIMITS, allowedPrefixes: ['0044'] };
    const prefixes = ['', '9', '0044', '0900', '99', '+44'];
    const ok = prefixes.filter((prefix) => isPrefixAllowed(prefix, { options, limits }));
    assert.deepEqual(ok, ['', '9', '0044']);
  });
});
