/**
 * What kind of number it is, as far as that is a reason not to dial it: those that cost the caller, or
 * that nobody is to be called back at. Kinds come from libphonenumber's tables; those tables do not
 * hold short numbers and emergency services, so these are told by their length.
 */
import type { PhoneNumber } from 'libphonenumber-js/max';
import type { NUMBER_KINDS } from '../config/schema-terms.js';

export type NumberKind = 'premium' | (typeof NUMBER_KINDS)[number];

/** Global services of ITU-T E.164.1: satellite 870, 881; networks 882, 883. */
const GLOBAL_NETWORKS = new Set(['870', '881', '882', '883']);
/** International premium rate, ITU-T E.169.2. */
const GLOBAL_PREMIUM = '979';
/** Emergency services have two or three digits, in one country or another any of them. */
const EMERGENCY_MAX_DIGITS = 3;
/** What has fewer digits than any subscriber of its country is a short code. */
const SHORT_MAX_DIGITS = 6;

const BY_TYPE: Readonly<Record<string, NumberKind>> = {
  PREMIUM_RATE: 'premium',
  SHARED_COST: 'shared-cost',
  PERSONAL_NUMBER: 'personal',
};

/** @returns undefined for an ordinary number */
export function numberKindOf(number: PhoneNumber): NumberKind | undefined {
  const { nationalNumber, countryCallingCode } = number;
  if (nationalNumber.length <= EMERGENCY_MAX_DIGITS) return 'emergency';
  // Some small countries have numbers of four digits: those are possible there.
  if (nationalNumber.length <= SHORT_MAX_DIGITS && !number.isPossible()) return 'short';
  if (countryCallingCode === GLOBAL_PREMIUM) return 'premium';
  if (GLOBAL_NETWORKS.has(countryCallingCode)) return 'satellite';
  return BY_TYPE[number.getType() ?? ''];
}
