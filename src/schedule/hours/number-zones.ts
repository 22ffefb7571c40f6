/**
 * In which time zones the holder of a number can be. A number says where it was given out, not where its
 * phone is: of a fixed line, or of a mobile with an area code as in North America, the area is taken; of
 * any other number all zones of its country are possible.
 */
import table from './number-zones.json' with { type: 'json' };

/** What is known of a number besides its digits. */
export interface NumberKind {
  /** ISO 3166 alpha-2; undefined when several share the code and the number does not tell. */
  readonly country: string | undefined;
  /** Its digits tell a place. */
  readonly isGeographic: boolean;
}

export interface NumberZones {
  /** IANA names; empty = nobody knows, as of satellite and international freephone numbers. */
  readonly zones: readonly string[];
  readonly by: 'area' | 'country' | 'unknown';
}

const countries: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(table.countries).map(([country, zones]) => [country, zones.split(' ')]),
);
const prefixes: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(table.prefixes).flatMap(([zones, list]) => {
    const names = zones.split(' ');
    return list.split(' ').map((prefix): [string, readonly string[]] => [prefix, names]);
  }),
);
const PREFIX_DIGITS_MAX = Math.max(...[...prefixes.keys()].map(({ length }) => length));
const COUNTRY_CODE_DIGITS_MAX = 3;

/** @param e164 with `+` */
export function zonesOfNumber(e164: string, { country, isGeographic }: NumberKind): NumberZones {
  const ofCountry = country === undefined ? undefined : countries.get(country);
  const digits = e164.replace(/^\+/, '');
  if (isGeographic) {
    const ofArea = longestMatch(digits, PREFIX_DIGITS_MAX);
    if (ofArea !== undefined) {
      const { zones, length } = ofArea;
      // A prefix no longer than the code names every zone of all who share the code.
      if (length > codeLength(digits) || ofCountry === undefined) return { zones, by: 'area' };
    }
  }
  const zones = ofCountry ?? longestMatch(digits, COUNTRY_CODE_DIGITS_MAX)?.zones ?? [];
  return { zones, by: zones.length > 0 ? 'country' : 'unknown' };
}

/** ITU-T E.164: +1 and +7 are shared by countries; the other codes have two or three digits. */
function codeLength(digits: string): number {
  return /^[17]/.test(digits) ? 1 : 2;
}

function longestMatch(
  digits: string,
  maxLength: number,
): { readonly zones: readonly string[]; readonly length: number } | undefined {
  for (let length = Math.min(maxLength, digits.length); length > 0; length -= 1) {
    const zones = prefixes.get(digits.slice(0, length));
    if (zones !== undefined) return { zones, length };
  }
  return undefined;
}
