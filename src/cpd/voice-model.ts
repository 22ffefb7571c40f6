/**
 * The voice model: a small neural network that says how likely it is that the newest 32 ms, or a whole
 * utterance, are speech, music or neither. Its weights are tables, models/vad.json (68 - 30 - 12 - 3) and
 * models/utterance.json (30 - 12 - 3); how they were made is in models/README.md.
 */
import { FEATURE_COUNT } from './voice-features.js';

/** One layer: outputs x inputs weights, row after row, and one bias per output. */
export interface Layer {
  readonly weights: readonly number[];
  readonly biases: readonly number[];
}

/** The table's form. The last layer's outputs are speech, music, other. */
export interface VoiceModelTable {
  readonly features: number;
  readonly layers: readonly Layer[];
}

const OUTPUTS = 3;

export class VoiceModel {
  /** Probabilities of the newest features, 0..1. */
  speech = 0;
  music = 0;

  readonly #layers: readonly DenseLayer[];

  /** @throws RangeError when the table's sizes do not fit together */
  constructor(table: VoiceModelTable, features = FEATURE_COUNT) {
    this.#layers = known.get(table) ?? denseLayers(table, features);
    known.set(table, this.#layers);
  }

  /** Sets `speech` and `music`. Allocates nothing. */
  evaluate(features: Float64Array): void {
    let input = features;
    const last = this.#layers.length - 1;
    for (let l = 0; l <= last; l++) {
      const layer = this.#layers[l]!;
      apply(layer, input, l < last);
      input = layer.out;
    }
    const speech = input[0]!;
    const music = input[1]!;
    const other = input[2]!;
    const most = Math.max(speech, music, other);
    const a = Math.exp(speech - most);
    const b = Math.exp(music - most);
    const sum = a + b + Math.exp(other - most);
    this.speech = a / sum;
    this.music = b / sum;
  }
}

/** Layers of the tables in use: they are most of a call's memory if each call has its own. */
const known = new WeakMap<VoiceModelTable, readonly DenseLayer[]>();

interface DenseLayer {
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  /** Work space: calls are evaluated one after the other. */
  readonly out: Float64Array;
}

function denseLayers(table: VoiceModelTable, features: number): readonly DenseLayer[] {
  if (table.features !== features)
    throw new RangeError(`the voice model wants ${table.features} features, not ${features}`);
  let inputs = features;
  const layers = table.layers.map((layer) => {
    const dense = denseLayer(layer, inputs);
    inputs = dense.out.length;
    return dense;
  });
  if (inputs !== OUTPUTS) throw new RangeError(`the voice model has ${inputs} outputs, not 3`);
  return layers;
}

function denseLayer({ weights, biases }: Layer, inputs: number): DenseLayer {
  if (weights.length !== inputs * biases.length)
    throw new RangeError(`${weights.length} weights do not fit ${inputs} x ${biases.length}`);
  return {
    weights: Float64Array.from(weights),
    biases: Float64Array.from(biases),
    out: new Float64Array(biases.length),
  };
}

/** Three outputs at once: each input is fetched once for them, and no sum waits for its last addition. */
function apply({ weights, biases, out }: DenseLayer, input: Float64Array, isHidden: boolean): void {
  const inputs = input.length;
  for (let o = 0; o < out.length; o += 3) {
    const row = o * inputs;
    let sum0 = biases[o]!;
    let sum1 = biases[o + 1]!;
    let sum2 = biases[o + 2]!;
    for (let i = 0; i < inputs; i++) {
      const x = input[i]!;
      sum0 += weights[row + i]! * x;
      sum1 += weights[row + inputs + i]! * x;
      sum2 += weights[row + 2 * inputs + i]! * x;
    }
    out[o] = isHidden ? rectified(sum0) : sum0;
    out[o + 1] = isHidden ? rectified(sum1) : sum1;
    out[o + 2] = isHidden ? rectified(sum2) : sum2;
  }
}

const rectified = (x: number): number => (x < 0 ? 0.01 * x : x);
