import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normaliseNumber, type NumberRules } from '../../src/request/customer-number.js';

const rules: NumberRules = {
  country: 'US',
  allowedCountries: [],
  refusesImpossibleNumbers: true,
  refusesPremiumNumbers: true,
};

describe('A customer number', () => {
  const accepted: [string, string, Partial<NumberRules>, string][] = [
    ['+15550001234', '+15550001234', {}, 'possible, though not assigned'],
    ['(415) 555-0132', '+14155550132', {}, 'national, with punctuation'],
    ['415.555.0132', '+14155550132', {}, 'dots'],
    [' +44 20 7946 0123 ', '+442079460123', {}, 'international, with blanks'],
    ['020 7946 0123', '+442079460123', { country: 'GB' }, "read as of the service's country"],
    ['+1 555', '+1555', { refusesImpossibleNumbers: false }, 'too short, and allowed to be'],
    ['+44 20 7946 0123', '+442079460123', { allowedCountries: ['GB'] }, 'an allowed country'],
    [
      '+15550001234',
      '+15550001234',
      { allowedCountries: ['US'] },
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
    ['+442079460123', 'country-not-allowed', { allowedCountries: ['US', 'DE'] }, 'abroad'],
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
