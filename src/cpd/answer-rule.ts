/**
 * Decides between human and machine by timing alone: a person says a word or two and waits, a
 * machine keeps speaking. The clock starts with the speech, never with the answer, because carriers
 * send seconds of nothing first. Silence is never a machine.
 */
import type { CpdOptions, TimingRule } from './options.js';
import { timingRule } from './options.js';
import type { Reading } from './reading.js';
import type { Verdict } from './types.js';
import type { VoiceActivity } from './voice-activity.js';

export interface Decision {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly confidence: number;
}

/** More than this share of sound without speech is not silence: music, noise. */
const NOISY_SHARE = 0.4;
/** A pause this short does not break a run of speech when a verdict may be revised. ms */
const RUN_GAP_MS = 500;

export class AnswerRule {
  readonly #options: CpdOptions;
  readonly #timing: TimingRule;
  #runStartMs = -1;
  #runEndMs = -1;

  constructor(options: CpdOptions) {
    this.#options = options;
    this.#timing = timingRule(options);
  }

  /**
   * @param voice what has been heard since the answer
   * @param nowMs how far the audio has come
   * @param answeredMs when the call was answered
   * @param isToneOpen a tone sounds now, which may be about to explain itself
   * @returns a decision, or null while it is too early
   */
  decide(
    voice: VoiceActivity,
    nowMs: number,
    answeredMs: number,
    isToneOpen: boolean,
  ): Decision | null {
    const waitedMs = nowMs - answeredMs;
    if (voice.hasOnset) return this.#judgeSpeech(voice, nowMs) ?? this.#giveUp(voice, waitedMs);
    if (isToneOpen && waitedMs < this.#options.decisionTimeoutMs) return null;
    return this.#judgeQuiet(voice, waitedMs);
  }

  /**
   * Whether somebody already called human is, after all, reading a long greeting.
   * @param sinceMs when the verdict fell; earlier speech was judged already
   */
  isLongSpeech(voice: VoiceActivity, nowMs: number, sinceMs: number): boolean {
    if (voice.isSpeech) {
      if (this.#runStartMs < 0 || nowMs - this.#runEndMs > RUN_GAP_MS) this.#runStartMs = nowMs;
      this.#runEndMs = nowMs;
    }
    return this.runMs(sinceMs) >= this.#options.revisionSpeechMs;
  }

  /** Length of the newest run of speech, as far as it lies after `sinceMs`. ms */
  runMs(sinceMs: number): number {
    if (this.#runStartMs < 0) return 0;
    return Math.max(0, this.#runEndMs - Math.max(this.#runStartMs, sinceMs));
  }

  /** Writes down how far the evidence has come for each verdict that the rule can give. */
  weigh(voice: VoiceActivity, nowMs: number, answeredMs: number, into: Reading): void {
    if (!voice.hasOnset) {
      into.silence = (nowMs - answeredMs) / this.#options.silenceTimeoutMs;
      return;
    }
    const spokenMs = voice.lastSpeechMs - voice.onsetMs;
    into.human = voice.pauseMs(nowMs) / this.#neededPauseMs(spokenMs);
    into.machine = spokenMs / this.#timing.machineSpeechMs;
  }

  #judgeSpeech(voice: VoiceActivity, nowMs: number): Decision | null {
    const spokenMs = voice.lastSpeechMs - voice.onsetMs;
    const pauseMs = voice.pauseMs(nowMs);
    const neededMs = this.#neededPauseMs(spokenMs);
    if (spokenMs >= this.#timing.machineSpeechMs) {
      return {
        verdict: 'machine',
        reason: `speech for ${round(spokenMs)} ms without a pause of ${round(this.#timing.longPauseMs)} ms; a person would have waited for an answer by ${round(this.#timing.machineSpeechMs)} ms`,
        confidence: 0.8,
      };
    }
    if (pauseMs < neededMs) return null;
    return {
      verdict: 'human',
      reason: `speech for ${round(spokenMs)} ms, then a pause of ${round(pauseMs)} ms (${round(neededMs)} ms is enough after so much speech)`,
      confidence: this.#humanConfidence(spokenMs),
    };
  }

  #neededPauseMs(spokenMs: number): number {
    const timing = this.#timing;
    if (spokenMs <= timing.shortSpeechMs) return timing.shortPauseMs;
    return spokenMs <= timing.middleSpeechMs ? timing.middlePauseMs : timing.longPauseMs;
  }

  /** Short answers are almost always people; near the machine's limit it is a close call. */
  #humanConfidence(spokenMs: number): number {
    const { shortSpeechMs, machineSpeechMs } = this.#timing;
    const beyond = Math.max(0, spokenMs - shortSpeechMs) / (machineSpeechMs - shortSpeechMs);
    return Math.round(100 * (0.95 - 0.4 * beyond)) / 100;
  }

  #judgeQuiet(voice: VoiceActivity, waitedMs: number): Decision | null {
    const share = voice.soundMs / Math.max(1, waitedMs);
    if (waitedMs >= this.#options.silenceTimeoutMs && share <= NOISY_SHARE) {
      return {
        verdict: 'silence',
        reason: `no speech for ${round(waitedMs)} ms after the answer; ${describeSound(voice, share)}`,
        confidence: 0.9,
      };
    }
    if (waitedMs < this.#options.decisionTimeoutMs) return null;
    return {
      verdict: 'unknown',
      reason: `sound but no speech for ${round(waitedMs)} ms after the answer; ${describeSound(voice, share)}`,
      confidence: 0.5,
    };
  }

  /** Speech that neither ends nor grows, such as music with a voice-like note now and then. */
  #giveUp(voice: VoiceActivity, waitedMs: number): Decision | null {
    if (waitedMs < this.#options.decisionTimeoutMs + this.#timing.machineSpeechMs) return null;
    return {
      verdict: 'unknown',
      reason: `undecided after ${round(waitedMs)} ms; ${round(voice.speechMs)} ms of them were speech`,
      confidence: 0.3,
    };
  }
}

const round = (x: number): string => String(Math.round(x));

/** What there was instead of speech. Only called for a decision: it makes a string. */
function describeSound(voice: VoiceActivity, share: number): string {
  return `${round(100 * share)} % of the time something above the line's noise (${round(voice.floorDb)} dB)`;
}
