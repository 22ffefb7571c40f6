/**
 * The tones of the world's networks, read from tones/country-tones.json: which frequencies, in which
 * rhythm, mean what in which country. Data and look-up only.
 *
 * The tables of ITU-T E.180 Supplement 2 leave each network several alternatives, and all are kept. In
 * 41 places a country uses one rhythm for busy and for congestion. There, the entry of the less likely
 * meaning is marked `shared`: more sources decide, then whether only one of the two has another rhythm
 * of its own; where neither tells, it is busy, which is far more frequent than congestion.
 */
import table from './tones/country-tones.json' with { type: 'json' };

export type ToneKind = 'busy' | 'congestion' | 'ringback';

/** One way in which a network may play a tone. */
export interface ToneAlternative {
  /** One frequency or two that sound together, ascending. Hz */
  readonly frequencies: readonly number[];
  /** On, off, on, off ... of one cycle, which repeats. ms */
  readonly steps: readonly number[];
  readonly sources: readonly string[];
  /** The same rhythm has another meaning in this country, which is the likelier one. */
  readonly shared?: boolean;
}

/** Three rising tones. */
export interface InformationTone {
  readonly frequencies: readonly number[];
  /** Length of each. ms */
  readonly steps: readonly number[];
}

export interface CountryTones {
  readonly name: string;
  readonly busy?: readonly ToneAlternative[];
  readonly congestion?: readonly ToneAlternative[];
  readonly ringback?: readonly ToneAlternative[];
  /** Continuous. */
  readonly dial?: readonly Omit<ToneAlternative, 'steps'>[];
  readonly info?: readonly InformationTone[];
}

type Entry = CountryTones & { readonly sameAs?: string };

const ENTRIES: Readonly<Record<string, Entry>> = table.countries;

/** Where the values come from, by the short name used in `sources`. */
export const TONE_SOURCES: Readonly<Record<string, string>> = table.sources;

/** ISO 3166 alpha-2 of every country and territory with tones of its own or of its network's. */
export const TONE_COUNTRIES: readonly string[] = Object.keys(ENTRIES);

/** @param country ISO 3166 alpha-2, in either case */
export function tonesOf(country: string | undefined): CountryTones | undefined {
  const entry = country === undefined ? undefined : ENTRIES[country.toUpperCase()];
  return entry?.sameAs === undefined ? entry : ENTRIES[entry.sameAs];
}

/** One tone as any number of countries use it. */
export interface Signature {
  readonly kind: ToneKind;
  readonly frequencies: readonly number[];
  readonly steps: readonly number[];
  /** ISO 3166 alpha-2, those on another country's network left out. */
  readonly countries: readonly string[];
  /** In the country, or in all of them, it has the other meaning of busy and congestion, too. */
  readonly isShared: boolean;
}

const KINDS: readonly ToneKind[] = ['busy', 'congestion', 'ringback'];

/** The tones of one country; empty when it is not known. */
export function signaturesOf(country: string | undefined): readonly Signature[] {
  const tones = tonesOf(country);
  if (!tones || country === undefined) return [];
  return KINDS.flatMap((kind) => likelyAlternatives(tones, kind)).map((signature) => ({
    ...signature,
    countries: [country.toUpperCase()],
  }));
}

/** Every tone in use anywhere, once. */
export const WORLD_SIGNATURES: readonly Signature[] = everySignature();

function everySignature(): Signature[] {
  const found = new Map<string, Signature & { countries: string[] }>();
  for (const [country, entry] of Object.entries(ENTRIES)) {
    for (const signature of KINDS.flatMap((kind) => likelyAlternatives(entry, kind))) {
      const key = JSON.stringify(signature);
      const known = found.get(key);
      if (known) known.countries.push(country);
      else found.set(key, { ...signature, countries: [country] });
    }
  }
  return [...found.values()];
}

function likelyAlternatives(tones: CountryTones, kind: ToneKind) {
  return (tones[kind] ?? [])
    .filter((alternative) => !alternative.shared)
    .map(({ frequencies, steps }) => ({
      kind,
      frequencies,
      steps,
      isShared: hasTwin(tones, kind, frequencies, steps),
    }));
}

/** The less likely meaning of the same rhythm; tables round its times differently. */
function hasTwin(
  tones: CountryTones,
  kind: ToneKind,
  frequencies: readonly number[],
  steps: readonly number[],
): boolean {
  const other = kind === 'busy' ? tones.congestion : kind === 'congestion' ? tones.busy : undefined;
  const isNear = (a: readonly number[], b: readonly number[], share: number) =>
    a.length === b.length && a.every((x, i) => Math.abs(x - b[i]!) <= share * x);
  return (other ?? []).some(
    (twin) =>
      twin.shared === true &&
      isNear(frequencies, twin.frequencies, 0.02) &&
      isNear(steps, twin.steps, 0.04),
  );
}
