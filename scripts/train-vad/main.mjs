/**
 * Trains the voice model: `npm run train:vad -- DIR [SCENES] [SEED]`. DIR keeps the speech made by the
 * synthesisers; the same tools and the same seed give the same weights. Writes src/cpd/models/vad.json.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HOP_MS, HOP_SAMPLES, Spectrum } from '../../src/cpd/spectrum.ts';
import { FEATURE_COUNT, VoiceFeatures } from '../../src/cpd/voice-features.ts';
import { VoiceModel } from '../../src/cpd/voice-model.ts';
import { learn } from './learn.mjs';
import { Dice } from './random.mjs';
import { scene } from './scenes.mjs';
import { makeSpeech, readSpeech } from './speech.mjs';

/** Voices that are never trained on; the accuracy printed at the end is theirs. */
const HELD_OUT = ['flite-rms', 'festival-lp_diphone', 'festival-suo_fi_lj_diphone'];
const TARGET = new URL('../../src/cpd/models/vad.json', import.meta.url);

/** Features and labels of one scene, by the code that runs on calls. */
function addScene({ samples, labels }, features, truth) {
  const spectrum = new Spectrum();
  const voice = new VoiceFeatures();
  const hop = new Float64Array(HOP_SAMPLES);
  for (let h = 0; (h + 1) * HOP_SAMPLES <= samples.length; h++) {
    for (let i = 0; i < HOP_SAMPLES; i++) hop[i] = samples[h * HOP_SAMPLES + i] / 32768;
    spectrum.analyse(hop, (h + 1) * HOP_MS);
    if (!voice.update(spectrum.now) || h === 0 || h > labels.length) continue;
    for (let i = 0; i < FEATURE_COUNT; i++) features.push(voice.values[i]);
    truth.push(labels[h - 1]);
  }
}

/** Grows without an array of boxed numbers. */
class Growing {
  constructor() {
    this.values = new Float32Array(1 << 22);
    this.length = 0;
  }

  push(value) {
    if (this.length === this.values.length) {
      const larger = new Float32Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }
}

function makeSet(speech, count, dice) {
  const features = new Growing();
  const truth = new Growing();
  for (let i = 0; i < count; i++) {
    addScene(scene(speech, dice), features, truth);
    if (i % 100 === 99) process.stderr.write(`scenes ${i + 1}/${count}\n`);
  }
  return {
    features: features.values.subarray(0, features.length),
    labels: Int8Array.from(truth.values.subarray(0, truth.length)),
    width: FEATURE_COUNT,
  };
}

/** How often the larger probability is right, per class of the truth. */
function accuracy(table, { features, labels, width }) {
  const model = new VoiceModel(table);
  const input = new Float64Array(width);
  const right = [0, 0, 0];
  const all = [0, 0, 0];
  for (let t = 0; t < labels.length; t++) {
    if (labels[t] < 0) continue;
    for (let i = 0; i < width; i++) input[i] = features[t * width + i];
    model.evaluate(input);
    const other = 1 - model.speech - model.music;
    const said = model.speech > 0.5 ? 0 : model.music > other ? 1 : 2;
    all[labels[t]]++;
    if (said === labels[t]) right[labels[t]]++;
  }
  return Object.fromEntries(
    ['speech', 'music', 'other'].map((name, c) => [name, round(right[c] / Math.max(1, all[c]))]),
  );
}

const round = (x) => Number(x.toPrecision(4));

async function main([folder, scenes = '600', seed = '1', target = TARGET]) {
  if (!folder) {
    process.stderr.write('usage: npm run train:vad -- DIR [SCENES] [SEED]\n');
    process.exitCode = 2;
    return;
  }
  const speechFolder = join(resolve(folder), 'speech');
  mkdirSync(speechFolder, { recursive: true });
  await makeSpeech(speechFolder);
  const all = readSpeech(speechFolder);
  const dice = new Dice(Number(seed));
  const isHeldOut = ({ group }) => HELD_OUT.includes(group);
  const data = makeSet(
    all.filter((one) => !isHeldOut(one)),
    Number(scenes),
    dice,
  );
  const test = makeSet(all.filter(isHeldOut), Math.ceil(Number(scenes) / 16), dice);
  const options = {
    hidden: [24, 12],
    epochs: 10,
    classWeights: [1.3, 1, 1],
    jitter: 0.1,
    seed: Number(seed),
  };
  const layers = learn(data, options, (epoch, _network, loss) =>
    process.stderr.write(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}\n`),
  );
  const table = {
    features: FEATURE_COUNT,
    layers: layers.map(({ weights, biases }) => ({
      weights: weights.map(round),
      biases: biases.map(round),
    })),
  };
  writeFileSync(target, `${JSON.stringify(table)}\n`);
  process.stdout.write(
    `frames right on voices not trained on: ${JSON.stringify(accuracy(table, test))}\n`,
  );
}

await main(process.argv.slice(2));
