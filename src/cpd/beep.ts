/**
 * Finds the beep after which a voicemail records: one steady tone, or two together, alone, after speech. Reports it
 * when it is over, with its end, because what is said into the beep is lost. It leaves out what only
 * looks like one: special information tones, busy rhythms, answer tones and held vowels.
 */
import type { CpdOptions } from './options.js';
import { emptySegment, type ToneSegment } from './tone-tracker.js';

/** Audible single tones of voicemails; lower ones are ringback and hum. Hz */
const LOWEST_HZ = 350;
const HIGHEST_HZ = 3400;
/** A generated tone does not waver, a vowel does. */
const MOST_WOBBLE_HZ = 6;
const MOST_WOBBLE_SHARE = 0.006;
const MOST_UNEVEN_DB = 4;
/** What wavers more than this has to be purer than any vowel on a poor line. */
const CLEAN_WOBBLE_HZ = 3;
const WAVERING_PURITY = 0.97;
/** Short tones have to be steadier, because a syllable can be steady for a moment. ms, Hz */
const SHORT_MS = 140;
const SHORT_PURITY = 0.955;
/** Another tone within this time makes it part of a sequence, not a beep. ms */
const ALONE_MS = 70;

export class BeepDetector {
  readonly #options: CpdOptions;
  readonly #candidate = emptySegment();
  #hasCandidate = false;

  constructor(options: CpdOptions) {
    this.#options = options;
  }

  /** Takes the next finished tone segment. */
  consume(segment: ToneSegment): void {
    const ms = segment.endMs - segment.startMs;
    const isPartOfSequence = segment.gapBeforeMs < ALONE_MS && this.#hasCandidate;
    this.#hasCandidate =
      !isPartOfSequence &&
      ms >= this.#options.beepMinMs &&
      ms <= this.#options.beepMaxMs &&
      segment.frequencyHz >= LOWEST_HZ &&
      segment.frequencyHz <= HIGHEST_HZ &&
      isGenerated(segment);
    if (this.#hasCandidate) Object.assign(this.#candidate, segment);
  }

  /**
   * @param nowMs how far the audio has come
   * @param isToneOpen whether a tone sounds now
   * @returns the beep once it has proved to be alone, else null
   */
  check(nowMs: number, isToneOpen: boolean): ToneSegment | null {
    if (!this.#hasCandidate || isToneOpen) return null;
    if (nowMs - this.#candidate.endMs < ALONE_MS) return null;
    this.#hasCandidate = false;
    return this.#candidate;
  }
}

/** Whether a tone is too steady and too pure to come from a throat. */
function isGenerated(segment: ToneSegment): boolean {
  const mostWobbleHz = Math.max(MOST_WOBBLE_HZ, MOST_WOBBLE_SHARE * segment.frequencyHz);
  if (segment.wobbleHz > mostWobbleHz || segment.unevenDb > MOST_UNEVEN_DB) return false;
  if (segment.wobbleHz > CLEAN_WOBBLE_HZ && segment.purity < WAVERING_PURITY) return false;
  const isShort = segment.endMs - segment.startMs < SHORT_MS;
  return !isShort || (segment.wobbleHz <= CLEAN_WOBBLE_HZ && segment.purity >= SHORT_PURITY);
}
