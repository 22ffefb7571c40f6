import assert from 'node:assert/strict';
import { planDial } from '../../src/dial/dial-plan.js';
import { testTrunk } from '../fakes/service-config.js';

const rules = {
  country: 'GB',
  allowedCountries: [['GB']],
  refusesImpossibleNumbers: true,
  refusedKinds: ['premium'],
} as const;
const trunk = testTrunk('sip:gw.example.net');
const own = { ownNumber: '+447700900123', prefix: '' };

describe('planDial', () => {
  it("dials the callback's own number as it is", () => {
    const plan = planDial(own, trunk, rules);
    assert.ok(plan.kind === 'dial');
    assert.equal(plan.uri, 'sip:+447700900123@gw.example.net');
    assert.equal(plan.trunk.name, 'sip:gw.example.net');
  });

  it('knows the country whose tones will be heard, from the number that is dialled', () => {
    const countries = ['+447700900123', '+4915112345678', '+16135550100', '+88312345678'].map(
      (ownNumber) => {
        const plan = planDial({ ownNumber, prefix: '00' }, trunk, rules);
        return plan.kind === 'dial' ? plan.country : plan.why;
      },
    );
    assert.deepEqual(countries, ['GB', 'DE', 'CA', undefined]);
  });

  it('puts a prefix before the digits, without the plus', () => {
    const plan = planDial({ ...own, prefix: '91' }, trunk, rules);
    assert.ok(plan.kind === 'dial');
    assert.deepEqual([plan.number, plan.customerNumber], ['91447700900123', '+447700900123']);
  });

  it('reads the number of a reply as one from the API is read', () => {
    const plan = planDial({ ...own, replacement: '07700 900456' }, trunk, rules);
    assert.ok(plan.kind === 'dial');
    assert.equal(plan.customerNumber, '+447700900456');
  });

  for (const replacement of ['+19005550100', '+447700', 'sip:1@evil.example', '1;ext=2', '']) {
    it(`dials nothing when a reply says ${JSON.stringify(replacement)}`, () => {
      assert.equal(planDial({ ...own, replacement }, trunk, rules).kind, 'refused');
    });
  }

  it('says that there is no trunk', () => {
    assert.deepEqual(planDial(own, { none: 'no trunk is configured' }, rules), {
      kind: 'refused',
      why: 'no trunk is configured',
      number: '+447700900123',
    });
  });
});
