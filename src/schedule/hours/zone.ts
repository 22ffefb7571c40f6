/** Time zones of the IANA database, as the runtime's ICU data have them. */
import { IANAZone } from 'luxon';

/** What the clocks of a place show. */
export interface Zone {
  readonly name: string;
  /** Local time minus UTC at this instant, milliseconds. */
  offsetMs(atMs: number): number;
}

/** Names found good; asking the runtime takes long. Others are not kept: a request may bring any. */
const known = new Set(['UTC']);

/** `Europe/Berlin` or `UTC`. Abbreviations such as EST are refused: they have no summer time. */
export function isZoneName(name: string): boolean {
  if (known.has(name)) return true;
  const isWritten = /^[A-Z][A-Za-z_]{1,20}(?:\/[A-Za-z0-9_+-]{1,30}){1,2}$/.test(name);
  if (!isWritten || !IANAZone.isValidZone(name)) return false;
  known.add(name);
  return true;
}

/** @param name checked by `isZoneName`. @throws RangeError for another one */
export function zoneNamed(name: string): Zone {
  if (!isZoneName(name)) throw new RangeError(`no time zone ${name}`);
  const zone = IANAZone.create(name);
  return { name, offsetMs: (atMs) => Math.round(zone.offset(atMs) * 60_000) };
}

/** `Fri 2026-01-16 09:30` as the clocks of the place show it. */
export function localTime(zone: Zone, atMs: number): string {
  const local = new Date(atMs + zone.offsetMs(atMs));
  const [day = ''] = local.toUTCString().split(',');
  return `${day} ${local.toISOString().slice(0, 16).replace('T', ' ')}`;
}
