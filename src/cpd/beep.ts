/**
 * Finds the beep after which a voicemail records, and says it when it is over, because what is said into
 * the beep is lost. A beep is one tone, two together, a sweep or a tone that dies away, made by a
 * generator and alone: nothing sounds right before it, nothing but line noise right after it. What
 * only looks like one is left out: held vowels, music, keypad digits, answer tones and what the network
 * says.
 */
import { BeepTrack, noTone, type TrackedTone } from './beep-track.js';
import type { CpdOptions } from './options.js';
import type { Measurements } from './spectrum.js';

export interface Beep {
  startMs: number;
  endMs: number;
  /** Of two tones the lower one. Hz */
  frequencyHz: number;
  /** How surely a generator made it: log-odds against a voice, 0 is the limit. */
  evidence: number;
}

/** Another tone within this time, 48 ms and the windows that two edges spoil, makes it a sequence. ms */
const ALONE_MS = 80;
/** Two notes may be one beep; three are a special information tone or music. */
const MOST_NOTES = 2;
/** A tone that goes on at the same pitch is the same note. */
const SAME_PITCH = 0.03;
/** It stands out from what was near its pitch before it, and from all that follows it. dB */
const LEAST_RISE_DB = 8;
const LEAST_FALL_DB = 5;
const LEAST_PITCH_FALL_DB = 8;
/** Among notes of music, or the beeps of a busy line, none stands out by so much. ms, log-odds */
const NOTE_MEMORY_MS = 3000;
const OUTSTANDING = 4;

/** A tone that lasts longer says no more about its maker. ms */
const TELLING_MS = 600;
/** What wavers so much, low down and in a pure sound, is a voice or two network tones that beat. */
const LOW_HZ = 500;
const PURE = 0.98;
const MOST_PURE_WOBBLE = 0.008;

/** Networks and faxes make their tones from clocks; what a codec adds is less than this. */
const NETWORK_TOLERANCE = 0.005;
const NETWORK_HZ = [400, 425, 440, 450] as const;
const NETWORK_PAIRS_HZ = [
  [350, 440],
  [400, 450],
  [440, 480],
  [480, 620],
] as const;
/** Ringback and dial tone; a beep at such a pitch is shorter. ms */
const NETWORK_MS = 700;
const ANSWER_TONE_HZ = 2100;
const ANSWER_TONE_MS = 900;
const KEYPAD_TOLERANCE = 0.01;
const KEYPAD_ROWS_HZ = [697, 770, 852, 941] as const;
const KEYPAD_COLUMNS_HZ = [1209, 1336, 1477, 1633] as const;

export class BeepDetector {
  readonly #options: CpdOptions;
  readonly #track = new BeepTrack();
  readonly #first = noTone();
  readonly #end = noTone();
  readonly #beep: Beep = { startMs: 0, endMs: 0, frequencyHz: 0, evidence: 0 };
  #notes = 0;
  #isWaiting = false;
  #evidence = 0;
  #noteEndMs = -Infinity;
  #noteBeforeEndMs = -Infinity;
  #noteEvidence = 0;

  constructor(options: CpdOptions) {
    this.#options = options;
  }

  /** A tone is over that a generator made, and it is not known yet whether it was alone. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** @returns the beep, once it has proved to be alone, else null; the object is reused */
  consume(m: Measurements): Beep | null {
    const track = this.#track;
    const hasEnded = track.consume(m);
    if (hasEnded) this.#addNote(track.last);
    if (!this.#isWaiting) return null;
    if (track.last.endMs === this.#end.endMs) Object.assign(this.#end, track.last);
    const isOver = m.atMs - this.#end.endMs >= ALONE_MS;
    if (!isOver || track.isOpen) return null;
    this.#isWaiting = false;
    return this.#judge();
  }

  /** A tone has ended. What no generator made is not a note, and does not concern the note before it. */
  #addNote(tone: TrackedTone): void {
    const evidence = evidenceOfGenerator(tone);
    const follows = this.#isWaiting && tone.startMs - this.#end.endMs <= ALONE_MS;
    const goesOn = follows && isNear(tone.frequencyHz, this.#end.frequencyHz, SAME_PITCH);
    if (evidence <= 0 && !goesOn) return;
    if (goesOn) {
      // Noise or a lost packet has cut it, or it is the tail of one that dies away.
      this.#evidence = Math.max(this.#evidence, evidence);
    } else if (follows) {
      this.#notes++;
      this.#evidence = Math.min(this.#evidence, evidence);
    } else {
      Object.assign(this.#first, tone);
      this.#notes = 1;
      this.#evidence = evidence;
    }
    this.#isWaiting = true;
    Object.assign(this.#end, tone);
  }

  /** Music, several beeps, a busy line: one note before it may have been a voice, two were not. */
  #isAfterNotes(startMs: number): boolean {
    if (startMs - this.#noteBeforeEndMs < NOTE_MEMORY_MS) return true;
    const isAfterNote = startMs - this.#noteEndMs < NOTE_MEMORY_MS;
    return isAfterNote && this.#evidence < this.#noteEvidence + OUTSTANDING;
  }

  #judge(): Beep | null {
    const first = this.#first;
    const last = this.#end;
    const ms = last.endMs - first.startMs;
    const isAfterNotes = this.#isAfterNotes(first.startMs);
    this.#noteBeforeEndMs = this.#notes > 1 ? first.endMs : this.#noteEndMs;
    this.#noteEndMs = last.endMs;
    this.#noteEvidence = this.#evidence;
    const isBeep =
      !isAfterNotes &&
      this.#notes <= MOST_NOTES &&
      ms >= this.#options.beepMinMs &&
      ms <= this.#options.beepMaxMs &&
      standsOut(first, last) &&
      ![first, last].some((tone) => isWavering(tone) || isSignal(tone));
    if (!isBeep) return null;
    this.#beep.startMs = first.startMs;
    this.#beep.endMs = last.endMs;
    this.#beep.frequencyHz = first.frequencyHz;
    this.#beep.evidence = this.#evidence;
    return this.#beep;
  }
}

/**
 * Log-odds of a generator against a throat. The weights are a logistic regression over generated beeps of
 * a dozen kinds and some hours of speech, both through telephone codecs and noise, rounded. Each says
 * what one knows of voices: they do not hold a tone for long, neither its pitch nor its level,
 * never alone without overtones, and hardly ever high up.
 */
function evidenceOfGenerator(tone: TrackedTone): number {
  return (
    -0.8 +
    3 * Math.log(Math.min(tone.endMs - tone.startMs, TELLING_MS) / 150) -
    0.6 * Math.log((tone.wobbleHz + 0.5) / 3) -
    1.6 * Math.log(tone.unevenDb + 0.3) -
    2.6 * Math.log((1.02 - Math.min(1, tone.purity)) / 0.1) -
    0.9 * Math.log((Math.abs(tone.sweepHzPerS) + 10) / 20) +
    2.8 * Math.log(tone.frequencyHz / 800)
  );
}

const standsOut = (first: TrackedTone, last: TrackedTone): boolean =>
  first.riseDb >= LEAST_RISE_DB &&
  last.fallDb >= LEAST_FALL_DB &&
  last.pitchFallDb >= LEAST_PITCH_FALL_DB;

const isWavering = ({ purity, wobbleHz, frequencyHz }: TrackedTone): boolean =>
  frequencyHz < LOW_HZ && purity >= PURE && wobbleHz > MOST_PURE_WOBBLE * frequencyHz;

/** Whether a tone is one of those that networks, keypads and faxes send. */
function isSignal({ startMs, endMs, frequencyHz: hz, secondHz }: TrackedTone): boolean {
  const ms = endMs - startMs;
  if (secondHz > 0) {
    const isNetwork = NETWORK_PAIRS_HZ.some(
      ([low, high]) =>
        isNear(hz, low, NETWORK_TOLERANCE) && isNear(secondHz, high, NETWORK_TOLERANCE),
    );
    const isKey =
      KEYPAD_ROWS_HZ.some((row) => isNear(hz, row, KEYPAD_TOLERANCE)) &&
      KEYPAD_COLUMNS_HZ.some((column) => isNear(secondHz, column, KEYPAD_TOLERANCE));
    return isNetwork || isKey;
  }
  if (ms >= ANSWER_TONE_MS && isNear(hz, ANSWER_TONE_HZ, NETWORK_TOLERANCE)) return true;
  return ms >= NETWORK_MS && NETWORK_HZ.some((tone) => isNear(hz, tone, NETWORK_TOLERANCE));
}

const isNear = (hz: number, wantedHz: number, tolerance: number): boolean =>
  Math.abs(hz - wantedHz) <= tolerance * wantedHz;
