/**
 * Decides as Asterisk's app_amd does, so that a site which comes from there can compare, in replays also
 * with the numbers it has tuned for years. Rule and defaults from the application's documentation and behaviour; the code is ours.
 * It has the weaknesses of the original by design: the clock starts at the answer, silence at the
 * start is a machine, and so is noise. Frames here are 16 ms long, there 20.
 */
import type { Decision, Heard, Rule } from './answer-rule.js';
import { appAmdRule, type AppAmdRule, type CpdOptions } from './options.js';
import type { Reading } from './reading.js';
import { HOP_MS, HOP_SAMPLES } from './spectrum.js';

/** Its verdicts are certain to itself; app_amd knows no confidence. */
const CONFIDENCE = 0.7;
const FULL_SCALE = 32768;

export class AppAmd implements Rule {
  readonly #rule: AppAmdRule;
  #silenceMs = 0;
  /** Voice since the last gap between words, and in all. ms */
  #wordMs = 0;
  #voiceMs = 0;
  #words = 0;
  #isInWord = false;
  #hasGreeting = false;

  constructor(options: CpdOptions) {
    this.#rule = appAmdRule(options);
  }

  decide({ measured, nowMs, answeredMs }: Heard): Decision | null {
    const totalMs = nowMs - answeredMs;
    if (totalMs <= 0) return null;
    if (totalMs >= this.#rule.totalAnalysisTimeMs)
      return this.#say('unknown', 'TOOLONG', totalMs, 'the time for analysis is over');
    const isVoice = meanAbsolute(measured.samples) >= this.#rule.silenceThreshold;
    return isVoice ? this.#hearVoice(totalMs) : this.#hearSilence(totalMs);
  }

  weigh({ nowMs, answeredMs }: Heard, into: Reading): void {
    const rule = this.#rule;
    into.human = this.#hasGreeting ? this.#silenceMs / rule.afterGreetingSilenceMs : 0;
    into.machine = this.#hasGreeting
      ? Math.max(this.#voiceMs / rule.greetingMs, this.#words / (rule.maximumNumberOfWords + 1))
      : this.#silenceMs / rule.initialSilenceMs;
    into.silence = (nowMs - answeredMs) / rule.totalAnalysisTimeMs;
  }

  #hearSilence(totalMs: number): Decision | null {
    const rule = this.#rule;
    this.#silenceMs += HOP_MS;
    if (this.#silenceMs >= rule.betweenWordsSilenceMs) {
      this.#isInWord = false;
      this.#wordMs = 0;
    }
    if (!this.#hasGreeting && this.#silenceMs >= rule.initialSilenceMs)
      return this.#say('machine', 'INITIALSILENCE', totalMs, 'silence at the start');
    if (this.#hasGreeting && this.#silenceMs >= rule.afterGreetingSilenceMs)
      return this.#say('human', 'HUMAN', totalMs, 'silence after a greeting');
    return null;
  }

  #hearVoice(totalMs: number): Decision | null {
    const rule = this.#rule;
    this.#silenceMs = 0;
    this.#wordMs += HOP_MS;
    this.#voiceMs += HOP_MS;
    if (this.#wordMs >= rule.minWordLengthMs) {
      if (!this.#isInWord) {
        this.#isInWord = true;
        this.#words++;
      }
      this.#hasGreeting = true;
    }
    if (this.#wordMs >= rule.maximumWordLengthMs)
      return this.#say('machine', 'MAXWORDLENGTH', totalMs, 'one word went on and on');
    if (this.#words > rule.maximumNumberOfWords)
      return this.#say('machine', 'MAXWORDS', totalMs, 'more words than a person would say');
    if (this.#hasGreeting && this.#voiceMs >= rule.greetingMs)
      return this.#say('machine', 'LONGGREETING', totalMs, 'a long greeting');
    return null;
  }

  #say(
    verdict: 'human' | 'machine' | 'unknown',
    cause: string,
    totalMs: number,
    why: string,
  ): Decision {
    const numbers = {
      totalMs: Math.round(totalMs),
      silenceMs: this.#silenceMs,
      voiceMs: this.#voiceMs,
      words: this.#words,
    };
    return {
      verdict,
      code: `app-amd-${cause.toLowerCase()}`,
      reason: `as app_amd, ${cause}: ${why} (${numbers.words} words, voice ${numbers.voiceMs} ms, silence ${numbers.silenceMs} ms of ${numbers.totalMs} ms)`,
      confidence: verdict === 'unknown' ? 0 : CONFIDENCE,
      numbers,
    };
  }
}

/** Of the newest hop, 0..32767. */
function meanAbsolute(samples: Float64Array): number {
  let sum = 0;
  for (let i = samples.length - HOP_SAMPLES; i < samples.length; i++) sum += Math.abs(samples[i]!);
  return (FULL_SCALE * sum) / HOP_SAMPLES;
}
