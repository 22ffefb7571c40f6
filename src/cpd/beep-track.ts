/**
 * Follows the one tone that may be a beep from its first window to its last, and measures how straight
 * its course is. A generator's pitch and level lie on a line, be it steady, swept or dying away; a
 * throat's do not. It judges nothing.
 */
import { BeepFrames, copyFrame, emptyFrame, type BeepFrame } from './beep-frame.js';
import { SILENCE_DB, type Measurements } from './spectrum.js';
import { StraightLine } from './straight-line.js';

/** A sweep of 600 Hz in 200 ms moves by 48 Hz from window to window. */
const MOST_STEP_HZ = 50;
/** Nothing that dies away falls by more from window to window; a tone that is over does. dB */
const MOST_DROP_DB = 10;
/** A hole of two lost packets, with the windows that it spoils, does not end a tone. ms */
const HOLE_MS = 72;
/** Sound that is there and is not the tone ends it after so many windows. */
const FOREIGN_FRAMES = 2;
/** Fewer points lie on any line; with the first and the last window, 80 ms. */
const LEAST_MEASURED = 3;
/** What follows a tone is heard in these windows after its last one. ms */
const AFTER_FROM_MS = 32;
const AFTER_TO_MS = 64;

/** A tone that is over. */
export interface TrackedTone {
  startMs: number;
  endMs: number;
  /** In its middle; of a pair, the lower one. Hz */
  frequencyHz: number;
  /** The higher frequency of a pair, or 0. Hz */
  secondHz: number;
  /** Highest level of the tone alone. dB relative to full scale */
  levelDb: number;
  /** Slope of its pitch, and standard deviation of the pitch from that line. Hz per second, Hz */
  sweepHzPerS: number;
  wobbleHz: number;
  /** Standard deviation of its level from a straight line. dB */
  unevenDb: number;
  /** Mean share of the sound that is the tone and what belongs to it, 0..1. */
  purity: number;
  /** How far the sound near its pitch was below it in the 64 ms before it. dB */
  riseDb: number;
  /** How far, after its end, everything but line noise, and the sound near its pitch, are below it. dB */
  fallDb: number;
  pitchFallDb: number;
}

export const noTone = (): TrackedTone => ({
  startMs: 0,
  endMs: 0,
  frequencyHz: 0,
  secondHz: 0,
  levelDb: SILENCE_DB,
  sweepHzPerS: 0,
  wobbleHz: 0,
  unevenDb: 0,
  purity: 0,
  riseDb: 0,
  fallDb: 0,
  pitchFallDb: 0,
});

export class BeepTrack {
  /** The tone that ended last; its falls are final 64 ms after its end. */
  readonly last = noTone();
  isOpen = false;

  readonly #frames = new BeepFrames();
  readonly #pending = emptyFrame();
  readonly #pitch = new StraightLine();
  readonly #second = new StraightLine();
  readonly #level = new StraightLine();
  #startMs = 0;
  #endMs = 0;
  #count = 0;
  #foreign = 0;
  #pitchHz = 0;
  #shares = 0;
  #pairs = 0;
  #beforeDb = SILENCE_DB;
  #peakDb = SILENCE_DB;

  /** How long the open tone has lasted. ms */
  get openMs(): number {
    return this.isOpen ? this.#endMs - this.#startMs : 0;
  }

  /** @returns whether a tone has ended, which is then in `last` */
  consume(m: Measurements): boolean {
    if (m.isDigitalSilence || m.isHoled) {
      if (m.isDigitalSilence) this.#frames.keep(m);
      return this.isOpen && m.atMs - this.#endMs > HOLE_MS && this.#close();
    }
    this.#frames.measure(m);
    const frame = this.#frames.now;
    const hasEnded = this.isOpen && this.#goOn(frame);
    if (!this.isOpen) {
      this.#listenAfter(frame);
      if (frame.canBegin) this.#open(frame);
      else this.#frames.learnNoise(m);
    }
    this.#frames.keep(m);
    return hasEnded;
  }

  #goOn(frame: BeepFrame): boolean {
    const hasDropped = frame.levelDb < this.#pending.levelDb - MOST_DROP_DB;
    if (frame.canGoOn && !hasDropped && this.#continues(frame)) {
      this.#foreign = 0;
      this.#remember(frame);
      return false;
    }
    return ++this.#foreign >= FOREIGN_FRAMES && this.#close();
  }

  /** Whichever tone of a pair is the stronger one, the track stays with the one it began with. */
  #continues(frame: BeepFrame): boolean {
    const mostHz = MOST_STEP_HZ * (1 + this.#foreign);
    if (Math.abs(frame.hz - this.#pitchHz) <= mostHz) return true;
    if (frame.secondHz === 0 || Math.abs(frame.secondHz - this.#pitchHz) > mostHz) return false;
    const other = frame.hz;
    frame.hz = frame.secondHz;
    frame.secondHz = other;
    return true;
  }

  #open(frame: BeepFrame): void {
    this.isOpen = true;
    this.#startMs = frame.atMs;
    this.#count = this.#foreign = this.#shares = this.#pairs = 0;
    this.#pitch.clear();
    this.#second.clear();
    this.#level.clear();
    this.#peakDb = SILENCE_DB;
    this.#beforeDb = this.#frames.leastBeforeDb(frame.hz);
    this.#remember(frame);
  }

  /** The first and the last window are half something else, so each counts when the next has come. */
  #remember(frame: BeepFrame): void {
    if (this.#count >= 2) this.#measure(this.#pending);
    copyFrame(frame, this.#pending);
    this.#count++;
    this.#pitchHz = frame.hz;
    this.#endMs = frame.atMs;
  }

  #measure(frame: BeepFrame): void {
    const seconds = (frame.atMs - this.#startMs) / 1000;
    this.#pitch.add(seconds, frame.hz);
    this.#level.add(seconds, frame.levelDb);
    this.#peakDb = Math.max(this.#peakDb, frame.levelDb);
    this.#shares += frame.share;
    if (!frame.isPair) return;
    this.#pairs++;
    this.#second.add(seconds, frame.secondHz);
  }

  /** @returns whether the tone was long enough to be kept */
  #close(): boolean {
    this.isOpen = false;
    const measured = this.#pitch.count;
    if (measured < LEAST_MEASURED) return false;
    const tone = this.last;
    const hz = this.#pitch.mean;
    const otherHz = 2 * this.#pairs > measured ? this.#second.mean : 0;
    tone.startMs = this.#startMs;
    tone.endMs = this.#endMs;
    tone.frequencyHz = otherHz > 0 ? Math.min(hz, otherHz) : hz;
    tone.secondHz = otherHz > 0 ? Math.max(hz, otherHz) : 0;
    tone.levelDb = this.#peakDb;
    tone.sweepHzPerS = this.#pitch.slope;
    tone.wobbleHz = this.#pitch.deviation;
    tone.unevenDb = this.#level.deviation;
    tone.purity = this.#shares / measured;
    tone.riseDb = tone.levelDb - this.#beforeDb;
    tone.fallDb = tone.pitchFallDb = -SILENCE_DB;
    return true;
  }

  #listenAfter(frame: BeepFrame): void {
    const { last } = this;
    const sinceMs = frame.atMs - last.endMs;
    if (sinceMs < AFTER_FROM_MS || sinceMs > AFTER_TO_MS) return;
    const pitchDb = this.#frames.levelAtDb(last.frequencyHz);
    last.fallDb = Math.min(last.fallDb, last.levelDb - frame.soundDb);
    last.pitchFallDb = Math.min(last.pitchFallDb, last.levelDb - pitchDb);
  }
}
