/**
 * Recognises special information tones, the three rising tones in front of a network announcement,
 * and reads the code that North American networks put into the lengths and pitches of the first two
 * (Telcordia/Bellcore SR-2275; ITU-T E.180 for the plain form).
 */
import { emptySegment, type ToneSegment } from './tone-tracker.js';
import type { SitVerdict } from './types.js';

/** Bands of the three tones; wide enough for both tables and for a poor line. Hz */
const BANDS = [
  [860, 1030],
  [1290, 1490],
  [1710, 1880],
] as const;
const SHORTEST_MS = 180;
const LONGEST_MS = 480;
const LONGEST_GAP_MS = 110;
/** The third tone is believed before it ends: nothing else rises like this. ms */
const THIRD_TONE_MS = 190;
/**
 * The coded tones, low and high, and the third one, which is always the same. Generators are within 0.2 %
 * of them, lines and codecs shift all three alike: so the first two are measured against the third.
 */
const CODED_HZ = [
  [913.8, 985.2],
  [1370.6, 1428.5],
] as const;
const CODED_THIRD_HZ = 1776.7;
const MOST_SHIFT = 0.025;
const CODED_TOLERANCE = 0.007;
/** Between the short (274) and the long (380) coded tone. ms */
const SHORT_LONG_MS = 327;

export interface SitMatch {
  readonly tone: SitVerdict;
  readonly frequenciesHz: readonly number[];
  /** For the trace: pitch and length of the first two tones, as in "Ls Ls". */
  readonly code: string;
}

export class SitMatcher {
  readonly #first = emptySegment();
  readonly #second = emptySegment();
  #stage = 0;

  /** Takes the next finished tone segment. */
  consume(segment: ToneSegment): void {
    if (this.#stage === 1 && isPart(segment, 1) && segment.gapBeforeMs <= LONGEST_GAP_MS) {
      Object.assign(this.#second, segment);
      this.#stage = 2;
    } else if (isPart(segment, 0)) {
      Object.assign(this.#first, segment);
      this.#stage = 1;
    } else {
      this.#stage = 0;
    }
  }

  /** @returns the match once the tone that is sounding turns out to be the third, else null */
  checkOpen(open: ToneSegment): SitMatch | null {
    if (this.#stage !== 2) return null;
    const isThird = open.frequencyHz >= BANDS[2][0] && open.frequencyHz <= BANDS[2][1];
    const isLongEnough = open.endMs - open.startMs >= THIRD_TONE_MS;
    if (!isThird || !isLongEnough || open.gapBeforeMs > LONGEST_GAP_MS) return null;
    this.#stage = 0;
    const hz = [this.#first, this.#second, open].map((part) => Math.round(part.frequencyHz));
    return { ...decode([this.#first, this.#second], open.frequencyHz), frequenciesHz: hz };
  }
}

function isPart(segment: ToneSegment, index: 0 | 1): boolean {
  const ms = segment.endMs - segment.startMs;
  const [low, high] = BANDS[index];
  const isInBand = segment.frequencyHz >= low && segment.frequencyHz <= high;
  return isInBand && segment.secondHz === 0 && ms >= SHORTEST_MS && ms <= LONGEST_MS;
}

/** Codes on whose meaning the sources agree; every other combination is a plain SIT. */
const CODES: Readonly<Record<string, SitVerdict>> = {
  'Ls Ls': 'sit-intercept',
  'Hl Ls': 'sit-vacant',
  'Ls Hl': 'sit-reorder',
  'Hl Hl': 'sit-no-circuit',
};

function decode(
  parts: readonly ToneSegment[],
  thirdHz: number,
): { readonly tone: SitVerdict; readonly code: string } {
  const shift = thirdHz / CODED_THIRD_HZ;
  const letters = parts.map((part, i) => {
    const [low, high] = CODED_HZ[i]!;
    const isNear = (hz: number) => Math.abs(part.frequencyHz / shift - hz) <= CODED_TOLERANCE * hz;
    const pitch = isNear(low) ? 'L' : isNear(high) ? 'H' : '';
    return pitch && pitch + (part.endMs - part.startMs < SHORT_LONG_MS ? 's' : 'l');
  });
  if (Math.abs(shift - 1) > MOST_SHIFT || letters.includes(''))
    return { tone: 'sit', code: 'plain' };
  const code = letters.join(' ');
  return { tone: CODES[code] ?? 'sit', code };
}
