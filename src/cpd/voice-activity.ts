/**
 * Tells speech from quiet, from noise and from tones, adapting to the level of the line. Speech is
 * energy above the noise that is also periodic often enough to come from a throat; its pauses and
 * unvoiced sounds are bridged. It says when speech started and stopped, not what that means.
 */
import { HOP_MS, SILENCE_DB, type Measurements } from './spectrum.js';

/** The floor is the quietest moment of the last two seconds, kept in blocks. */
const BLOCK_FRAMES = 16;
const BLOCK_COUNT = 8;
/** Until that much has been heard the floor is not believed to be above this. dB */
const EARLY_FLOOR_DB = -48;
/** Energy counts when it is this far above the floor, and not far below the speech so far. dB */
const ABOVE_FLOOR_DB = 8;
const BELOW_SPEECH_DB = 26;
/** A frame is voiced when its autocorrelation peak is at least this high. */
const VOICED_PERIODICITY = 0.55;
/** Far above the floor less will do: breathy voices and narrow codecs blur the period. */
const LOUD_ABOVE_FLOOR_DB = 20;
const LOUD_VOICED_PERIODICITY = 0.42;
/** So many voiced frames among so many start speech: 64 of 128 ms. */
const ONSET_VOICED = 4;
const ONSET_FRAMES = 8;
/** Energy before the first voiced frame belongs to the word ("six", "hello"), up to this. ms */
const ONSET_REACH_MS = 240;
/** Energy without a voiced frame for so long is noise after the speech, not the speech. ms */
const UNVOICED_TAIL_MS = 200;
/** A gap in the energy shorter than this is inside a burst. ms */
const BURST_GAP_MS = 80;

export class VoiceActivity {
  /** Speech has been heard. */
  hasOnset = false;
  onsetMs = 0;
  /** End of the newest speech. ms */
  lastSpeechMs = 0;
  /** The newest frame belongs to speech. */
  isSpeech = false;
  /** Frames of speech since the onset, as time. ms */
  speechMs = 0;
  /** Frames with energy above the floor since the reset, speech or not, as time. ms */
  soundMs = 0;
  floorDb = EARLY_FLOOR_DB;
  speechDb = SILENCE_DB;

  readonly #blocks = new Float64Array(BLOCK_COUNT).fill(0);
  #blockIndex = 0;
  #blockFrames = 0;
  #blockMinDb = 0;
  readonly #voiced = new Uint8Array(ONSET_FRAMES);
  #frame = 0;
  #burstStartMs = -1;
  #lastEnergyMs = -1;
  #lastVoicedMs = -1;
  #steadyFrames = 0;
  #previousPeakHz = 0;
  readonly #quietestSpeechDb: number;

  /** @param quietestSpeechDb quieter frames are never speech. dB relative to full scale */
  constructor(quietestSpeechDb: number) {
    this.#quietestSpeechDb = quietestSpeechDb;
  }

  /** Forgets the speech but keeps what is known of the line. Called when the call is answered. */
  reset(): void {
    this.hasOnset = this.isSpeech = false;
    this.onsetMs = this.lastSpeechMs = this.speechMs = this.soundMs = 0;
    this.speechDb = SILENCE_DB;
    this.#voiced.fill(0);
    this.#burstStartMs = this.#lastEnergyMs = this.#lastVoicedMs = -1;
  }

  /** How long it has been quiet since the last speech. ms */
  pauseMs(nowMs: number): number {
    return this.hasOnset ? Math.max(0, nowMs - this.lastSpeechMs) : 0;
  }

  /**
   * @param m the newest measurements
   * @param isTone the frame is part of a tone that has lasted long enough not to be a voice
   */
  consume(m: Measurements, isTone: boolean): void {
    this.#followFloor(m);
    const threshold = Math.max(
      this.#quietestSpeechDb,
      this.floorDb + ABOVE_FLOOR_DB,
      this.speechDb - BELOW_SPEECH_DB,
    );
    const hasEnergy = m.levelDb > threshold && !isTone;
    if (m.levelDb > threshold) this.soundMs += HOP_MS;
    const isLoud = m.levelDb > this.floorDb + LOUD_ABOVE_FLOOR_DB;
    const needed = isLoud ? LOUD_VOICED_PERIODICITY : VOICED_PERIODICITY;
    const isVoiced = !this.#isSteadyPeak(m) && !m.isHoled && hasEnergy && m.periodicity >= needed;
    this.#voiced[this.#frame++ % ONSET_FRAMES] = isVoiced ? 1 : 0;
    if (hasEnergy) {
      if (this.#burstStartMs < 0 || m.atMs - this.#lastEnergyMs > BURST_GAP_MS)
        this.#burstStartMs = m.atMs;
      this.#lastEnergyMs = m.atMs;
    }
    if (isVoiced) {
      this.#lastVoicedMs = m.atMs;
      this.speechDb = Math.max(m.levelDb, this.speechDb - 0.02 * HOP_MS);
    }
    this.#advance(m.atMs, hasEnergy);
  }

  #advance(atMs: number, hasEnergy: boolean): void {
    let voicedCount = 0;
    for (let i = 0; i < ONSET_FRAMES; i++) voicedCount += this.#voiced[i]!;
    const starts = voicedCount >= ONSET_VOICED;
    const goesOn = this.isSpeech && hasEnergy && atMs - this.#lastVoicedMs <= UNVOICED_TAIL_MS;
    const resumes = hasEnergy && starts;
    this.isSpeech = resumes || goesOn;
    if (!this.isSpeech) return;
    if (!this.hasOnset) {
      this.hasOnset = true;
      this.onsetMs = Math.max(this.#burstStartMs, this.#lastVoicedMs - ONSET_REACH_MS);
    }
    this.speechMs += HOP_MS;
    this.lastSpeechMs = atMs;
  }

  /** Minimum statistics: the floor is what is left when nobody speaks. */
  #followFloor(m: Measurements): void {
    if (m.isHoled) return;
    this.#blockMinDb = Math.min(this.#blockMinDb, m.levelDb);
    if (++this.#blockFrames < BLOCK_FRAMES) {
      if (this.#blockMinDb < this.floorDb) this.floorDb = this.#blockMinDb;
      return;
    }
    this.#blocks[this.#blockIndex++ % BLOCK_COUNT] = this.#blockMinDb;
    this.#blockFrames = 0;
    this.#blockMinDb = 0;
    let floor = 0;
    const known = Math.min(this.#blockIndex, BLOCK_COUNT);
    for (let i = 0; i < known; i++) floor = Math.min(floor, this.#blocks[i]!);
    this.floorDb = known < BLOCK_COUNT ? Math.min(floor, EARLY_FLOOR_DB) : floor;
  }

  /** A spectral peak that does not move is an instrument or a generator; a voice glides. */
  #isSteadyPeak(m: Measurements): boolean {
    const isSteady = Math.abs(m.peakHz - this.#previousPeakHz) < 3 && m.purity > 0.6;
    this.#steadyFrames = isSteady ? this.#steadyFrames + 1 : 0;
    this.#previousPeakHz = m.peakHz;
    return this.#steadyFrames >= (m.purity > 0.95 ? 1 : 5);
  }
}
