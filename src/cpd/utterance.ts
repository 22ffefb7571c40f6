/**
 * What an utterance is like as a whole: how quickly syllables follow each other, how the pitch moves, what
 * was heard before it and what comes in its pauses. No single moment tells a dog, a song or an engine from
 * a voice as surely as all of them together. A second, very small network weighs it (models/utterance.json).
 */
import utteranceTable from './models/utterance.json' with { type: 'json' };
import { HOP_MS, SILENCE_DB, type Measurements } from './spectrum.js';
import { VoiceModel } from './voice-model.js';

export const UTTERANCE_FEATURE_COUNT = 34;

/** A frame with a pitch. */
const VOICED = 0.5;
/** The loudest moment counts less as it passes: 5 dB a second. A dip is so far below it, and over above that. dB */
const LOUDEST_FALL_DB = (5 * HOP_MS) / 1000;
const DIP_DB = 9;
const DIP_END_DB = 6;
/** What is so far below the loudest moment lies between the words: noise of the line, or more of the music. dB */
const BETWEEN_DB = 15;
/** Frames that are this sure count as sure. */
const SURE = 0.9;
const LIKELY = 0.5;

/** What is known of the newest frame, by those who look at it first. */
export interface UtteranceFrame {
  readonly speechProbability: number;
  readonly musicProbability: number;
  readonly floorDb: number;
  /** Above the noise of the line. */
  readonly isSound: boolean;
  readonly isSpeech: boolean;
  /** Correlation of the fine structure with that 128 ms ago, -1..1. */
  readonly persistence: number;
  /** Change of the bands since the last frame, in units of 10 dB. */
  readonly flux: number;
}

/** Where the utterance stands among the other counts. */
export interface UtteranceState {
  readonly speechMs: number;
  readonly spokenMs: number;
  readonly longestVowelMs: number;
  /** Sound that was no speech since the newest speech. */
  readonly soundAfterMs: number;
  /** 0 while it goes on. */
  readonly quietMs: number;
}

/** Sums over the frames of one kind. Kept in one array, so that a call costs little memory. */
const enum Sum {
  Speech,
  SpeechSquared,
  Music,
  Likely,
  Sure,
  Periodicity,
  Voiced,
  Octaves,
  OctavesSquared,
  Glide,
  Glides,
  Shrill,
  Persistence,
  Flux,
  Purity,
  Second,
  Level,
  LevelSquared,
  AboveFloor,
  Dips,
  Bursts,
  Frames,
  RestFrames,
  RestSound,
  RestMusic,
  AllFrames,
  Between,
  BetweenPeriodicity,
  BetweenPersistence,
  Count,
}

export class Utterance {
  readonly values = new Float64Array(UTTERANCE_FEATURE_COUNT);
  readonly #sums = new Float64Array(Sum.Count);
  readonly #model = new VoiceModel(utteranceTable, UTTERANCE_FEATURE_COUNT);
  #beforeFrames = 0;
  #beforeSound = 0;
  #beforeMusic = 0;
  #previousHz = 0;
  #loudestDb = -100;
  #deepestDb = 0;
  #isInDip = true;
  #wasSpeech = false;

  /** The call is answered: nothing has been heard. */
  reset(): void {
    this.#beforeFrames = this.#beforeSound = this.#beforeMusic = 0;
    this.#sums.fill(0);
    this.#restart();
  }

  /** What was taken for speech was none: it becomes what was heard before. */
  forget(): void {
    const sums = this.#sums;
    this.#beforeFrames += sums[Sum.Frames]! + sums[Sum.RestFrames]!;
    this.#beforeSound += sums[Sum.Frames]! + sums[Sum.RestSound]!;
    this.#beforeMusic += sums[Sum.Music]! + sums[Sum.RestMusic]!;
    sums.fill(0);
    this.#restart();
  }

  #restart(): void {
    this.#previousHz = 0;
    this.#loudestDb = -100;
    this.#deepestDb = 0;
    this.#isInDip = true;
    this.#wasSpeech = false;
  }

  /** @param hasOnset speech has been heard, if only now */
  consume(m: Measurements, frame: UtteranceFrame, hasOnset: boolean): void {
    if (!hasOnset) {
      this.#beforeFrames++;
      if (frame.isSound) this.#beforeSound++;
      this.#beforeMusic += frame.musicProbability;
      return;
    }
    const sums = this.#sums;
    if (!m.isHoled || m.isDigitalSilence) this.#addBetween(m, frame);
    if (!frame.isSpeech) {
      sums[Sum.RestFrames]!++;
      if (frame.isSound) sums[Sum.RestSound]!++;
      sums[Sum.RestMusic]! += frame.musicProbability;
      this.#previousHz = 0;
      this.#wasSpeech = false;
      return;
    }
    if (!this.#wasSpeech) sums[Sum.Bursts]!++;
    this.#wasSpeech = true;
    this.#addModels(frame);
    this.#addPitch(m);
    this.#addLevel(m, frame);
    sums[Sum.Persistence]! += frame.persistence;
    sums[Sum.Flux]! += frame.flux;
    sums[Sum.Purity]! += m.purity;
    sums[Sum.Second]! += m.secondShare;
    sums[Sum.Frames]!++;
  }

  /** @returns how likely it is speech, 0..1 */
  probability(state: UtteranceState): number {
    if (this.#sums[Sum.Frames] === 0) return 0;
    this.fill(state);
    this.#model.evaluate(this.values);
    return this.#model.speech;
  }

  /** Sets `values`. */
  fill(state: UtteranceState): void {
    const sums = this.#sums;
    const v = this.values;
    const n = Math.max(1, sums[Sum.Frames]!);
    const voiced = Math.max(1, sums[Sum.Voiced]!);
    const rest = Math.max(1, sums[Sum.RestFrames]!);
    const before = Math.max(1, this.#beforeFrames);
    const mean = sums[Sum.Speech]! / n;
    const pitch = sums[Sum.Octaves]! / voiced;
    const level = sums[Sum.Level]! / n;
    let i = 0;
    v[i++] = mean;
    v[i++] = deviation(sums[Sum.SpeechSquared]! / n, mean);
    v[i++] = sums[Sum.Music]! / n;
    v[i++] = sums[Sum.Likely]! / n;
    v[i++] = sums[Sum.Sure]! / n;
    v[i++] = Math.log(0.5 + (sums[Sum.Speech]! * HOP_MS) / 100);
    v[i++] = sums[Sum.Periodicity]! / n;
    v[i++] = sums[Sum.Voiced]! / n;
    v[i++] = pitch;
    v[i++] = deviation(sums[Sum.OctavesSquared]! / voiced, pitch);
    v[i++] = (5 * sums[Sum.Glide]!) / Math.max(1, sums[Sum.Glides]!);
    v[i++] = sums[Sum.Shrill]! / n;
    v[i++] = sums[Sum.Persistence]! / n;
    v[i++] = sums[Sum.Flux]! / n;
    v[i++] = sums[Sum.Purity]! / n;
    v[i++] = sums[Sum.Second]! / n;
    v[i++] = sums[Sum.AboveFloor]! / n / 20;
    v[i++] = deviation(sums[Sum.LevelSquared]! / n, level) / 10;
    v[i++] = (sums[Sum.Dips]! * 1000) / (HOP_MS * n + 300) / 3;
    v[i++] = (sums[Sum.Bursts]! * 1000) / (state.spokenMs + 500);
    v[i++] = Math.log(0.3 + state.longestVowelMs / 100);
    v[i++] = Math.log(0.2 + state.speechMs / 500);
    v[i++] = Math.log(0.2 + state.spokenMs / 500);
    v[i++] = 1 - state.speechMs / Math.max(HOP_MS, state.spokenMs);
    v[i++] = sums[Sum.RestSound]! / rest;
    v[i++] = sums[Sum.RestMusic]! / rest;
    v[i++] = state.quietMs > 0 ? Math.min(1, state.soundAfterMs / state.quietMs) : 0.5;
    v[i++] = state.quietMs > 0 ? 1 : 0;
    v[i++] = this.#beforeSound / before;
    v[i++] = this.#beforeMusic / before;
    const between = Math.max(1, sums[Sum.Between]!);
    v[i++] = sums[Sum.Between]! / Math.max(1, sums[Sum.AllFrames]!);
    v[i++] = sums[Sum.BetweenPeriodicity]! / between;
    v[i++] = sums[Sum.BetweenPersistence]! / between;
    v[i] = this.#deepestDb / 20;
  }

  /** The loudness of all frames, and what the quiet ones among them are made of. */
  #addBetween({ levelDb, pitch }: Measurements, { persistence }: UtteranceFrame): void {
    const sums = this.#sums;
    this.#loudestDb = Math.max(levelDb, this.#loudestDb - LOUDEST_FALL_DB);
    const below = this.#loudestDb - levelDb;
    this.#deepestDb = Math.max(this.#deepestDb, Math.min(50, below));
    sums[Sum.AllFrames]!++;
    if (below < BETWEEN_DB) return;
    sums[Sum.Between]!++;
    sums[Sum.BetweenPeriodicity]! += levelDb > SILENCE_DB ? pitch.periodicity : 0;
    sums[Sum.BetweenPersistence]! += levelDb > SILENCE_DB ? persistence : 0;
  }

  #addModels({ speechProbability, musicProbability }: UtteranceFrame): void {
    const sums = this.#sums;
    sums[Sum.Speech]! += speechProbability;
    sums[Sum.SpeechSquared]! += speechProbability * speechProbability;
    sums[Sum.Music]! += musicProbability;
    if (speechProbability > LIKELY) sums[Sum.Likely]!++;
    if (speechProbability > SURE) sums[Sum.Sure]!++;
  }

  #addPitch({ pitch: { periodicity, frequencyHz, shortLag } }: Measurements): void {
    const sums = this.#sums;
    sums[Sum.Periodicity]! += periodicity;
    sums[Sum.Shrill]! += shortLag;
    if (periodicity <= VOICED || frequencyHz <= 0) {
      this.#previousHz = 0;
      return;
    }
    const octaves = Math.log2(frequencyHz / 200);
    sums[Sum.Voiced]!++;
    sums[Sum.Octaves]! += octaves;
    sums[Sum.OctavesSquared]! += octaves * octaves;
    if (this.#previousHz > 0) {
      sums[Sum.Glide]! += Math.min(0.3, Math.abs(Math.log2(frequencyHz / this.#previousHz)));
      sums[Sum.Glides]!++;
    }
    this.#previousHz = frequencyHz;
  }

  #addLevel({ levelDb }: Measurements, { floorDb }: UtteranceFrame): void {
    const sums = this.#sums;
    sums[Sum.Level]! += levelDb;
    sums[Sum.LevelSquared]! += levelDb * levelDb;
    sums[Sum.AboveFloor]! += Math.min(60, levelDb - floorDb);
    const below = this.#loudestDb - levelDb;
    if (!this.#isInDip && below > DIP_DB) {
      this.#isInDip = true;
      sums[Sum.Dips]!++;
    } else if (this.#isInDip && below < DIP_END_DB) this.#isInDip = false;
  }
}

const deviation = (meanSquare: number, mean: number): number =>
  Math.sqrt(Math.max(0, meanSquare - mean * mean));
