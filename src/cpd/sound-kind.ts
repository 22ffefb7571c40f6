/**
 * Tells a voice from music and from noise over some seconds, for lines on which nobody has answered: an
 * announcement, music in place of ringback, a bad line. Three habits are counted. A voice pauses between
 * phrases, it drops in level between syllables, and its harmonics do not stay where they are; music does
 * at most one of these. What has no period is noise. It is too slow to be a detector of speech.
 */
import { HOP_MS, SILENCE_DB, type Measurements } from './spectrum.js';

export type SoundKind = 'announcement' | 'music' | 'noise';

/** Quieter frames are no sound, whatever the line's noise is. dB relative to full scale */
const SOUND_DB = -48;
/** The loudest moment counts less as it passes. dB a hop: 5 dB a second */
const LOUDEST_FALL_DB = (5 * HOP_MS) / 1000;
/** Below the loudest moment: a pause, a dip between syllables, and what ends a dip. dB */
const PAUSE_DB = 20;
const DIP_DB = 15;
const DIP_END_DB = 12;
/** A peak that stays within 1 % (and 4 Hz) for this many hops is held by an instrument. */
const STEADY_RELATIVE = 0.01;
const STEADY_HZ = 4;
const STEADY_HOPS = 6;
const PERIODIC = 0.5;
/** Shares of the time, and dips a second, that a voice has. */
const VOICE_PAUSES = 0.12;
const VOICE_DIPS_PER_S = 1.5;
const LEAST_DIPS_PER_S = 0.6;
const VOICE_STEADY = 0.18;
/** More held notes than this are music, however it pauses. */
const MUSIC_STEADY = 0.3;
/** Less of the sound than this has a period: noise. */
const NOISE_PERIODIC = 0.35;
/** Older sound counts half, so that what follows an announcement is recognised, too. ms */
const MEMORY_MS = 6000;
/** So much quiet ends what was heard. ms */
const END_MS = 1500;

export class SoundKindJudge {
  #hops = 0;
  #soundHops = 0;
  #pauses = 0;
  #dips = 0;
  #steady = 0;
  #periodic = 0;
  #steadyRun = 0;
  #isInDip = true;
  #loudestDb = SILENCE_DB;
  #previousHz = 0;
  #quietHops = 0;

  /** Forgets what was heard, because it was something else. */
  restart(): void {
    this.#hops = this.#soundHops = this.#pauses = this.#dips = 0;
    this.#steady = this.#periodic = this.#steadyRun = this.#quietHops = 0;
    this.#isInDip = true;
    this.#loudestDb = SILENCE_DB;
  }

  /** How long it has been quiet since. ms */
  get quietMs(): number {
    return this.#quietHops * HOP_MS;
  }

  /** How much sound and pauses between it has been heard. ms */
  get heardMs(): number {
    return (this.#hops - this.#quietHops) * HOP_MS;
  }

  /** @param isHeld the frame is part of a tone that has lasted for longer than any vowel stays put */
  consume(m: Measurements, isHeld: boolean): void {
    if (m.isHoled && !m.isDigitalSilence) return;
    const isSound = m.levelDb > SOUND_DB;
    this.#quietHops = isSound ? 0 : this.#quietHops + 1;
    if (this.#hops === 0 && !isSound) return;
    if (this.#quietHops * HOP_MS >= END_MS) {
      this.restart();
      return;
    }
    if (this.#hops * HOP_MS >= MEMORY_MS) this.#halve();
    this.#hops++;
    this.#loudestDb = Math.max(m.levelDb, this.#loudestDb - LOUDEST_FALL_DB);
    this.#countDips(m.levelDb - this.#loudestDb);
    if (isSound && m.levelDb > this.#loudestDb - PAUSE_DB) this.#countSound(m, isHeld);
    else this.#steadyRun = 0;
  }

  /**
   * @param leastMs how much must have been heard
   * @returns null when it was less
   */
  kind(leastMs: number): SoundKind | null {
    if (this.heardMs < leastMs) return null;
    if (this.#periodic < NOISE_PERIODIC * this.#soundHops) return 'noise';
    if (this.#steady > MUSIC_STEADY * this.#soundHops) return 'music';
    const heardS = (this.#hops * HOP_MS) / 1000;
    const habits =
      Number(this.#pauses >= VOICE_PAUSES * this.#hops) +
      Number(this.#dips >= VOICE_DIPS_PER_S * heardS) +
      Number(this.#steady <= VOICE_STEADY * this.#soundHops);
    if (this.#dips < LEAST_DIPS_PER_S * heardS) return 'music';
    return habits >= 2 ? 'announcement' : 'music';
  }

  /** For reasons: what was counted. */
  describe(): string {
    const share = (part: number, whole: number) => Math.round((100 * part) / Math.max(1, whole));
    return [
      `${share(this.#pauses, this.#hops)} % pauses`,
      `${(this.#dips / Math.max(0.1, (this.#hops * HOP_MS) / 1000)).toFixed(1)} dips a second`,
      `${share(this.#steady, this.#soundHops)} % held notes`,
      `${share(this.#periodic, this.#soundHops)} % periodic`,
    ].join(', ');
  }

  #countDips(belowLoudestDb: number): void {
    if (belowLoudestDb < -PAUSE_DB) this.#pauses++;
    if (this.#isInDip) {
      if (belowLoudestDb > -DIP_END_DB) this.#isInDip = false;
    } else if (belowLoudestDb < -DIP_DB) {
      this.#isInDip = true;
      this.#dips++;
    }
  }

  #countSound(m: Measurements, isTone: boolean): void {
    this.#soundHops++;
    if (m.periodicity > PERIODIC) this.#periodic++;
    const isHeld =
      Math.abs(m.peakHz - this.#previousHz) < Math.max(STEADY_HZ, STEADY_RELATIVE * m.peakHz);
    this.#previousHz = m.peakHz;
    this.#steadyRun = isHeld ? this.#steadyRun + 1 : 0;
    if (this.#steadyRun === STEADY_HOPS - 1 && !isTone) this.#steady += STEADY_HOPS;
    else if (this.#steadyRun >= STEADY_HOPS || isTone) this.#steady++;
  }

  #halve(): void {
    this.#hops /= 2;
    this.#soundHops /= 2;
    this.#pauses /= 2;
    this.#dips /= 2;
    this.#steady /= 2;
    this.#periodic /= 2;
  }
}
