/**
 * Decides by the rule that Genesys publishes for GVP's call progress analysis: voice, then a pause; a
 * short segment is a human, a long one a machine, a longer pause a human after all. It hears with our
 * voice activity, so noise does not count as voice. The look for a "voice signature" is not published
 * and left out.
 */
import type { Decision, Heard, Rule } from './answer-rule.js';
import { gvpRule, type CpdOptions, type GvpRule } from './options.js';
import type { Reading } from './reading.js';

const CONFIDENCE = 0.7;
/** A gap shorter than this is inside a word and does not end a segment. ms */
const SEGMENT_GAP_MS = 240;
/** After this many pauses' length a segment of middle length is a human's. */
const LONG_PAUSE = 1.5;

export class Gvp implements Rule {
  readonly #rule: GvpRule;
  #segmentStartMs = -1;
  #segmentEndMs = -1;
  #shortestMs = Number.POSITIVE_INFINITY;
  #longestMs = 0;

  constructor(options: CpdOptions) {
    this.#rule = gvpRule(options);
  }

  decide({ voice, nowMs, answeredMs }: Heard): Decision | null {
    if (voice.isSpeech) this.#extend(nowMs, voice.hasOnset ? voice.onsetMs : nowMs);
    const pauseMs = this.#segmentEndMs < 0 ? 0 : nowMs - this.#segmentEndMs;
    const segmentMs = this.#segmentEndMs - this.#segmentStartMs;
    const { voicePauseMs, maxVoiceSignalMs, machineGreetingMs, maxPostConnectMs } = this.#rule;
    if (this.#segmentEndMs >= 0 && pauseMs >= SEGMENT_GAP_MS)
      this.#shortestMs = Math.min(this.#shortestMs, segmentMs);
    this.#longestMs = Math.max(this.#longestMs, segmentMs);
    if (this.#longestMs >= machineGreetingMs)
      return this.#say(
        'machine',
        'gvp-long-segment',
        pauseMs,
        'a segment of voice as long as a greeting',
      );
    if (this.#segmentEndMs >= 0 && pauseMs >= voicePauseMs) {
      if (this.#shortestMs < maxVoiceSignalMs)
        return this.#say(
          'human',
          'gvp-short-segment',
          pauseMs,
          'a short segment of voice, then a pause',
        );
      if (pauseMs >= LONG_PAUSE * voicePauseMs)
        return this.#say('human', 'gvp-long-pause', pauseMs, 'voice, then a long pause');
    }
    if (nowMs - answeredMs < maxPostConnectMs) return null;
    return this.#say(
      'silence',
      'gvp-post-connect',
      pauseMs,
      'no voice with a pause after it in time',
    );
  }

  weigh({ nowMs, answeredMs }: Heard, into: Reading): void {
    const hasVoice = this.#segmentEndMs >= 0;
    into.human = hasVoice ? (nowMs - this.#segmentEndMs) / this.#rule.voicePauseMs : 0;
    into.machine = this.#longestMs / this.#rule.machineGreetingMs;
    into.silence = (nowMs - answeredMs) / this.#rule.maxPostConnectMs;
  }

  #extend(nowMs: number, onsetMs: number): void {
    if (this.#segmentStartMs < 0) this.#segmentStartMs = onsetMs;
    else if (nowMs - this.#segmentEndMs > SEGMENT_GAP_MS) this.#segmentStartMs = nowMs;
    this.#segmentEndMs = nowMs;
  }

  #say(
    verdict: 'human' | 'machine' | 'silence',
    code: string,
    pauseMs: number,
    why: string,
  ): Decision {
    const shortestMs = Number.isFinite(this.#shortestMs) ? this.#shortestMs : 0;
    const numbers = {
      longestSegmentMs: Math.round(this.#longestMs),
      shortestSegmentMs: Math.round(shortestMs),
      pauseMs: Math.round(pauseMs),
    };
    return {
      verdict,
      code,
      reason: `as GVP: ${why} (segments ${numbers.shortestSegmentMs} to ${numbers.longestSegmentMs} ms, pause ${numbers.pauseMs} ms)`,
      confidence: CONFIDENCE,
      numbers,
    };
  }
}
