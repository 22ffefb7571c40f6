/**
 * Sums up what a line carries before the answer: ringback, a tone of the network, an announcement,
 * music in place of ringback, noise or nothing. It says so each time that changes and, when the call
 * comes to nothing, in the end. It never decides who answered: nobody has.
 */
import type { Decision } from './answer-rule.js';
import type { SignalTones } from './signal-tones.js';
import { SILENCE_DB, type Measurements } from './spectrum.js';
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
const QUIET_DB = -55;
const SILENCE_MS = 3000;
/** A line that keeps changing says no more than this. */
const MOST_EVENTS = 50;

export class EarlyMedia {
  readonly #findings: Findings;
  #now: EarlyMediaSound = 'unknown';
  #soFar: EarlyMediaSound | null = null;
  #reason = '';
  #lastLoudMs = 0;
  #loudestDb = SILENCE_DB;
  #events = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Takes the newest measurements; call it after the tones have had them. */
  consume(m: Measurements, tones: SignalTones): void {
    if (m.levelDb > QUIET_DB) this.#lastLoudMs = m.atMs;
    if (m.levelDb > this.#loudestDb) this.#loudestDb = m.levelDb;
    const isQuiet = m.atMs - this.#lastLoudMs >= SILENCE_MS;
    if (tones.isRinging(m.atMs)) this.#hear('ringback', m.atMs, 'the rhythm of ringback');
    else if (isQuiet) this.#hear('silence', m.atMs, `nothing above ${QUIET_DB} dB`);
  }

  /** A tone of the network was recognised. */
  settle(sound: EarlyMediaSound, atMs: number, reason: string): void {
    this.#hear(sound, atMs, reason);
  }

  /** What everything heard so far amounts to; a verdict for a call that was never answered. */
  conclude(elapsedMs: number): Decision {
    const before = `before an answer, ${Math.round(elapsedMs)} ms of audio`;
    if (this.#soFar === null) {
      return { verdict: 'unknown', reason: `${before}, nothing decided`, confidence: 0 };
    }
    return { verdict: this.#soFar, reason: `${before}: ${this.#reason}`, confidence: 0.8 };
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
