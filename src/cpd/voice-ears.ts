/**
 * What the voice model says of each moment, and what it was told. A part of its own, because it depends on
 * the sound alone: what is made of it by a rule or a profile needs no second look.
 */
import voiceModelTable from './models/vad.json' with { type: 'json' };
import type { Measurements } from './spectrum.js';
import { VoiceFeatures } from './voice-features.js';
import { VoiceModel } from './voice-model.js';

/** About the newest moment that the model has looked at. */
export interface Impression {
  /** 0..1 */
  readonly speech: number;
  readonly music: number;
  /** Correlation of the fine structure with that 128 ms ago, -1..1. */
  readonly persistence: number;
  /** Change of the bands since the frame before, in units of 10 dB. */
  readonly flux: number;
}

export interface Ears extends Impression {
  /** @returns whether there was anything to look at; of a hole there is not */
  listen(m: Measurements): boolean;
}

export class VoiceEars implements Ears {
  speech = 0;
  music = 0;
  persistence = 0;
  flux = 0;
  readonly #features = new VoiceFeatures();
  readonly #model = new VoiceModel(voiceModelTable);

  listen(m: Measurements): boolean {
    if (!this.#features.update(m)) return false;
    this.#model.evaluate(this.#features.values);
    this.speech = this.#model.speech;
    this.music = this.#model.music;
    this.persistence = this.#features.persistence.long;
    this.flux = this.#features.bands.flux;
    return true;
  }
}
