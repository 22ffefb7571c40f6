/**
 * Sums up what a line carries before the answer: ringback, a tone of the network, an announcement,
 * music in place of ringback, noise or nothing. It says so each time that changes and, when the call
 * comes to nothing, in the end. It never decides who answered: nobody has.
 */
import type { Decision } from './answer-rule.js';
import type { SignalTones } from './signal-tones.js';
import { SoundKindJudge, type SoundKind } from './sound-kind.js';
import type { Measurements } from './spectrum.js';
import type { EarlyMediaSound, Findings } from './types.js';

/** What outweighs what when a line carried several things, the most telling one first. */
const WEIGHT: readonly EarlyMediaSound[] = [
  'sit-intercept',
  'sit-vacant',
  'sit-no-circuit',
  'sit-reorder',
  'sit',
  'busy',
  'reorder',
  'busy-or-congestion',
  'announcement',
  'music',
  'ringback',
  'unknown',
  'noise',
  'silence',
];

/** Nothing louder than this for longer than it takes to know ringback by its pause is silence. dB relative to full scale, ms */
const QUIET_DB = -50;
const SILENCE_MS = 3000;
/** Sound has to go on for so long to be judged; at the end of the call, for so long. ms */
const JUDGED_MS = 2000;
const JUDGED_AT_END_MS = 1200;
const PHRASE_END_MS = 600;
/** Judged again this often. ms */
const JUDGING_PERIOD_MS = 480;
/** After a tone of the network its own pauses and bursts mean nothing else. ms */
const TONE_HOLD_MS = 2500;
/** A tone that has lasted so long is no vowel. ms */
const HELD_TONE_MS = 160;
/** A tone this long is steady: a dial tone, "number unobtainable", a fault. ms */
const STEADY_TONE_MS = 3000;
/** A line that keeps changing says no more than this. */
const MOST_EVENTS = 50;

export class EarlyMedia {
  readonly #findings: Findings;
  readonly #judge = new SoundKindJudge();
  #now: EarlyMediaSound | null = null;
  #soFar: EarlyMediaSound | null = null;
  #reason = '';
  #lastLoudMs = 0;
  #toneUntilMs = 0;
  #judgedAtMs = 0;
  /** The newest judgement; it has to be confirmed by the next one. */
  #judged: SoundKind | null = null;
  #events = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Takes the newest measurements; call it after the tones have had them. */
  consume(m: Measurements, tones: SignalTones): void {
    if (m.levelDb > QUIET_DB) this.#lastLoudMs = m.atMs;
    if (tones.isRinging(m.atMs)) {
      this.#judge.restart();
      this.#hear('ringback', m.atMs, 'the rhythm of ringback');
      return;
    }
    if (m.atMs < this.#toneUntilMs) return;
    if (m.atMs - this.#lastLoudMs >= SILENCE_MS) {
      this.#hear('silence', m.atMs, `nothing above ${QUIET_DB} dB`);
      return;
    }
    if (tones.tracker.openMs >= STEADY_TONE_MS) {
      this.#judge.restart();
      const hz = Math.round(tones.tracker.current.centreHz);
      this.#hear('unknown', m.atMs, `a steady tone of ${hz} Hz`);
      return;
    }
    this.#judge.consume(m, tones.tracker.openMs >= HELD_TONE_MS);
    if (m.atMs - this.#judgedAtMs < JUDGING_PERIOD_MS || tones.mayBeRinging(m.atMs)) return;
    this.#judgedAtMs = m.atMs;
    this.#judgeSound(JUDGED_MS, m.atMs);
    // A phrase that is over is judged sooner, but only a voice: a tone may be the start of a rhythm.
    if (
      this.#judge.quietMs >= PHRASE_END_MS &&
      this.#judge.kind(JUDGED_AT_END_MS) === 'announcement'
    )
      this.#judgeSound(JUDGED_AT_END_MS, m.atMs);
  }

  /** A tone of the network was recognised. */
  settle(sound: EarlyMediaSound, atMs: number, reason: string): void {
    this.#toneUntilMs = atMs + TONE_HOLD_MS;
    this.#judge.restart();
    this.#hear(sound, atMs, reason);
  }

  /** What everything heard so far amounts to; a verdict for a call that was never answered. */
  conclude(elapsedMs: number): Decision {
    if (this.#soFar === null) this.#judgeSound(JUDGED_AT_END_MS, elapsedMs);
    const before = `before an answer, ${Math.round(elapsedMs)} ms of audio`;
    if (this.#soFar === null) {
      return { verdict: 'unknown', reason: `${before}, nothing decided`, confidence: 0 };
    }
    return { verdict: this.#soFar, reason: `${before}: ${this.#reason}`, confidence: 0.8 };
  }

  #judgeSound(leastMs: number, atMs: number): void {
    const kind = this.#judge.kind(leastMs);
    const isConfirmed = kind === this.#judged || leastMs < JUDGED_MS;
    this.#judged = kind;
    if (kind === null || kind === this.#now || !isConfirmed) return;
    this.#hear(kind, atMs, this.#judge.describe());
  }

  #hear(sound: EarlyMediaSound, atMs: number, reason: string): void {
    if (sound === this.#now) return;
    this.#now = sound;
    if (this.#soFar === null || WEIGHT.indexOf(sound) < WEIGHT.indexOf(this.#soFar)) {
      this.#soFar = sound;
      this.#reason = reason;
    }
    if (this.#events >= MOST_EVENTS) return;
    this.#events++;
    const soFar = this.#soFar;
    this.#findings.emit({ type: 'early-media', now: sound, soFar, atMs: Math.round(atMs), reason });
  }
}
