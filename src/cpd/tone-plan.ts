/**
 * Says what a rhythm of a network tone means: busy or congestion (reorder). The country's own table is
 * asked first. Where the country is not known, or plays what is not in its table, the world's is: a
 * rhythm that nearly all its users use for one of the two means that, any other is one or the other.
 */
import { isNetworkTone, type Cadence } from './cadence.js';
import { signaturesOf, WORLD_SIGNATURES, type Signature } from './country-tones.js';
import type { BusyVerdict } from './types.js';

/** Generators and codecs keep frequencies within 1.5 %; a known network is given more. */
const FREQUENCY_TOLERANCE = 0.015;
const OWN_FREQUENCY_TOLERANCE = 0.045;
/** Signatures this much farther off than the nearest are candidates still. */
const AS_NEAR = 0.35;
/** A longer cycle that fits explains more: so much for each burst beyond the first. */
const LONGER_CYCLE_BONUS = 0.25;
/** Share of the countries with a rhythm that makes its meaning sure enough to say one word. */
const NEARLY_ALL = 0.8;
/** Bursts of what no table lists. */
const UNUSUAL_BURSTS = 3;
/** Rhythms in no table: an even one is busy from this length of a cycle on and reorder up to that. ms */
const SURELY_BUSY_MS = 640;
const SURELY_REORDER_MS = 440;

/** How far the bursts heard are from a signature; infinity: they cannot be it. */
type Distance = (heard: Cadence, signature: Signature) => number;
const near: Distance = (heard, own) => heard.distance(own, OWN_FREQUENCY_TOLERANCE);
const loose: Distance = (heard, own) => heard.looseDistance(own, OWN_FREQUENCY_TOLERANCE);

export interface Meaning {
  readonly tone: BusyVerdict;
  /** What it may be, the likelier first; one unless the tone is `busy-or-congestion`. */
  readonly candidates: readonly ('busy' | 'reorder')[];
  readonly because: string;
  /** 0..1 */
  readonly confidence: number;
}

export class TonePlan {
  readonly #country: string | undefined;
  readonly #own: readonly Signature[];

  /** @param country ISO 3166 alpha-2 of the dialled number, if known */
  constructor(country: string | undefined) {
    this.#country = country?.toUpperCase();
    this.#own = signaturesOf(country);
  }

  /** @returns what the bursts heard so far mean, or null while they mean nothing or may still change it */
  meaning(cadence: Cadence): Meaning | null {
    if (cadence.count < 2 || !isNetworkTone(cadence.last)) return null;
    const own = this.#ownMeaning(cadence, near);
    if (own || this.#mayBecomeOwn(cadence, near)) return own;
    // What is nearly in the country's own table is likelier than what is in another's.
    if (cadence.count >= UNUSUAL_BURSTS) {
      const nearlyOwn = this.#ownMeaning(cadence, loose);
      if (nearlyOwn) return nearlyOwn;
    }
    return this.#mayBecomeOwn(cadence, loose) ? null : this.#family(cadence);
  }

  #ownMeaning(cadence: Cadence, distance: Distance): Meaning | null {
    const nearest = nearestProved(cadence, this.#own, distance);
    if (!nearest || nearest.kind === 'ringback') return null;
    const isContested = this.#own.some(
      (other) =>
        other.kind !== nearest.kind &&
        !cadence.isProof(other) &&
        Number.isFinite(distance(cadence, other)),
    );
    if (isContested) return null;
    const tone = nearest.kind === 'busy' ? 'busy' : 'reorder';
    const where = this.#country ?? '';
    if (!nearest.isShared) {
      return { tone, candidates: [tone], because: `${tone} in ${where}`, confidence: 0.97 };
    }
    const other = tone === 'busy' ? 'congestion' : 'busy';
    const because = `${tone} in ${where}, where ${other} sounds the same`;
    return { tone, candidates: [tone], because, confidence: 0.7 };
  }

  /** One more burst would settle it by the country's own table. */
  #mayBecomeOwn(cadence: Cadence, distance: Distance): boolean {
    return this.#own.some((own) => Number.isFinite(distance(cadence, own)));
  }

  #family(cadence: Cadence): Meaning | null {
    const where = this.#whereItIsNot();
    const found = this.#worldMeaning(cadence, FREQUENCY_TOLERANCE, where);
    // What has an unusual pitch as well may be music, and has to go on for longer.
    if (found || cadence.count < UNUSUAL_BURSTS) return found;
    return (
      this.#worldMeaning(cadence, Number.POSITIVE_INFINITY, `${where}, nor is its pitch in any`) ??
      (cadence.isEven(UNUSUAL_BURSTS) ? unlisted(cadence, where) : null)
    );
  }

  #whereItIsNot(): string {
    if (this.#country === undefined) return 'the country is not known';
    if (this.#own.length === 0) return `the tones of ${this.#country} are not known`;
    return `it is not in the table of ${this.#country}`;
  }

  #worldMeaning(cadence: Cadence, tolerance: number, where: string): Meaning | null {
    const nearest = nearestProved(cadence, WORLD_SIGNATURES, (heard, signature) =>
      heard.distance(signature, tolerance),
    );
    if (!nearest || nearest.kind === 'ringback') return null;
    const limit = cadence.distance(nearest, tolerance) + AS_NEAR;
    let busy = 0;
    let congestion = 0;
    for (const signature of WORLD_SIGNATURES) {
      if (!cadence.isProof(signature) || cadence.distance(signature, tolerance) > limit) continue;
      if (signature.kind === 'busy') busy += signature.countries.length;
      else if (signature.kind === 'congestion') congestion += signature.countries.length;
    }
    const because = `busy in ${busy} countries and congestion in ${congestion}; ${where}`;
    const share = Math.max(busy, congestion) / (busy + congestion);
    const likelier = busy >= congestion ? 'busy' : 'reorder';
    if (share >= NEARLY_ALL) {
      return { tone: likelier, candidates: [likelier], because, confidence: 0.9 * share };
    }
    const other = likelier === 'busy' ? 'reorder' : 'busy';
    return { tone: 'busy-or-congestion', candidates: [likelier, other], because, confidence: 0.9 };
  }
}

function nearestProved(
  cadence: Cadence,
  signatures: readonly Signature[],
  distanceTo: Distance,
): Signature | null {
  let nearest: Signature | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const signature of signatures) {
    if (!cadence.isProof(signature)) continue;
    const distance = distanceTo(cadence, signature);
    const weighed = distance - LONGER_CYCLE_BONUS * (signature.steps.length / 2 - 1);
    if (!Number.isFinite(distance) || weighed >= least) continue;
    least = weighed;
    nearest = signature;
  }
  return nearest;
}

function unlisted(cadence: Cadence, where: string): Meaning {
  const cycleMs = cadence.last.endMs - cadence.last.startMs + cadence.last.gapBeforeMs;
  const because = `no table lists this rhythm; ${where}`;
  if (cycleMs >= SURELY_BUSY_MS) {
    return { tone: 'busy', candidates: ['busy'], because, confidence: 0.7 };
  }
  if (cycleMs <= SURELY_REORDER_MS) {
    return { tone: 'reorder', candidates: ['reorder'], because, confidence: 0.7 };
  }
  return { tone: 'busy-or-congestion', candidates: ['busy', 'reorder'], because, confidence: 0.7 };
}
