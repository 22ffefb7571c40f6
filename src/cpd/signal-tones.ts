/**
 * Listens to everything on a call that is a tone: what the network says (busy, reorder, special
 * information tones, ringback), fax machines, and lone tones that may be a voicemail's beep. Turns
 * each into an event and, where it settles who is there, into a decision for the detector to take.
 */
import type { Decision } from './answer-rule.js';
import { BeepDetector, type Beep } from './beep.js';
import { Cadence } from './cadence.js';
import { FaxDetector, type FaxMatch } from './fax.js';
import type { CpdOptions } from './options.js';
import { SitMatcher, type SitMatch } from './sit.js';
import type { Measurements } from './spectrum.js';
import { TonePlan, type Meaning } from './tone-plan.js';
import { ToneTracker, type ToneSegment } from './tone-tracker.js';
import type { Findings, SignalTone } from './types.js';

/** The same tone is not reported again and again. */
const MOST_TONE_EVENTS = 20;
/** Shortest burst of ringback, and after how many times its length ringback is known. ms */
const LEAST_RING_MS = 350;
const LONGEST_RING_MS = 2700;
/** A lone burst stands out from what was before it. dB */
const LONE_DB = 12;
const RING_KNOWN_AFTER = 1.4;
/** A tone that has lasted so long is a burst and no click. ms */
const BEGUN_MS = 48;
/** What a tone has to last to look like a beep; few beeps, and many other tones, last longer. ms */
const BEEP_BEGUN_MS = 96;
const LONGEST_AWAITED_BEEP_MS = 1000;

export class SignalTones {
  readonly tracker: ToneTracker;
  /** Until when somebody is, or may be, rung still: the newest ringback, or burst that may be its first. ms */
  heldUntilMs = 0;
  readonly #options: CpdOptions;
  readonly #findings: Findings;
  readonly #beeps: BeepDetector;
  readonly #cadence = new Cadence();
  readonly #plan: TonePlan;
  #sit = new SitMatcher();
  #fax: FaxDetector;
  #decision: Decision | null = null;
  #beep: Beep | null = null;
  #lastTone: SignalTone | null = null;
  #toneEvents = 0;
  #ringbackSaid = false;
  #nowMs = 0;
  #ringingAtMs = -1;
  #begunAtMs = -1;

  constructor(options: CpdOptions, findings: Findings) {
    this.#options = options;
    this.#findings = findings;
    this.#plan = new TonePlan(options.country);
    this.#fax = new FaxDetector(options.cedMinMs);
    this.#beeps = new BeepDetector(options);
    this.tracker = new ToneTracker((segment) => this.#consumeSegment(segment));
  }

  /** The call is answered: what the network said before is over. */
  reset(): void {
    this.#cadence.restart();
    this.#sit = new SitMatcher();
    this.#fax = new FaxDetector(this.#options.cedMinMs);
    this.#decision = null;
    this.#beep = null;
    this.#lastTone = null;
  }

  /** @param heardSpeech whether the far end has spoken, which turns a fax's tone into a beep */
  consume(m: Measurements, heardSpeech: boolean): void {
    this.#nowMs = m.atMs;
    this.tracker.consume(m);
    if (this.tracker.isOpen) {
      const sit = this.#sit.checkOpen(this.tracker.current);
      if (sit) this.#reportSit(sit);
      this.#checkBegun();
    } else if (this.#cadence.count > 0 && this.#cadence.isRingback(m.atMs, this.tracker.quietDb)) {
      this.#ringingAtMs = m.atMs;
      this.heldUntilMs = m.atMs;
      this.#reportRingback(m.atMs);
    }
    const fax = this.#fax.check(m, this.tracker, heardSpeech);
    if (fax) this.#reportFax(fax);
    this.#beep = this.#beeps.consume(m) ?? this.#beep;
  }

  /** Whether the last thing heard was ringback, and its pause is not over. */
  isRinging(nowMs: number): boolean {
    return this.#ringingAtMs >= nowMs;
  }

  /** A lone burst is sounding, or has just ended, that may turn out to be ringback. */
  mayBeRinging(nowMs: number): boolean {
    const { current, isOpen, openMs } = this.tracker;
    if (!isOpen)
      return nowMs < this.heldUntilMs && this.#cadence.isQuietAfter(this.tracker.quietDb);
    const isLone = current.gapLevelDb < current.levelDb - LONE_DB;
    return isLone && openMs >= LEAST_RING_MS && openMs <= LONGEST_RING_MS;
  }

  /** What sounds now, or has just ended, may turn out to be a beep. */
  get mayBeBeep(): boolean {
    const { isOpen, openMs } = this.tracker;
    const isSounding = isOpen && openMs >= BEEP_BEGUN_MS && openMs <= LONGEST_AWAITED_BEEP_MS;
    return isSounding || this.#beeps.isWaiting;
  }

  /** The audio is over: what sounds now is as long as it will get. */
  finish(): void {
    this.tracker.close();
  }

  /** The newest decision a tone has led to, once. */
  takeDecision(): Decision | null {
    const decision = this.#decision;
    this.#decision = null;
    return decision;
  }

  /** The newest lone tone that has ended, once. */
  takeBeep(): Beep | null {
    const beep = this.#beep;
    this.#beep = null;
    return beep;
  }

  #consumeSegment(segment: ToneSegment): void {
    this.#findings.note(segment.endMs, 'tone', {
      ms: Math.round(segment.endMs - segment.startMs),
      hz: Math.round(segment.secondHz > 0 ? segment.frequencyHz : segment.centreHz),
      secondHz: Math.round(segment.secondHz),
      levelDb: Math.round(segment.levelDb),
      gapMs: Math.round(segment.gapBeforeMs),
      wobbleHz: Math.round(10 * segment.wobbleHz) / 10,
      unevenDb: Math.round(10 * segment.unevenDb) / 10,
      purity: Math.round(100 * segment.purity) / 100,
    });
    this.#sit.consume(segment);
    this.#fax.consumeSegment(segment);
    if (!this.#cadence.consume(segment)) return;
    const ms = segment.endMs - segment.startMs;
    if (ms >= LEAST_RING_MS) this.heldUntilMs = segment.endMs + RING_KNOWN_AFTER * ms;
    const meaning = this.#plan.meaning(this.#cadence);
    if (meaning) this.#reportRhythm(segment, meaning);
  }

  /** Once for each burst, when it has gone on for too long to be a click. */
  #checkBegun(): void {
    const open = this.tracker.current;
    if (open.startMs === this.#begunAtMs || this.tracker.openMs < BEGUN_MS) return;
    this.#begunAtMs = open.startMs;
    if (!this.#cadence.begin(open)) return;
    const meaning = this.#plan.meaning(this.#cadence);
    if (meaning) this.#reportRhythm(this.#cadence.last, meaning);
  }

  #reportRingback(atMs: number): void {
    if (this.#ringbackSaid) return;
    this.#ringbackSaid = true;
    this.#findings.emit({ type: 'ringback', atMs: Math.round(atMs) });
  }

  #reportRhythm(segment: ToneSegment, { tone, candidates, because, confidence }: Meaning): void {
    const { frequencyHz, centreHz, secondHz, startMs, endMs, gapBeforeMs } = segment;
    const frequenciesHz = (secondHz > 0 ? [frequencyHz, secondHz] : [centreHz]).map(Math.round);
    const onOff = `${Math.round(endMs - startMs)} ms on after ${Math.round(gapBeforeMs)} ms off`;
    this.#report(
      tone,
      frequenciesHz,
      {
        verdict: tone,
        reason: `${frequenciesHz.join(' + ')} Hz, ${onOff}, repeated: ${because}`,
        confidence,
      },
      candidates,
    );
  }

  #reportSit(sit: SitMatch): void {
    this.#report(sit.tone, sit.frequenciesHz, {
      verdict: sit.tone,
      reason: `special information tone, ${sit.frequenciesHz.join(', ')} Hz, code ${sit.code}`,
      confidence: 0.98,
    });
  }

  #reportFax(fax: FaxMatch): void {
    this.#report(fax.tone, fax.frequenciesHz, {
      verdict: 'fax',
      reason: `fax: ${fax.tone.toUpperCase()} at ${fax.frequenciesHz.join(' and ')} Hz for ${Math.round(fax.lastedMs)} ms`,
      confidence: 0.97,
    });
  }

  #report(
    tone: SignalTone,
    frequenciesHz: readonly number[],
    decision: Decision,
    candidates?: readonly SignalTone[],
  ): void {
    this.#decision = decision;
    if (tone === this.#lastTone || this.#toneEvents >= MOST_TONE_EVENTS) return;
    this.#lastTone = tone;
    this.#toneEvents++;
    const atMs = Math.round(this.#nowMs);
    const several = candidates && candidates.length > 1 ? { candidates } : {};
    this.#findings.emit({ type: 'tone', tone, atMs, frequenciesHz, ...several });
  }
}
