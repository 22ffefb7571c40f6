/**
 * Writes src/schedule/hours/number-zones.json: which time zones a telephone number can be in.
 *
 *   node scripts/make-number-zones.mjs MAP_DATA ZONE_TAB
 *
 * MAP_DATA is `resources/timezones/map_data.txt` of google/libphonenumber (Apache License 2.0), prefix to
 * zones; ZONE_TAB is `zone.tab` of the IANA time zone database (public domain), country to zones. Kept is
 * only what makes a difference: of zones that will show the same time for years one, and of prefixes those
 * that say something else than the next shorter one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { IANAZone } from 'luxon';

const [mapData, zoneTab] = process.argv.slice(2);
if (zoneTab === undefined) {
  console.error('usage: node scripts/make-number-zones.mjs MAP_DATA ZONE_TAB');
  process.exit(2);
}

const DAY_MS = 86_400_000;
const SAMPLED_FROM_MS = Date.UTC(2026, 0, 1);
const SAMPLED_DAYS = 6 * 365;
const signatures = new Map();

/** Zones with equal signatures show the same time on every sampled day. */
function signature(zone) {
  let found = signatures.get(zone);
  if (found === undefined) {
    if (!IANAZone.isValidZone(zone)) throw new Error(`unknown zone ${zone}`);
    const { create } = IANAZone;
    const offsets = Array.from({ length: SAMPLED_DAYS }, (_, day) =>
      create(zone).offset(SAMPLED_FROM_MS + day * DAY_MS + DAY_MS / 2),
    );
    found = offsets.filter((offset, index) => offset !== offsets[index - 1] || index % 365 === 0);
    found = JSON.stringify(found);
    signatures.set(zone, found);
  }
  return found;
}

/** Of several that show the same time the one that the telephone data know, for they name large places. */
function distinct(zones) {
  const kept = new Map();
  for (const zone of zones) {
    const before = kept.get(signature(zone));
    if (before === undefined || (!inMapData.has(before) && inMapData.has(zone)))
      kept.set(signature(zone), zone);
  }
  return [...kept.values()].sort();
}

function linesOf(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

const inMapData = new Set(linesOf(mapData).flatMap((line) => line.split('|')[1].split('&')));

const countries = new Map();
for (const line of linesOf(zoneTab)) {
  const [country, , zone] = line.split('\t');
  countries.set(country, [...(countries.get(country) ?? []), zone]);
}

const written = new Map();
for (const line of linesOf(mapData)) {
  const [prefix, zones] = line.split('|');
  if (!zones.includes('Etc/Unknown')) written.set(prefix, distinct(zones.split('&')).join(' '));
}

function shorter(prefix) {
  for (let length = prefix.length - 1; length > 0; length -= 1) {
    const found = written.get(prefix.slice(0, length));
    if (found !== undefined) return found;
  }
  return undefined;
}

const prefixes = new Map();
for (const [prefix, zones] of [...written].sort(([a], [b]) => (a < b ? -1 : 1))) {
  if (shorter(prefix) !== zones) prefixes.set(zones, [...(prefixes.get(zones) ?? []), prefix]);
}

const document = {
  sources: [
    'google/libphonenumber resources/timezones/map_data.txt (Apache License 2.0): prefixes',
    'IANA time zone database, zone.tab (public domain): countries',
  ],
  countries: Object.fromEntries(
    [...countries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([country, zones]) => [country, distinct(zones).join(' ')]),
  ),
  prefixes: Object.fromEntries(
    [...prefixes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([z, list]) => [z, list.join(' ')]),
  ),
};
const file = new URL('../src/schedule/hours/number-zones.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
