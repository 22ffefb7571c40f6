/**
 * Whether somebody already called human is, after all, reading a long greeting: speech that goes on
 * for seconds with no more than the pauses of a reader in it.
 */
import { isCredible } from './answer-rule.js';
import type { CpdOptions } from './options.js';
import type { VoiceActivity } from './voice-activity.js';

/** A pause this short does not break a run of speech. ms */
const RUN_GAP_MS = 500;

export class LongSpeech {
  readonly #neededMs: number;
  #startMs = -1;
  #endMs = -1;

  constructor(options: CpdOptions) {
    this.#neededMs = options.revisionSpeechMs;
  }

  /**
   * Call it for every frame after the verdict.
   * @param sinceMs when the verdict fell; earlier speech was judged already
   */
  isReached(voice: VoiceActivity, nowMs: number, sinceMs: number): boolean {
    if (voice.isSpeech) {
      if (this.#startMs < 0 || nowMs - this.#endMs > RUN_GAP_MS) this.#startMs = nowMs;
      this.#endMs = nowMs;
    }
    return this.runMs(sinceMs) >= this.#neededMs && isCredible(voice);
  }

  /** Length of the newest run of speech, as far as it lies after `sinceMs`. ms */
  runMs(sinceMs: number): number {
    if (this.#startMs < 0) return 0;
    return Math.max(0, this.#endMs - Math.max(this.#startMs, sinceMs));
  }

  /** The run as a share of what takes "human" back. */
  share(sinceMs: number): number {
    return this.runMs(sinceMs) / this.#neededMs;
  }
}
