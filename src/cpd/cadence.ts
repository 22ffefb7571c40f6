/**
 * Collects the bursts of a network tone and compares their rhythm with those in use (country-tones.ts).
 * Says how well a rhythm fits, and recognises ringback, which no busy tone resembles: its bursts are
 * longer, or come in pairs, and then there is nothing for seconds. What a rhythm means is not known here.
 */
import type { Signature } from './country-tones.js';
import { HOP_MS } from './spectrum.js';
import { emptySegment, type ToneSegment } from './tone-tracker.js';

/** Tolerance of a duration: 12 %, and never finer than two hops: a lost packet can shorten a burst. */
const RELATIVE_TOLERANCE = 0.12;
const LEAST_TOLERANCE_MS = 2 * HOP_MS;
/** Network tones of this kind lie here everywhere. Hz */
const LOWEST_HZ = 320;
const HIGHEST_HZ = 1000;
/** Ringback is never higher than this; a voicemail's beep often is. Hz */
const HIGHEST_RING_HZ = 640;
/** Longest and shortest parts of a busy-like rhythm. ms */
const LONGEST_PART_MS = 1150;
const SHORTEST_PART_MS = 120;
/** Bursts come from one generator: equally loud, and none of them wavers like a voice. */
const MOST_LEVEL_STEP_DB = 4;
const MOST_WOBBLE_HZ = 14;
/** The silence must be at least this far below the tone, or it is music. dB */
const LEAST_CONTRAST_DB = 12;
/** A burst's first frames are this near to the one before. Hz */
const MOST_STEP_HZ = 40;
/** Longest pause between two bursts of one rhythm, and of a ringback whose next burst was not heard yet. ms */
const LONGEST_PAUSE_MS = 11_000;
const FIRST_PAUSE_MS = 6000;
const HISTORY = 8;
/** Two bursts prove nothing unless they fit well: lost packets can stretch a pair of ringback. */
const MOST_DISTANCE_OF_TWO = 0.5;
/**
 * Networks keep times within 10 %, and measuring them is a hop off at worst: 41 ms of 250, a third more
 * than the tolerance with which one country's rhythms are told from another's.
 */
const LOOSE_TIMES = 1.3;
/** Lost packets at both ends of one of the two bursts of a ringback pair. ms */
const PAIR_TOLERANCE_MS = 70;
/** Two tones this close are heard as one that beats. Hz */
const BEATING_HZ = 110;
/** Longest burst of any busy tone; a longer one can only be ringback. ms */
const SURELY_RING_MS = 1300;

export class Cadence {
  readonly #bursts = Array.from({ length: HISTORY }, emptySegment);
  #count = 0;
  /** Pause before the burst that has just begun, or -1 while none has. ms */
  #openGapMs = -1;

  /** Forgets the bursts heard so far. */
  restart(): void {
    this.#count = 0;
  }

  /** How many bursts of one tone have been heard in a row. */
  get count(): number {
    return this.#count;
  }

  /** The newest burst. Meaningful while `count` is above 0. */
  get last(): ToneSegment {
    return this.#burst(0);
  }

  /** Takes the next tone segment. @returns whether it is a burst of a network tone */
  consume(segment: ToneSegment): boolean {
    this.#openGapMs = -1;
    if (!isNetworkTone(segment)) {
      this.#count = 0;
      return false;
    }
    if (this.#count > 0 && !this.#belongs(segment)) this.#count = 0;
    if (this.#count === HISTORY) {
      const oldest = this.#bursts.shift();
      if (oldest) this.#bursts.push(oldest);
      this.#count--;
    }
    Object.assign(this.#bursts[this.#count]!, segment);
    this.#count++;
    return true;
  }

  /**
   * Takes note that another burst has begun: its pause completes a cycle before its end is known.
   * @returns whether it can be one of this rhythm
   */
  begin(open: ToneSegment): boolean {
    if (this.#count < 2) return false;
    const last = this.last;
    const isSameTone = Math.abs(open.centreHz - last.centreHz) <= MOST_STEP_HZ;
    const isBegun = isSameTone && open.gapLevelDb < last.levelDb - LEAST_CONTRAST_DB;
    this.#openGapMs = isBegun ? open.gapBeforeMs : -1;
    return isBegun;
  }

  /**
   * How far the newest bursts are from a signature: 0 is exact, 1 the edge of the tolerance for times and
   * frequencies together, infinity beyond it.
   * @param frequencyTolerance relative; infinity: whatever the frequencies are
   */
  distance(signature: Signature, frequencyTolerance: number): number {
    const most = this.#count === 2 ? MOST_DISTANCE_OF_TWO : 1;
    return this.#distance(signature, frequencyTolerance, most, 1);
  }

  /** As `distance`, with as much room as networks take: two bursts may be far off, and all times by a third more. */
  looseDistance(signature: Signature, frequencyTolerance: number): number {
    return this.#distance(signature, frequencyTolerance, 1, LOOSE_TIMES);
  }

  /** @param times tolerance of times, as a multiple of the usual one */
  #distance(signature: Signature, frequencyTolerance: number, most: number, times: number): number {
    const pitch = frequencyDistance(this.last, signature.frequencies, frequencyTolerance);
    if (pitch > 1 || this.#count < 2) return Number.POSITIVE_INFINITY;
    const bursts = signature.steps.length / 2;
    let best = Number.POSITIVE_INFINITY;
    for (let newest = 0; newest < bursts; newest++) {
      const next = signature.steps[2 * newest + 1]!;
      const gap = this.#openGapMs < 0 ? 0 : distanceOf(this.#openGapMs, next) / times;
      if (gap > 1) continue;
      best = Math.min(best, gap / 4 + this.#rhythmDistance(signature.steps, newest, times));
    }
    return best <= most ? best + pitch : Number.POSITIVE_INFINITY;
  }

  /** Whether so many bursts were heard that no other rhythm can start like this one. */
  isProof(signature: Signature): boolean {
    return this.#heardBursts(signature.steps) >= burstsNeeded(signature.steps);
  }

  /** Whether the newest bursts and their pauses are all of one length; a rhythm that no table lists. */
  isEven(bursts: number): boolean {
    const onMs = durationMs(this.last);
    if (this.#count < bursts || onMs < SHORTEST_PART_MS || onMs > LONGEST_PART_MS) return false;
    for (let back = 0; back < bursts; back++) {
      const burst = this.#burst(back);
      const isOldest = back === bursts - 1;
      if (!isClose(onMs, durationMs(burst))) return false;
      if (!isOldest && !isClose(onMs, burst.gapBeforeMs)) return false;
    }
    return true;
  }

  /**
   * A burst longer than any busy tone's, or the second of a pair of short ones, and then nothing.
   * @param nowMs how far the audio has come
   * @param quietDb level of what followed the burst. dB relative to full scale
   */
  isRingback(nowMs: number, quietDb: number): boolean {
    if (this.#count === 0) return false;
    const last = this.last;
    const onMs = durationMs(last);
    const quietMs = nowMs - last.endMs;
    const isKnown = this.#count > 1 && last.gapBeforeMs > 1000;
    const isOver = quietMs > (isKnown ? 1.15 * last.gapBeforeMs : FIRST_PAUSE_MS);
    if (isOver || !this.isQuietAfter(quietDb) || last.centreHz > HIGHEST_RING_HZ) return false;
    if (onMs >= SURELY_RING_MS) return onMs <= 2700 && quietMs > 700;
    if (onMs >= 650) return quietMs > Math.max(1.25 * onMs, 900);
    if (this.#count < 2 || onMs < 200) return false;
    const gapMs = last.gapBeforeMs;
    const difference = Math.abs(onMs - durationMs(this.#burst(1)));
    const isPair =
      difference <= Math.max(PAIR_TOLERANCE_MS, 0.2 * onMs) && gapMs >= 150 && gapMs <= 560;
    return isPair && quietMs > Math.max(2.3 * gapMs, 700);
  }

  /** @param quietDb level of what followed the newest burst. dB relative to full scale */
  isQuietAfter(quietDb: number): boolean {
    return this.#count > 0 && quietDb < this.last.levelDb - LEAST_CONTRAST_DB;
  }

  /** A burst that has only begun completes the cycle before it, but proves nothing by its own length. */
  #heardBursts(steps: readonly number[]): number {
    const isEnough = this.#openGapMs >= 0 && burstsNeeded(steps) > 2;
    return isEnough ? this.#count + 1 : this.#count;
  }

  #burst(back: number): ToneSegment {
    return this.#bursts[this.#count - 1 - back]!;
  }

  #belongs(segment: ToneSegment): boolean {
    const before = this.last;
    const isSameTone =
      Math.abs(segment.centreHz - before.centreHz) <= Math.max(25, 0.04 * before.centreHz);
    const isQuietBetween = segment.gapLevelDb < segment.levelDb - LEAST_CONTRAST_DB;
    const isAsLoud = Math.abs(segment.levelDb - before.levelDb) <= MOST_LEVEL_STEP_DB;
    return isSameTone && isAsLoud && isQuietBetween && segment.gapBeforeMs < LONGEST_PAUSE_MS;
  }

  /** Backwards from the newest burst, taken as the cycle's burst number `newest`. */
  #rhythmDistance(steps: readonly number[], newest: number, times: number): number {
    const bursts = steps.length / 2;
    const used = Math.min(this.#count, burstsNeeded(steps));
    let sum = 0;
    for (let back = 0; back < used; back++) {
      const index = (((newest - back) % bursts) + bursts) % bursts;
      const burst = this.#burst(back);
      const on = distanceOf(durationMs(burst), steps[2 * index]!) / times;
      // The oldest burst's gap reaches back to whatever was before.
      const isOldest = back === used - 1;
      const gapIndex = (index + bursts - 1) % bursts;
      const off = isOldest ? 0 : distanceOf(burst.gapBeforeMs, steps[2 * gapIndex + 1]!) / times;
      if (on > 1 || off > 1) return Number.POSITIVE_INFINITY;
      sum += on + off;
    }
    return sum / (2 * used - 1);
  }
}

/** Whether a segment can be part of busy, reorder or ringback at all. */
export function isNetworkTone(segment: ToneSegment): boolean {
  const isPair = segment.secondHz > 0;
  const highest = isPair ? segment.secondHz : segment.centreHz;
  const isInBand = segment.frequencyHz >= LOWEST_HZ && highest <= HIGHEST_HZ;
  const wobbleHz = isPair ? segment.wobbleHz : segment.centreWobbleHz;
  return isInBand && wobbleHz <= MOST_WOBBLE_HZ;
}

/** on = off = on is proof enough; on and off that differ must come again, and so must a longer cycle. */
function burstsNeeded(steps: readonly number[]): number {
  const bursts = steps.length / 2;
  return bursts === 1 && isClose(steps[0]!, steps[1]!) ? 2 : Math.max(3, bursts + 1);
}

/** 0 the same, 1 as far off as may be. */
function frequencyDistance(
  { frequencyHz, secondHz, centreHz }: ToneSegment,
  frequencies: readonly number[],
  tolerance: number,
): number {
  if (tolerance === Number.POSITIVE_INFINITY) return 0;
  const [low = 0, high = 0] = frequencies;
  const off = (heard: number, meant: number) =>
    Math.abs(heard - meant) / Math.max(8, tolerance * meant);
  if (high === 0) return secondHz > 0 ? Number.POSITIVE_INFINITY : off(centreHz, low);
  // The window is too short for the exact frequencies of two tones side by side.
  if (secondHz > 0) return 0.5 * Math.max(off(frequencyHz, low), off(secondHz, high));
  if (high - low > BEATING_HZ) return Math.min(off(centreHz, low), off(centreHz, high));
  const middle = (low + high) / 2;
  return Math.abs(centreHz - middle) / Math.max(12, (high - low) / 2);
}

const durationMs = (segment: ToneSegment): number => segment.endMs - segment.startMs;

const distanceOf = (ms: number, nominalMs: number): number =>
  Math.abs(ms - nominalMs) / toleranceMs(nominalMs);

const toleranceMs = (ms: number): number => Math.max(LEAST_TOLERANCE_MS, RELATIVE_TOLERANCE * ms);

const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= toleranceMs(Math.max(a, b));
