/**
 * Turns what someone wrote as a telephone number into E.164, or says why not. Every number that is
 * to be dialled passes here, a plugin's as well as a request's: nothing else keeps a stranger from
 * dialling whatever he likes on our trunks.
 *
 * It refuses SIP URIs, letters, extensions, and numbers whose length no numbering plan knows. It
 * judges possibility (length and prefix), not whether the number is assigned: numbering plans change
 * faster than metadata.
 */

import {
  parsePhoneNumberWithError,
  ParseError,
  type CountryCode,
  type PhoneNumber,
} from 'libphonenumber-js/max';
import { numberKindOf, type NumberKind } from './number-kind.js';

export interface NumberRules {
  /** ISO 3166 alpha-2: numbers without `+` are read as of this country. */
  readonly country: string;
  /** Lists of countries that may be dialled; each that is not empty has to have the number's. */
  readonly allowedCountries: readonly (readonly string[])[];
  readonly refusesImpossibleNumbers: boolean;
  readonly refusedKinds: readonly NumberKind[];
  /** Numbers in E.164 that are never dialled. */
  readonly doNotCall?: DoNotCall | undefined;
}

/** Whom not to call. */
export interface DoNotCall {
  has(e164: string): boolean;
}

export type NumberRefusal =
  'unparsable' | 'impossible' | NumberKind | 'country-not-allowed' | 'do-not-call';

export type NumberResult =
  | { readonly ok: true; readonly e164: string }
  | { readonly ok: false; readonly why: NumberRefusal };

/** Digits and the punctuation people write between them; no letters, no `;ext=`, no `sip:`. */
const WRITTEN = /^\+?[0-9][0-9 ().\-/]{1,38}$|^\([0-9][0-9 ().\-/]{1,38}$/;
/** ITU-T E.164 6.2.1: at most 15 digits. */
const E164 = /^\+[1-9][0-9]{2,14}$/;

/** @param text as written by whoever asked, at most 40 characters */
export function normaliseNumber(text: string, rules: NumberRules): NumberResult {
  const parsed = parse(text.trim(), rules.country);
  if (parsed === undefined || !E164.test(parsed.number)) return { ok: false, why: 'unparsable' };
  const kind = numberKindOf(parsed);
  if (kind !== undefined && rules.refusedKinds.includes(kind)) return { ok: false, why: kind };
  if (rules.refusesImpossibleNumbers && !parsed.isPossible()) {
    return { ok: false, why: 'impossible' };
  }
  if (!rules.allowedCountries.every((allowed) => isAllowed(parsed, allowed))) {
    return { ok: false, why: 'country-not-allowed' };
  }
  if (rules.doNotCall?.has(parsed.number)) return { ok: false, why: 'do-not-call' };
  return { ok: true, e164: parsed.number };
}

/**
 * @returns the country of a number in E.164, ISO 3166 alpha-2; the largest one when several share its code and
 *   the number does not tell, undefined when the code is no country's
 */
export function countryOf(e164: string): string | undefined {
  const parsed = parse(e164, 'US');
  return parsed?.country ?? parsed?.getPossibleCountries()[0];
}

/** Types of numbers whose digits name a place; of `FIXED_LINE_OR_MOBILE` countries the mobile ones, too. */
const GEOGRAPHIC: ReadonlySet<string> = new Set(['FIXED_LINE', 'FIXED_LINE_OR_MOBILE']);

/** What a number in E.164 tells of where it was given out. */
export function numberKind(e164: string): {
  readonly country: string | undefined;
  readonly isGeographic: boolean;
} {
  const parsed = parse(e164, 'US');
  return { country: parsed?.country, isGeographic: GEOGRAPHIC.has(parsed?.getType() ?? '') };
}

/** @returns the digits of a number in E.164 as its own country dials it, trunk prefix included */
export function nationalDigits(e164: string): string {
  return (parse(e164, 'US')?.formatNational() ?? e164).replace(/\D/g, '');
}

/** One callback's number is read again and again; reading it anew takes longer than all the rest. */
const KNOWN_MAX = 1000;
const known = new Map<string, PhoneNumber | undefined>();

function parse(written: string, country: string): PhoneNumber | undefined {
  if (!WRITTEN.test(written)) return undefined;
  const key = `${country} ${written}`;
  if (known.has(key)) return known.get(key);
  if (known.size >= KNOWN_MAX) known.clear();
  const parsed = read(written, country);
  known.set(key, parsed);
  return parsed;
}

function read(written: string, country: string): PhoneNumber | undefined {
  try {
    return parsePhoneNumberWithError(written, {
      defaultCountry: country as CountryCode,
      extract: false,
    });
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

function isAllowed(number: PhoneNumber, allowed: readonly string[]): boolean {
  if (allowed.length === 0) return true;
  const countries = number.country ? [number.country] : number.getPossibleCountries();
  return countries.some((country) => allowed.includes(country));
}
