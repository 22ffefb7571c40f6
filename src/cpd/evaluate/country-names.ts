/**
 * Country names as tables of tones write them, to ISO 3166 codes. Names that the runtime's own list of
 * regions knows are taken from there; only those that differ are written down.
 */

/** Former and unusual names, in their normal form. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  uk: 'GB',
  'ascension islands': 'AC',
  'brunei darussalam': 'BN',
  'channel islands jersey': 'JE',
  'channel islands guernsey': 'GG',
  'czech republic': 'CZ',
  'diego garcia': 'IO',
  guiana: 'GF',
  'hong kong': 'HK',
  'ivory coast': 'CI',
  'kiribati republic': 'KI',
  korea: 'KR',
  'lao p d r': 'LA',
  macau: 'MO',
  'rwandese republic': 'RW',
  'sao tome e principe': 'ST',
  swaziland: 'SZ',
  turkey: 'TR',
  'wallis futuna islands': 'WF',
  'western samoa': 'WS',
  yugoslavia: 'RS',
};

let knownNames: ReadonlyMap<string, string> | undefined;

/**
 * @param name a two-letter key such as `us`, or a name such as `Poland` or `Guadeloupe (French Dep.)`
 * @returns ISO 3166 alpha-2, or undefined when it is empty or not known
 */
export function countryCode(name: string): string | undefined {
  const normal = normalise(name);
  const other = OTHER_NAMES[normal];
  if (other) return other;
  const names = (knownNames ??= runtimeNames());
  if (/^[a-z]{2}$/.test(normal)) {
    const code = normal.toUpperCase();
    return [...names.values()].includes(code) ? code : undefined;
  }
  return names.get(normal);
}

function runtimeNames(): Map<string, string> {
  const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(65 + i));
  const names = new Map<string, string>();
  for (const first of letters) {
    for (const second of letters) {
      const code = first + second;
      const name = regions.of(code);
      // Withdrawn codes have the name of their successor: FX is France, UK the United Kingdom, SU Russia.
      if (name !== undefined)
        names.set(normalise(name), new Intl.Locale('und', { region: code }).region ?? code);
    }
  }
  return names;
}

function normalise(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/\(.*?\)/g, ' ')
    .toLowerCase()
    .replace(/\bst\.? /g, 'saint ')
    .replace(/[^a-z]+/g, ' ')
    .replace(/\b(and|the|of)\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
