/**
 * Recognises a fax machine: its answer tone (CED or ANSam, 2100 Hz), the flags in front of its first
 * message (V.21 channel 2) and the tone of a calling one (CNG, 1100 Hz). Source: ITU-T T.30 and V.8.
 */
import { HOP_MS, type Measurements } from './spectrum.js';
import type { ToneSegment, ToneTracker } from './tone-tracker.js';

const CED_HZ = 2100;
/** T.30 allows 15 Hz; phase reversals and codecs shift the peak a little more. */
const CED_TOLERANCE_HZ = 25;
/** A voicemail can beep at 2100 Hz too, but not for so long. ms */
const CED_AFTER_SPEECH_MS = 1700;
const CNG_HZ = 1100;
/** T.30 allows 38 Hz, and a sender at that edge is measured a few Hz beyond it. */
const CNG_TOLERANCE_HZ = 42;
/** T.30: half a second on; 15 % and a hop to each side. ms */
const CNG_SHORTEST_MS = 400;
const CNG_LONGEST_MS = 610;
/** One burst of the right length and pitch, before any speech, is believed once it has been quiet for so long. ms */
const CNG_QUIET_MS = 160;
/** V.21 flags alternate between the two frequencies far faster than a window is long. */
const V21_SHARE = 0.85;
/** Flags are six ones to two zeros, so the weaker side has about a quarter of the energy. */
const V21_LEAST_SIDE = 0.08;
const V21_MOST_SIDE = 0.42;
const V21_MS = 350;
/** Lost packets say nothing; a longer pause is one. ms */
const V21_HOLE_MS = 64;

export interface FaxMatch {
  readonly tone: 'ced' | 'cng' | 'v21';
  readonly frequenciesHz: readonly number[];
  /** How long the tone had lasted when it was believed. ms */
  readonly lastedMs: number;
}

export class FaxDetector {
  readonly #cedMinMs: number;
  #cngEndMs = -1;
  #cngHz = 0;
  #cngMs = 0;
  #cngCount = 0;
  #v21Frames = 0;
  #v21Mark = 0;
  #v21Space = 0;
  #v21AtMs = 0;

  constructor(cedMinMs: number) {
    this.#cedMinMs = cedMinMs;
  }

  /** Takes the next finished tone segment. */
  consumeSegment(segment: ToneSegment): void {
    const ms = segment.endMs - segment.startMs;
    const isCng =
      Math.abs(segment.frequencyHz - CNG_HZ) <= CNG_TOLERANCE_HZ &&
      segment.secondHz === 0 &&
      ms >= CNG_SHORTEST_MS &&
      ms <= CNG_LONGEST_MS;
    if (!isCng) {
      this.#cngCount = 0;
      return;
    }
    this.#cngCount++;
    this.#cngEndMs = segment.endMs;
    this.#cngHz = segment.frequencyHz;
    this.#cngMs = ms;
  }

  /**
   * @param heardSpeech whether the far end has spoken, which makes a tone a beep rather than a fax
   * @returns the first sure sign of a fax, else null
   */
  check(m: Measurements, tones: ToneTracker, heardSpeech: boolean): FaxMatch | null {
    return (
      this.#checkAnswerTone(tones, heardSpeech) ??
      this.#checkV21(m) ??
      (heardSpeech ? null : this.#checkCng(m, tones))
    );
  }

  #checkAnswerTone(tones: ToneTracker, heardSpeech: boolean): FaxMatch | null {
    const { frequencyHz, secondHz } = tones.current;
    const neededMs = heardSpeech ? CED_AFTER_SPEECH_MS : this.#cedMinMs;
    if (!tones.isOpen || (secondHz > 0 && !tones.isToneFrame)) return null;
    if (Math.abs(frequencyHz - CED_HZ) > CED_TOLERANCE_HZ || tones.openMs < neededMs) return null;
    return { tone: 'ced', frequenciesHz: [Math.round(frequencyHz)], lastedMs: tones.openMs };
  }

  #checkV21(m: Measurements): FaxMatch | null {
    if (m.isHoled && m.atMs - this.#v21AtMs <= V21_HOLE_MS) return null;
    this.#v21AtMs = m.atMs;
    const isInBand = m.levelDb > -50 && m.v21MarkShare + m.v21SpaceShare >= V21_SHARE;
    this.#v21Frames = isInBand ? this.#v21Frames + 1 : 0;
    this.#v21Mark = isInBand ? this.#v21Mark + m.v21MarkShare : 0;
    this.#v21Space = isInBand ? this.#v21Space + m.v21SpaceShare : 0;
    const lastedMs = this.#v21Frames * HOP_MS;
    if (lastedMs < V21_MS) return null;
    // One steady tone, on either frequency or between them, is not a modem.
    const weaker = Math.min(this.#v21Mark, this.#v21Space) / this.#v21Frames;
    if (weaker < V21_LEAST_SIDE || weaker > V21_MOST_SIDE) return null;
    return { tone: 'v21', frequenciesHz: [1650, 1850], lastedMs };
  }

  #checkCng(m: Measurements, tones: ToneTracker): FaxMatch | null {
    if (this.#cngCount === 0 || tones.isOpen) return null;
    const isSure = this.#cngCount >= 2 || m.atMs - this.#cngEndMs >= CNG_QUIET_MS;
    if (!isSure) return null;
    this.#cngCount = 0;
    return { tone: 'cng', frequenciesHz: [Math.round(this.#cngHz)], lastedMs: this.#cngMs };
  }
}
