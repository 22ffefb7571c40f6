import assert from 'node:assert/strict';
import { dialledNumber, formatNumber, requestUriFor } from '../../src/dial/trunk-number.js';
import type { NumberFormat } from '../../src/dial/trunk.js';
import { testTrunk } from '../fakes/service-config.js';

describe('requestUriFor', () => {
  it('puts the number before the trunk and keeps port and parameters', () => {
    assert.equal(
      requestUriFor({ uri: 'sip:gw.example.net:5070;transport=tcp' }, '+15550100'),
      'sip:+15550100@gw.example.net:5070;transport=tcp',
    );
    assert.equal(requestUriFor({ uri: 'sips:gw.example.net' }, '0123'), 'sips:0123@gw.example.net');
  });

  for (const number of ['', '+', '1;ext=2', '1@evil.example', 'sip:1@x', '1\r\nX: y', '${1}']) {
    it(`refuses to dial ${JSON.stringify(number)}`, () => {
      assert.equal(requestUriFor({ uri: 'sip:gw.example.net' }, number), undefined);
    });
  }
});

describe('dialledNumber', () => {
  const GB = '+442079460000';
  const FORMATS: [NumberFormat, string, string][] = [
    ['e164', GB, '+442079460000'],
    ['digits', GB, '442079460000'],
    ['international', GB, '00442079460000'],
    ['national', GB, '02079460000'],
    ['national', '+4930901820', '004930901820'],
  ];
  for (const [numberFormat, number, dialled] of FORMATS) {
    it(`writes ${number} as ${dialled} where the trunk wants ${numberFormat}`, () => {
      const trunk = { ...testTrunk('sip:gw'), numberFormat, country: 'GB' };
      assert.equal(dialledNumber(trunk, number), dialled);
    });
  }

  it('leaves out the trunk prefix of countries that have none, and uses their way out', () => {
    const trunk = { ...testTrunk('sip:gw'), country: 'US', internationalPrefix: '011' };
    const dial = (number: string) => dialledNumber({ ...trunk, numberFormat: 'national' }, number);
    assert.equal(dial('+12125550100'), '2125550100');
    assert.equal(dial(GB), '011442079460000');
  });

  it("puts the trunk's prefix before the service's, and both before the digits", () => {
    const trunk = { ...testTrunk('sip:gw'), numberPrefix: '77' };
    assert.equal(dialledNumber(trunk, GB, '9'), '779442079460000');
  });

  it('leaves alone what is no number in E.164', () => {
    assert.equal(formatNumber('reception', 'national', { country: 'GB' }), 'reception');
    assert.equal(formatNumber('1000', 'international', {}), '1000');
  });
});
