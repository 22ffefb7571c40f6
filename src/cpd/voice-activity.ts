/**
 * Tells speech from quiet, from noise, from music and from tones, and keeps count of each. Where
 * speech starts and stops is told by energy above the line's noise that is periodic often enough to
 * come from a throat, or that the voice model is sure of; whether it was speech at all is told by
 * the utterance as a whole. It decides nothing about who is there.
 */
import { NoiseFloor } from './noise-floor.js';
import { HOP_MS, SILENCE_DB, type Measurements } from './spectrum.js';
import { Utterance } from './utterance.js';
import { VoiceEars, type Ears } from './voice-ears.js';

/** Energy counts when it is this far above the floor, and not far below the speech so far. dB */
const ABOVE_FLOOR_DB = 8;
const BELOW_SPEECH_DB = 26;
/**
 * Speech whose loudest moment stands out by less than this is buried: its quiet syllables are no louder than
 * the noise that they lie in. What the model is sure of then counts from so little above the floor, which is the
 * noise's quietest moment. dB
 */
const BURIED_DB = 20;
const ABOVE_FLOOR_BURIED_DB = 3;
/** A frame is voiced when its autocorrelation peak is at least this high. */
const VOICED_PERIODICITY = 0.55;
/** Far above the floor less will do: breathy voices and narrow codecs blur the period. */
const LOUD_ABOVE_FLOOR_DB = 20;
const LOUD_VOICED_PERIODICITY = 0.42;
/** A vowel in a quiet room is this periodic, and a bark is not for long. */
const VOWEL_PERIODICITY = 0.65;
/** What the model finds this likely is speech however far it is below the rest. */
const LIKELY_SPEECH = 0.6;
/** Or when the model is this sure, and never when it is this sure of the contrary. */
const SURE_SPEECH = 0.75;
const SURE_NOT_SPEECH = 0.04;
/** So many voiced frames among so many start speech: 64 of 128 ms. */
const ONSET_VOICED = 4;
const ONSET_FRAMES = 8;
/** Energy before the first voiced frame belongs to the word ("six", "hello"), up to this. ms */
const ONSET_REACH_MS = 240;
/** Energy without a voiced frame for so long is noise after the speech, not the speech. ms */
const UNVOICED_TAIL_MS = 200;
/** A gap in the energy shorter than this is inside a burst. ms */
const BURST_GAP_MS = 80;
/** A longer pause is not part of what somebody says in one go. ms */
const LONGEST_BREATH_MS = 500;
/** After so much digital silence the model's last word no longer counts. ms */
const MODEL_MEMORY_MS = 64;

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
  /** The same with the pauses in it, none counted for more than a breath. ms */
  spokenMs = 0;
  /** Frames with energy above the floor since the reset, speech or not, as time. ms */
  soundMs = 0;
  /** Sum of the model's probability of music since the reset, as time. ms */
  musicMs = 0;
  /** Longest run of periodic frames in the speech: a vowel that is held. ms */
  longestVowelMs = 0;
  /** Sound that was no speech since the newest speech, as time. ms */
  soundAfterMs = 0;
  floorDb = SILENCE_DB;
  speechDb = SILENCE_DB;
  /** The model's word on the newest frame, 0..1. */
  speechProbability = 0;
  musicProbability = 0;
  /** The newest frame is above the line's noise. */
  isSound = false;
  /** How long the newest speech has been over; 0 while it goes on. ms */
  quietMs = 0;
  persistence = 0;
  flux = 0;
  /** How often something was taken for speech that was none, since the reset. */
  mistakes = 0;
  /** How likely the last of these was speech, 0..1. */
  mistakenCredibility = 0;

  readonly #floor = new NoiseFloor();
  readonly #ears: Ears;
  readonly #utterance = new Utterance();
  #credibility = 0;
  #credibilityFrame = -1;
  readonly #voiced = new Uint8Array(ONSET_FRAMES);
  #frame = 0;
  #burstStartMs = -1;
  #lastEnergyMs = -1;
  #lastVoicedMs = -1;
  #lastModelMs = -1;
  #vowelMs = 0;
  #steadyFrames = 0;
  #previousPeakHz = 0;
  /** Of the voiced frames since the onset. */
  #loudestDb = SILENCE_DB;
  readonly #quietestSpeechDb: number;

  /**
   * @param quietestSpeechDb quieter frames are never speech. dB relative to full scale
   * @param ears what says how much each frame is like speech
   */
  constructor(quietestSpeechDb: number, ears: Ears = new VoiceEars()) {
    this.#quietestSpeechDb = quietestSpeechDb;
    this.#ears = ears;
  }

  /** Forgets what was heard but keeps what is known of the line. Called when the call is answered. */
  reset(): void {
    this.soundMs = this.musicMs = this.mistakes = 0;
    this.#restart();
    this.#utterance.reset();
  }

  /** What was taken for speech was none. */
  forgetSpeech(): void {
    this.mistakenCredibility = this.credibility;
    this.mistakes++;
    this.#restart();
    this.#utterance.forget();
  }

  #restart(): void {
    this.hasOnset = this.isSpeech = false;
    this.longestVowelMs = this.quietMs = 0;
    this.onsetMs = this.lastSpeechMs = this.speechMs = this.spokenMs = 0;
    this.#credibilityFrame = -1;
    this.speechDb = this.#loudestDb = SILENCE_DB;
    this.#voiced.fill(0);
    this.#burstStartMs = this.#lastEnergyMs = this.#lastVoicedMs = -1;
  }

  /** How long it has been quiet since the last speech. ms */
  pauseMs(nowMs: number): number {
    return this.hasOnset ? Math.max(0, nowMs - this.lastSpeechMs) : 0;
  }

  /** How likely it is that what was taken for speech since the onset is speech, 0..1. */
  get credibility(): number {
    if (this.#credibilityFrame !== this.#frame) {
      this.#credibilityFrame = this.#frame;
      this.#credibility = this.#utterance.probability(this);
    }
    return this.#credibility;
  }

  /** What the utterance's model looks at; overwritten by the next call. */
  describeUtterance(): Float64Array {
    this.#utterance.fill(this);
    return this.#utterance.values;
  }

  /**
   * @param m the newest measurements
   * @param isTone the frame is part of a tone that has lasted long enough not to be a voice
   */
  consume(m: Measurements, isTone: boolean): void {
    this.#ask(m, isTone);
    this.#floor.follow(m);
    this.floorDb = this.#floor.db;
    const isLikely = this.speechProbability >= LIKELY_SPEECH;
    const isBuried = this.hasOnset && this.#loudestDb - this.floorDb < BURIED_DB;
    const isSure = this.speechProbability >= SURE_SPEECH;
    const above = isBuried && isSure ? ABOVE_FLOOR_BURIED_DB : ABOVE_FLOOR_DB;
    const audible = Math.max(this.#quietestSpeechDb, this.floorDb + above);
    // A quiet consonant is far below its vowel, and so is an echo; the model knows the one from the other.
    const threshold = isLikely ? audible : Math.max(audible, this.speechDb - BELOW_SPEECH_DB);
    this.isSound = m.levelDb > threshold;
    const hasEnergy = this.isSound && !isTone;
    if (this.isSound) {
      this.soundMs += HOP_MS;
      this.soundAfterMs += HOP_MS;
    }
    this.#vowelMs = m.periodicity >= VOWEL_PERIODICITY ? this.#vowelMs + HOP_MS : 0;
    const isVoiced = hasEnergy && !m.isHoled && this.#isVoiced(m);
    this.#voiced[this.#frame++ % ONSET_FRAMES] = isVoiced ? 1 : 0;
    if (hasEnergy) {
      if (this.#burstStartMs < 0 || m.atMs - this.#lastEnergyMs > BURST_GAP_MS)
        this.#burstStartMs = m.atMs;
      this.#lastEnergyMs = m.atMs;
    }
    if (isVoiced) {
      this.#lastVoicedMs = m.atMs;
      this.speechDb = Math.max(m.levelDb, this.speechDb - 0.02 * HOP_MS);
      this.#loudestDb = Math.max(m.levelDb, this.#loudestDb);
    }
    this.#advance(m.atMs, hasEnergy);
    this.quietMs = this.hasOnset ? m.atMs - this.lastSpeechMs : 0;
    this.#utterance.consume(m, this, this.hasOnset);
  }

  /** A hole says nothing, so the last word stands for a moment. */
  #ask(m: Measurements, isTone: boolean): void {
    if (this.#ears.listen(m)) {
      this.persistence = this.#ears.persistence;
      this.flux = this.#ears.flux;
      this.#lastModelMs = m.atMs;
    }
    const isStale = m.atMs - this.#lastModelMs > MODEL_MEMORY_MS;
    this.speechProbability = isTone || isStale ? 0 : this.#ears.speech;
    this.musicProbability = isTone || isStale ? 0 : this.#ears.music;
    this.musicMs += HOP_MS * this.musicProbability;
  }

  #isVoiced(m: Measurements): boolean {
    if (this.speechProbability >= SURE_SPEECH) return true;
    if (this.speechProbability <= SURE_NOT_SPEECH || this.#isSteadyPeak(m)) return false;
    const isLoud = m.levelDb > this.floorDb + LOUD_ABOVE_FLOOR_DB;
    return m.periodicity >= (isLoud ? LOUD_VOICED_PERIODICITY : VOICED_PERIODICITY);
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
      this.lastSpeechMs = this.onsetMs;
    }
    this.spokenMs += Math.min(LONGEST_BREATH_MS, atMs - this.lastSpeechMs);
    this.speechMs += HOP_MS;
    this.longestVowelMs = Math.max(this.longestVowelMs, this.#vowelMs);
    this.lastSpeechMs = atMs;
    this.soundAfterMs = 0;
  }

  /** A spectral peak that does not move is an instrument or a generator; a voice glides. */
  #isSteadyPeak(m: Measurements): boolean {
    const isSteady = Math.abs(m.peakHz - this.#previousPeakHz) < 3 && m.purity > 0.6;
    this.#steadyFrames = isSteady ? this.#steadyFrames + 1 : 0;
    this.#previousPeakHz = m.peakHz;
    return this.#steadyFrames >= (m.purity > 0.95 ? 1 : 5);
  }
}
