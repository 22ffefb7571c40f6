/** A small network, learnt by Adam from features and labels. Plain arrays; a few minutes on one core. */
import { Dice } from './random.mjs';

const LEAK = 0.01;
const BATCH = 128;
const BETA1 = 0.9;
const BETA2 = 0.999;

/** @param {number[]} sizes neurons of each layer, inputs first */
export class Network {
  constructor(sizes, dice) {
    this.layers = sizes.slice(1).map((outputs, l) => {
      const inputs = sizes[l];
      const size = outputs * inputs + outputs;
      const values = new Float32Array(size);
      for (let i = 0; i < outputs * inputs; i++) values[i] = dice.normal() * Math.sqrt(2 / inputs);
      const zeros = () => new Float32Array(size);
      const [gradient, first, second] = [zeros(), zeros(), zeros()];
      const out = new Float32Array(outputs);
      return { inputs, outputs, values, gradient, first, second, out, back: out.slice() };
    });
    this.input = new Float32Array(sizes[0]);
    this.steps = 0;
  }

  /** Runs it on `this.input`. @returns {Float32Array} logits */
  forward() {
    let x = this.input;
    this.layers.forEach((layer, l) => {
      const { inputs, outputs, values, out } = layer;
      const biases = inputs * outputs;
      for (let o = 0, w = 0; o < outputs; o++) {
        let sum = values[biases + o];
        for (let i = 0; i < inputs; i++) sum += values[w++] * x[i];
        out[o] = l < this.layers.length - 1 && sum < 0 ? LEAK * sum : sum;
      }
      x = out;
    });
    return x;
  }

  /** Adds the gradients for the last `forward`; the last layer's `back` holds those of its output. */
  backward() {
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const { inputs, outputs, values, gradient, back } = this.layers[l];
      const below = l > 0 ? this.layers[l - 1] : null;
      const x = below ? below.out : this.input;
      if (below) below.back.fill(0);
      for (let o = 0; o < outputs; o++) {
        const g = back[o];
        if (g === 0) continue;
        const row = o * inputs;
        gradient[inputs * outputs + o] += g;
        for (let i = 0; i < inputs; i++) gradient[row + i] += g * x[i];
        if (below) for (let i = 0; i < inputs; i++) below.back[i] += g * values[row + i];
      }
      if (below) for (let i = 0; i < inputs; i++) if (below.out[i] < 0) below.back[i] *= LEAK;
    }
  }

  step(rate, decay) {
    this.steps++;
    const c1 = 1 - BETA1 ** this.steps;
    const c2 = 1 - BETA2 ** this.steps;
    for (const { values, gradient, first, second, inputs, outputs } of this.layers)
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i] / BATCH;
        gradient[i] = 0;
        first[i] = BETA1 * first[i] + (1 - BETA1) * g;
        second[i] = BETA2 * second[i] + (1 - BETA2) * g * g;
        if (i < inputs * outputs) values[i] -= rate * decay * values[i];
        values[i] -= (rate * (first[i] / c1)) / (Math.sqrt(second[i] / c2) + 1e-8);
      }
  }
}

/**
 * @param {{ features: Float32Array, labels: Int8Array, width: number }} data labels below 0 are left out
 * @param {{ hidden: number[], epochs: number, classWeights: number[], jitter: number, seed: number }} options
 * @param {(epoch: number, network: Network, loss: number) => void} onEpoch
 */
export function learn(data, options, onEpoch) {
  const { features, labels, width } = data;
  const dice = new Dice(options.seed);
  const { mean, deviation } = statistics(features, width);
  const network = new Network([width, ...options.hidden, options.classWeights.length], dice);
  const order = Uint32Array.from(labels.keys()).filter((i) => labels[i] >= 0);
  const noise = Float32Array.from({ length: 65536 }, () => options.jitter * dice.normal());
  const last = network.layers.at(-1);
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    shuffle(order, dice);
    let loss = 0;
    for (let n = 0; n < order.length; n++) {
      const at = order[n];
      const shift = (at * 7919 + epoch * 104729) & 65535;
      for (let i = 0; i < width; i++)
        network.input[i] =
          (features[at * width + i] - mean[i]) / deviation[i] + noise[(shift + i) & 65535];
      loss += softmaxLoss(network.forward(), labels[at], options.classWeights, last.back);
      network.backward();
      const progress = (epoch + n / order.length) / options.epochs;
      if (n % BATCH === BATCH - 1)
        network.step(2e-3 * 0.5 * (1 + Math.cos(Math.PI * progress)) + 1e-5, 1e-2);
    }
    onEpoch(epoch, network, loss / order.length);
  }
  return fold(network, mean, deviation);
}

function softmaxLoss(logits, label, weights, back) {
  const most = Math.max(...logits);
  let sum = 0;
  for (let o = 0; o < logits.length; o++) sum += back[o] = Math.exp(logits[o] - most);
  const weight = weights[label];
  const p = back[label] / sum;
  for (let o = 0; o < logits.length; o++)
    back[o] = weight * (back[o] / sum - (o === label ? 1 : 0));
  return -weight * Math.log(p + 1e-9);
}

function statistics(features, width) {
  const count = features.length / width;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let i = 0; i < features.length; i++) mean[i % width] += features[i] / count;
  for (let i = 0; i < features.length; i++)
    deviation[i % width] += (features[i] - mean[i % width]) ** 2 / count;
  return { mean, deviation: deviation.map((x) => Math.sqrt(x) + 1e-3) };
}

function shuffle(order, dice) {
  for (let i = order.length - 1; i > 0; i--) {
    const j = dice.whole(0, i);
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

/** Puts the normalisation of the inputs into the first layer, so that nobody has to do it later. */
function fold(network, mean, deviation) {
  return network.layers.map(({ inputs, outputs, values }, l) => {
    const weights = Array.from(values.subarray(0, inputs * outputs));
    const biases = Array.from(values.subarray(inputs * outputs));
    if (l === 0)
      for (let o = 0; o < outputs; o++)
        for (let i = 0; i < inputs; i++) {
          const w = weights[o * inputs + i] / deviation[i];
          weights[o * inputs + i] = w;
          biases[o] -= w * mean[i];
        }
    return { weights, biases };
  });
}
