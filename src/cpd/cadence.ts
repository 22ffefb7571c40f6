/**
 * Recognises what the network says with rhythms of one tone: busy, reorder (fast busy, congestion)
 * and ringback. A third of the world uses one and the same 425 Hz tone for all three (ITU-T E.180
 * Supplement 2), so only the rhythm counts here; whether a rhythm is busy or reorder, where both are
 * in use, depends on the country (tone-plan.ts).
 */
import { HOP_MS } from './spectrum.js';
import { emptySegment, type ToneSegment } from './tone-tracker.js';

/** Tolerance of a duration: 12 %, and never finer than two hops. */
const RELATIVE_TOLERANCE = 0.12;
const LEAST_TOLERANCE_MS = 2 * HOP_MS + 4;
/** Network tones of this kind lie between 300 and 700 Hz everywhere. */
const LOWEST_HZ = 300;
const HIGHEST_HZ = 700;
/** Longest and shortest parts of a busy-like rhythm. ms */
const LONGEST_PART_MS = 1150;
const SHORTEST_PART_MS = 125;
/** Bursts come from one generator: equally loud, and none of them wavers like a voice. */
const MOST_LEVEL_STEP_DB = 4;
const MOST_WOBBLE_HZ = 24;
/** The silence must be at least this far below the tone, or it is music. dB */
const LEAST_CONTRAST_DB = 15;
const HISTORY = 6;

export interface Rhythm {
  readonly frequenciesHz: readonly number[];
  readonly onMs: number;
  readonly offMs: number;
  /** The pattern has more than one burst, and they differ. */
  readonly isStepped: boolean;
}

export class CadenceMatcher {
  readonly #bursts = Array.from({ length: HISTORY }, emptySegment);
  #count = 0;

  /**
   * Takes the next tone segment.
   * @returns the busy-like rhythm that it completes, or null
   */
  consume(segment: ToneSegment): Rhythm | null {
    if (!isNetworkTone(segment)) {
      this.#count = 0;
      return null;
    }
    if (this.#count > 0 && !this.#belongs(segment)) this.#count = 0;
    if (this.#count === HISTORY) {
      const oldest = this.#bursts.shift();
      if (oldest) this.#bursts.push(oldest);
      this.#count--;
    }
    Object.assign(this.#bursts[this.#count]!, segment);
    this.#count++;
    return this.#findRhythm();
  }

  /**
   * A burst longer than any busy tone's, or the second of a pair of short ones, and then nothing.
   * @param nowMs how far the audio has come
   */
  isRingback(nowMs: number): boolean {
    if (this.#count === 0) return false;
    const last = this.#burst(0);
    const onMs = last.endMs - last.startMs;
    const quietMs = nowMs - last.endMs;
    if (onMs >= 700 && onMs <= 2300) return quietMs > Math.max(1.25 * onMs, 900);
    if (this.#count < 2 || onMs < 300 || onMs > 560) return false;
    const before = this.#burst(1);
    const isPair = isClose(onMs, before.endMs - before.startMs) && last.gapBeforeMs <= 360;
    return isPair && quietMs > 2.5 * last.gapBeforeMs && quietMs > 700;
  }

  #burst(back: number): ToneSegment {
    return this.#bursts[this.#count - 1 - back]!;
  }

  #belongs(segment: ToneSegment): boolean {
    const before = this.#burst(0);
    const isSameTone =
      Math.abs(segment.frequencyHz - before.frequencyHz) <= Math.max(25, 0.04 * before.frequencyHz);
    const isQuietBetween = segment.gapLevelDb < segment.levelDb - LEAST_CONTRAST_DB;
    const isAsLoud = Math.abs(segment.levelDb - before.levelDb) <= MOST_LEVEL_STEP_DB;
    return isSameTone && isAsLoud && isQuietBetween && segment.gapBeforeMs < 6000;
  }

  #findRhythm(): Rhythm | null {
    return (
      this.#findEven() ??
      this.#findRepeated(1, 3) ??
      this.#findRepeated(2, 4) ??
      this.#findRepeated(3, 6)
    );
  }

  /** on = off = on: one and a half cycles are proof enough. */
  #findEven(): Rhythm | null {
    if (this.#count < 2) return null;
    const last = this.#burst(0);
    const on = durationMs(last);
    const off = last.gapBeforeMs;
    if (!isBusyPart(on) || !isClose(on, off) || !isClose(on, durationMs(this.#burst(1)))) {
      return null;
    }
    return rhythmOf(last, on, off, false);
  }

  /**
   * A pattern of `steps` bursts that comes again: one step as in 200/400, two as in the British
   * 400/350/225/525. Every burst and gap that has a counterpart one pattern earlier must agree.
   */
  #findRepeated(steps: number, bursts: number): Rhythm | null {
    if (this.#count < bursts) return null;
    for (let back = 0; back < bursts; back++) {
      const burst = this.#burst(back);
      const isLast = back === bursts - 1;
      if (!isBusyPart(durationMs(burst)) || (!isLast && !isBusyPart(burst.gapBeforeMs)))
        return null;
      if (back + steps >= bursts) continue;
      const earlier = this.#burst(back + steps);
      if (!isClose(durationMs(burst), durationMs(earlier))) return null;
      // The oldest burst's gap reaches back to whatever was before the pattern.
      const hasGaps = back + steps < bursts - 1;
      if (hasGaps && !isClose(burst.gapBeforeMs, earlier.gapBeforeMs)) return null;
    }
    const last = this.#burst(0);
    return rhythmOf(last, durationMs(last), last.gapBeforeMs, steps > 1);
  }
}

/** Whether a segment can be part of busy, reorder or ringback at all. */
export function isNetworkTone(segment: ToneSegment): boolean {
  const highest = segment.secondHz > 0 ? segment.secondHz : segment.frequencyHz;
  const isInBand = segment.frequencyHz >= LOWEST_HZ && highest <= HIGHEST_HZ;
  return isInBand && segment.wobbleHz <= MOST_WOBBLE_HZ;
}

const durationMs = (segment: ToneSegment): number => segment.endMs - segment.startMs;

const isBusyPart = (ms: number): boolean => ms >= SHORTEST_PART_MS && ms <= LONGEST_PART_MS;

const isClose = (a: number, b: number): boolean =>
  Math.abs(a - b) <= Math.max(LEAST_TOLERANCE_MS, RELATIVE_TOLERANCE * Math.max(a, b));

function rhythmOf(segment: ToneSegment, onMs: number, offMs: number, isStepped: boolean): Rhythm {
  const frequenciesHz =
    segment.secondHz > 0 ? [segment.frequencyHz, segment.secondHz] : [segment.frequencyHz];
  return { frequenciesHz: frequenciesHz.map(Math.round), onMs, offMs, isStepped };
}
