import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normaliseNumber, type NumberRules } from '../../src/request/customer-number.js';

const rules: NumberRules = {
  country: 'US',
  allowedCountries: [],
  refusesImpossibleNumbers: true,
  refusedKinds: ['premium', 'shared-cost', 'personal', 'satellite', 'short', 'emergency'],
};

describe('A customer number', () => {
  const accepted: [string, string, Partial<NumberRules>, string][] = [
    ['+15550001234', '+15550001234', {}, 'possible, though not assigned'],
    ['(415) 555-0132', '+14155550132', {}, 'national, with punctuation'],
    ['415.555.0132', '+14155550132', {}, 'dots'],
    [' +44 20 7946 0123 ', '+442079460123', {}, 'international, with blanks'],
    ['020 7946 0123', '+442079460123', { country: 'GB' }, "read as of the service's country"],
    ['+1 555 1234', '+15551234', { refusesImpossibleNumbers: false }, 'short, and allowed to be'],
    ['+290 2345', '+2902345', {}, 'four digits, where numbers are that short'],
    ['+44 20 7946 0123', '+442079460123', { allowedCountries: [['GB'], []] }, 'an allowed country'],
    [
      '+15550001234',
      '+15550001234',
      { allowedCountries: [['US']] },
      'no country for sure, US possible',
    ],
  ];
  for (const [written, e164, changes, why] of accepted) {
    it(`${JSON.stringify(written)} becomes ${e164}: ${why}`, () => {
      assert.deepEqual(normaliseNumber(written, { ...rules, ...changes }), { ok: true, e164 });
    });
  }

  const refused: [string, string, Partial<NumberRules>, string][] = [
    ['sip:bob@example.com', 'unparsable', {}, 'a SIP URI'],
    ['+14155550132@evil.example', 'unparsable', {}, 'a user part of one'],
    ['tel:+14155550132', 'unparsable', {}, 'a tel URI'],
    ['1-800-FLOWERS', 'unparsable', {}, 'letters'],
    ['+14155550132;ext=5', 'unparsable', {}, 'an extension'],
    ['+14155550132\r\nX: y', 'unparsable', {}, 'a line break'],
    ['', 'unparsable', {}, 'nothing'],
    ['٤١٥٥٥٥٠١٣٢', 'unparsable', {}, 'digits of another script'],
    ['555-2336', 'impossible', {}, 'too short for its country'],
    ['+1415555013211', 'impossible', {}, 'too long for its country'],
    ['+1 900 555 0123', 'premium', {}, 'a premium rate number'],
    ['+979 1234 5678', 'premium', {}, 'international premium rate'],
    ['01801 234567', 'shared-cost', { country: 'DE' }, 'a number with shared cost'],
    ['+44 70 1234 5678', 'personal', {}, 'a personal number'],
    ['+881 6 1234 5678', 'satellite', {}, 'a satellite phone'],
    ['911', 'emergency', {}, 'an emergency service'],
    ['+49 112', 'emergency', { refusesImpossibleNumbers: false }, 'one, with a country in front'],
    ['110', 'emergency', { country: 'DE', refusesImpossibleNumbers: false }, 'one, of its country'],
    ['118 712', 'short', { country: 'FR', refusesImpossibleNumbers: false }, 'a short code'],
    ['+442079460123', 'country-not-allowed', { allowedCountries: [['GB'], ['US']] }, 'one list'],
    ['+442079460123', 'do-not-call', { doNotCall: new Set(['+442079460123']) }, 'on the list'],
    ['+442079460123', 'country-not-allowed', { allowedCountries: [['US', 'DE']] }, 'abroad'],
  ];
  for (const [written, why, changes, reason] of refused) {
    it(`${JSON.stringify(written)} is refused as ${why}: ${reason}`, () => {
      assert.deepEqual(normaliseNumber(written, { ...rules, ...changes }), { ok: false, why });
    });
  }

  it('never lets anything but E.164 through, and never throws', () => {
    const piece = fc.constantFrom(
      '+',
      '1',
      '55',
      '0',
      ' ',
      '-',
      '(',
      ')',
      ';',
      '@',
      'a',
      '\n',
      '٣',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 30 }).map((p) => p.join('')),
    );
    fc.assert(
      fc.property(text, fc.boolean(), (written, refusesImpossibleNumbers) => {
        const result = normaliseNumber(written, { ...rules, refusesImpossibleNumbers });
        if (result.ok) assert.match(result.e164, /^\+[1-9][0-9]{2,14}$/);
      }),
    );
  });
});
