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
const THIRD_TONE_MS = 150;
/** ITU's plain tones are 950 and 1400 Hz; the coded ones keep at least 28 Hz away from both. */
const PLAIN_HZ = [950, 1400] as const;
const PLAIN_TOLERANCE_HZ = 13;
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
    return { ...decode(this.#first, this.#second), frequenciesHz: hz };
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

function decode(first: ToneSegment, second: ToneSegment): { tone: SitVerdict; code: string } {
  const isPlain = [first, second].every(
    (part, i) => Math.abs(part.frequencyHz - PLAIN_HZ[i]!) <= PLAIN_TOLERANCE_HZ,
  );
  if (isPlain) return { tone: 'sit', code: 'plain' };
  const code = [first, second]
    .map((part, i) => {
      const pitch = part.frequencyHz < PLAIN_HZ[i]! ? 'L' : 'H';
      return pitch + (part.endMs - part.startMs < SHORT_LONG_MS ? 's' : 'l');
    })
    .join(' ');
  return { tone: CODES[code] ?? 'sit', code };
}
