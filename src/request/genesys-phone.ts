/**
 * GMS' check of a telephone number, before a callback is asked for.
 * Source: GMS "Phone Number Validation API", and answers that tests of GMS 8.5.11x expect.
 */

import type { FastifyInstance } from 'fastify';
import {
  isSupportedCountry,
  parsePhoneNumberWithError,
  ParseError,
  type CountryCode,
  type PhoneNumber,
} from 'libphonenumber-js/max';
import { zonesOfNumber } from '../schedule/hours/number-zones.js';
import { numberKind } from './customer-number.js';
import { PHONE, PHONE_QUERY } from './genesys-offer-schemas.js';
import { ERRORS, TAGS } from './genesys-schemas.js';
import { RequestProblem, shownNumber, shownValue } from './problem.js';

interface Query {
  readonly number: string;
  readonly country: string;
  readonly geocodingLocale: string;
}

/** Countries that keep the 0 in front of a number in its international form. */
const ITALIAN = ['IT', 'SM', 'VA'];

export function registerGenesysPhone(api: FastifyInstance): void {
  api.get<{ Querystring: Query }>(
    '/genesys/1/phonenumber',
    {
      schema: {
        ...{ tags: TAGS, summary: 'Check a telephone number', querystring: PHONE_QUERY },
        response: { 200: PHONE, ...ERRORS },
      },
    },
    ({ query: { number, country, geocodingLocale } }) => {
      // A `+` that was not escaped arrives as a blank.
      const written = number.startsWith(' ') ? `+${number.slice(1)}` : number;
      const asOf = countryNamed(country);
      const locale = localeNamed(geocodingLocale);
      return describeNumber(read(written, asOf), { written, asOf, locale });
    },
  );
}

function countryNamed(text: string): CountryCode {
  const country = text.toUpperCase();
  if (isSupportedCountry(country)) return country;
  const rule = 'a country of ISO 3166 that has telephone numbers';
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `country has to be ${rule}.`, {
    fault: { field: 'country', value: shownValue(text), rule },
  });
}

/** The pattern of the schema lets through a few that are none. */
function localeNamed(text: string): Intl.Locale {
  try {
    return new Intl.Locale(text.replaceAll('_', '-'));
  } catch {
    const rule = 'a language tag of BCP 47, as en or pt-BR';
    throw new RequestProblem('CBD_REQUEST_MALFORMED', `geocodingLocale has to be ${rule}.`, {
      fault: { field: 'geocodingLocale', value: shownValue(text), rule },
    });
  }
}

function read(written: string, asOf: CountryCode): PhoneNumber {
  try {
    return parsePhoneNumberWithError(written, { defaultCountry: asOf, extract: false });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const shown = shownNumber(written);
    throw new RequestProblem(
      'CBD_REQUEST_NUMBER_UNPARSABLE',
      `Invalid Phone Number ${shown} for Country ${asOf} (parsing impossible)`,
      { fault: { field: 'number', value: shown, rule: 'a telephone number' } },
    );
  }
}

interface Asked {
  readonly written: string;
  readonly asOf: CountryCode;
  readonly locale: Intl.Locale;
}

function describeNumber(number: PhoneNumber, { written, asOf, locale }: Asked) {
  const { country, nationalNumber } = number;
  const type = number.getType();
  const isRead = number.country === asOf;
  return {
    'number-specified': written,
    'country-default': asOf,
    'language-specified': locale.language,
    'country-code': Number(number.countryCallingCode),
    'country-code-source': sourceOf(written, isRead),
    'region-code': country ?? '',
    'number-E164': number.number,
    'number-international': number.formatInternational(),
    'number-national': number.formatNational(),
    'number-national-short': String(nationalNumber),
    'number-original': originalOf(number, written),
    'number-type': type ?? 'UNKNOWN',
    extension: number.ext ?? '',
    'is-possible-number': number.isPossible(),
    'is-valid-number': number.isValid(),
    'is-valid-number-for-region': isRead && number.isValid(),
    'is-premium': type === 'PREMIUM_RATE',
    'italian-leading-zero': ITALIAN.includes(country ?? '') && nationalNumber.startsWith('0'),
    location: locationOf(country, locale),
    'time-zone': zonesOfNumber(number.number, numberKind(number.number)).zones.join(','),
    carrier: '',
  };
}

function sourceOf(written: string, isRead: boolean): string {
  if (written.trim().startsWith('+')) return 'FROM_NUMBER_WITH_PLUS_SIGN';
  return isRead ? 'FROM_DEFAULT_COUNTRY' : 'FROM_NUMBER_WITH_IDD';
}

/** The number as it was given, with the blanks of its country: with a prefix only where one was. */
function originalOf(number: PhoneNumber, written: string): string {
  const international = number.formatInternational();
  if (written.trim().startsWith('+')) return international;
  const national = number.formatNational();
  const isWhole = digitsOf(national) === digitsOf(written);
  return isWhole ? national : international.replace(/^\+\d+ /, '');
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

function locationOf(country: string | undefined, locale: Intl.Locale): string {
  if (country === undefined) return '';
  return new Intl.DisplayNames([locale.baseName], { type: 'region' }).of(country) ?? '';
}
