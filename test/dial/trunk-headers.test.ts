import assert from 'node:assert/strict';
import { callerOn, isReservedHeader } from '../../src/dial/trunk-headers.js';
import { testTrunk } from '../fakes/service-config.js';

const plain = { ...testTrunk('sip:gw.example.net:5070;transport=tcp'), name: 'gw' };
const sales = { service: 'sales', callerId: '+442079460000', callerName: 'Sales' };

describe('What an INVITE says of the caller', () => {
  it("shows the service's number in the trunk's format", () => {
    assert.deepEqual(callerOn({ ...plain, callerIdFormat: 'digits' }, sales), {
      callerId: '442079460000',
      callerName: 'Sales',
    });
  });

  it("takes the trunk's number of a service first, and its own where there is no other", () => {
    const trunk = { ...plain, callerId: '+1', callerIds: { sales: '+442079460099' } };
    assert.equal(callerOn(trunk, sales).callerId, '+442079460099');
    assert.equal(callerOn(trunk, { service: 'other' }).callerId, '+1');
    assert.equal(callerOn(trunk, { service: 'toString' }).callerId, '+1');
    assert.deepEqual(callerOn(plain, { service: 'other' }), {});
  });

  it('asserts an identity, hides it, and says who diverted the call', () => {
    const trunk = {
      ...plain,
      assertedIdentity: 'caller',
      privacy: 'id',
      diversion: '+441',
      headers: { 'X-Account': '7' },
    } as const;
    assert.deepEqual(callerOn(trunk, sales), {
      callerId: '+442079460000',
      callerName: 'Sales',
      isAnonymous: true,
      headers: {
        'X-Account': '7',
        'P-Asserted-Identity': '<sip:+442079460000@gw.example.net>',
        Privacy: 'id',
        Diversion: '<sip:+441@gw.example.net>;reason=unconditional',
      },
    });
    const fixed = callerOn({ ...plain, assertedIdentity: '+442079460001' }, sales).headers;
    assert.deepEqual(fixed, { 'P-Asserted-Identity': '<sip:+442079460001@gw.example.net>' });
  });

  it('keeps to itself what makes up a call', () => {
    const own = ['From', 'to', 'VIA', 'f', 'Contact', 'Record-Route', 'Content-Type', 'Privacy'];
    for (const name of [...own, 'X Y', 'X-A\r\nB', '']) assert.ok(isReservedHeader(name), name);
    for (const name of ['X-Account', 'P-Charge-Info']) assert.ok(!isReservedHeader(name), name);
  });
});
