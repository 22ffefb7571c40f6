/**
 * Numbers as a trunk wants them written, and the request-URI made of one. Pure; the only place where
 * digits become part of a SIP URI.
 */
import { countryOf, nationalDigits } from '../request/customer-number.js';
import { hostPartOf, type NumberFormat, type Trunk } from './trunk.js';

const E164 = /^\+[1-9][0-9]{2,14}$/;
const DIALLABLE = /^\+?[0-9]{1,32}$/;

type Numbering = Pick<Trunk, 'internationalPrefix' | 'country'>;

/** @param number in E.164; anything else is left as it is */
export function formatNumber(number: string, format: NumberFormat, trunk: Numbering): string {
  if (!E164.test(number)) return number;
  const digits = number.slice(1);
  const abroad = (trunk.internationalPrefix ?? '00') + digits;
  switch (format) {
    case 'e164':
      return number;
    case 'digits':
      return digits;
    case 'international':
      return abroad;
    case 'national':
      return countryOf(number) === trunk.country ? nationalDigits(number) : abroad;
  }
}

/**
 * @param number E.164
 * @param prefix put before it by the service or a reply; an international number loses its `+` behind it
 * @returns what is dialled on this trunk
 */
export function dialledNumber(trunk: Trunk, number: string, prefix = ''): string {
  const formatted = formatNumber(number, trunk.numberFormat ?? 'e164', trunk);
  const before = (trunk.numberPrefix ?? '') + prefix;
  return before === '' ? formatted : before + formatted.replace(/^\+/, '');
}

/**
 * @param number digits, a leading `+` allowed; anything else is refused, so that text from outside
 *   never becomes part of a request-URI
 * @returns `sip:number@trunk`, or undefined when the number cannot be dialled
 */
export function requestUriFor(trunk: Pick<Trunk, 'uri'>, number: string): string | undefined {
  if (!DIALLABLE.test(number)) return undefined;
  const { scheme, host } = hostPartOf(trunk);
  return host === '' ? undefined : `${scheme}:${number}@${host}`;
}
