/**
 * Follows a machine's greeting to its end: the beep, or a pause long enough to be sure, or a limit.
 * Judges whether a tone is the beep. Says each thing once.
 */
import type { Decision } from './answer-rule.js';
import type { Beep } from './beep.js';
import type { CpdOptions } from './options.js';
import type { Findings } from './types.js';
import type { VoiceActivity } from './voice-activity.js';

/** A greeting comes before a beep: from its first word to its last, and of speech in between. ms */
const LEAST_GREETING_MS = 600;
const LEAST_SPEECH_MS = 250;
/** To take back "human" the beep must be surer than by a hair: log-odds. */
const LEAST_REVISING_EVIDENCE = 1.5;
/** Some machines beep again while they record; the rest is noise. */
const MOST_BEEPS = 3;

export class MachineGreeting {
  readonly #options: CpdOptions;
  readonly #findings: Findings;
  #hasEnded = false;
  #beeps = 0;
  #followingSinceMs = -1;

  constructor(options: CpdOptions, findings: Findings) {
    this.#options = options;
    this.#findings = findings;
  }

  /** Whether a lone tone is a voicemail's beep, given what was spoken before it. */
  isCredible(beep: Beep, voice: VoiceActivity, overridesHuman: boolean): boolean {
    if (overridesHuman && beep.evidence < LEAST_REVISING_EVIDENCE) return false;
    const greetingMs = Math.min(voice.lastSpeechMs, beep.startMs) - voice.onsetMs;
    return voice.hasOnset && greetingMs >= LEAST_GREETING_MS && voice.speechMs >= LEAST_SPEECH_MS;
  }

  decisionOnBeep(beep: Beep, voice: VoiceActivity): Decision {
    const ms = Math.round(beep.endMs - beep.startMs);
    const hz = Math.round(beep.frequencyHz);
    return {
      verdict: 'machine',
      reason: `a beep of ${hz} Hz for ${ms} ms after ${Math.round(voice.speechMs)} ms of speech`,
      confidence: 0.97,
    };
  }

  /** @param beep a lone tone that has just ended, or null */
  follow(voice: VoiceActivity, nowMs: number, beep: Beep | null): void {
    if (this.#followingSinceMs < 0) this.#followingSinceMs = nowMs;
    if (beep && this.#beeps < MOST_BEEPS) this.#reportBeep(beep, voice);
    if (this.#hasEnded) return;
    const isPause = voice.pauseMs(nowMs) >= this.#options.greetingEndPauseMs;
    const isTooLong = nowMs - this.#followingSinceMs >= this.#options.greetingMaxMs;
    if (isPause) this.#end(voice.lastSpeechMs);
    else if (isTooLong) this.#end(nowMs);
  }

  #reportBeep(beep: Beep, voice: VoiceActivity): void {
    this.#beeps++;
    if (!this.#hasEnded) this.#end(Math.min(voice.lastSpeechMs, beep.startMs));
    this.#findings.emit({
      type: 'beep',
      startMs: Math.round(beep.startMs),
      endMs: Math.round(beep.endMs),
      frequencyHz: Math.round(beep.frequencyHz),
    });
  }

  #end(atMs: number): void {
    this.#hasEnded = true;
    this.#findings.note(atMs, 'greeting ended', {});
    this.#findings.emit({ type: 'greeting-ended', atMs: Math.round(atMs) });
  }
}
