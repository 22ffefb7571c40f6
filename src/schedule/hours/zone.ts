/** Time zones of the IANA database, as the runtime's ICU data have them. */
import { IANAZone } from 'luxon';

/** What the clocks of a place show. */
export interface Zone {
  readonly name: string;
  /** Local time minus UTC at this instant, milliseconds. */
  offsetMs(atMs: number): number;
}

/** Names found good; asking the runtime takes long. Others are not kept: a request may bring any. */
const known = new Set<string>();
/** More than there are; the runtime takes each in any mixture of capitals, and a request may bring all. */
const NAMES_MAX = 1000;

/** `Europe/Berlin` or `UTC`. Abbreviations such as EST are refused: they have no summer time. */
export function isZoneName(name: string): boolean {
  if (name === 'UTC' || known.has(name)) return true;
  const isWritten = /^[A-Z][A-Za-z_]{1,20}(?:\/[A-Za-z0-9_+-]{1,30}){1,2}$/.test(name);
  if (!isWritten || !IANAZone.isValidZone(name)) return false;
  if (known.size >= NAMES_MAX) forgetZones();
  known.add(name);
  return true;
}

function forgetZones(): void {
  known.clear();
  zones.clear();
  IANAZone.resetCache();
}

const zones = new Map<string, Zone>();

/** @param name checked by `isZoneName`. @throws RangeError for another one */
export function zoneNamed(name: string): Zone {
  const made = zones.get(name);
  if (made) return made;
  if (!isZoneName(name)) throw new RangeError(`no time zone ${name}`);
  const zone = new MinuteZone(name);
  zones.set(name, zone);
  return zone;
}

const MINUTE_MS = 60_000;
const MINUTES_MAX = 5000;

/**
 * Remembers the offset of each minute that was asked for: every dial asks for now and for the same few
 * instants after it, and the runtime takes 20 µs to answer. Clocks are changed at a full minute.
 */
class MinuteZone implements Zone {
  readonly #zone: IANAZone;
  readonly #offsets = new Map<number, number>();

  constructor(readonly name: string) {
    this.#zone = IANAZone.create(name);
  }

  offsetMs(atMs: number): number {
    const minute = Math.floor(atMs / MINUTE_MS);
    const known = this.#offsets.get(minute);
    if (known !== undefined) return known;
    const offsetMs = Math.round(this.#zone.offset(atMs) * MINUTE_MS);
    if (this.#offsets.size >= MINUTES_MAX) this.#offsets.clear();
    this.#offsets.set(minute, offsetMs);
    return offsetMs;
  }
}

/** `Fri 2026-01-16 09:30` as the clocks of the place show it. */
export function localTime(zone: Zone, atMs: number): string {
  const local = new Date(atMs + zone.offsetMs(atMs));
  const [day = ''] = local.toUTCString().split(',');
  return `${day} ${local.toISOString().slice(0, 16).replace('T', ' ')}`;
}
