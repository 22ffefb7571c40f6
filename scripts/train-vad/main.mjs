/**
 * Trains the voice model: `npm run train:vad -- DIR [SCENES] [SEED]`. DIR keeps the speech and the music
 * made for it; the same tools and the same seed give the same weights. Writes src/cpd/models/vad.json,
 * which judges moments, and then utterance.json, which judges utterances by what the first says of them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HOP_MS, HOP_SAMPLES, Spectrum } from '../../src/cpd/spectrum.ts';
import { FEATURE_COUNT, VoiceFeatures } from '../../src/cpd/voice-features.ts';
import { VoiceModel } from '../../src/cpd/voice-model.ts';
import { makeMusic, readMusic } from './band.mjs';
import { learn } from './learn.mjs';
import { Dice } from './random.mjs';
import { scene } from './scenes.mjs';
import { makeSpeech, readSpeech } from './speech.mjs';

/** Voices that are never trained on; the accuracy printed at the end is theirs. */
const HELD_OUT = ['flite-rms', 'festival-lp_diphone', 'festival-suo_fi_lj_diphone'];
const SONGS = 260;
const HELD_OUT_SONGS = 20;
const MODELS = new URL('../../src/cpd/models/', import.meta.url);
/** Scenes give few utterances, and most of them speech: more are needed, in two parts that fit into memory. */
const UTTERANCE_PARTS = [1, 2];
const UTTERANCE_SCENES = 1.6;

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

function makeSet(speech, songs, count, dice) {
  const features = new Growing();
  const truth = new Growing();
  for (let i = 0; i < count; i++) {
    addScene(scene(speech, songs, dice), features, truth);
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
  const model = new VoiceModel(table, width);
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

const tableOf = (layers, features) => ({
  features,
  layers: layers.map(({ weights, biases }) => ({
    weights: weights.map(round),
    biases: biases.map(round),
  })),
});

const write = (name, table) => writeFileSync(new URL(name, MODELS), `${JSON.stringify(table)}\n`);

function joined(parts) {
  const features = new Float32Array(parts.reduce((sum, part) => sum + part.features.length, 0));
  const labels = new Int8Array(parts.reduce((sum, part) => sum + part.labels.length, 0));
  let at = 0;
  for (const part of parts) {
    features.set(part.features, at * part.width);
    labels.set(part.labels, at);
    at += part.labels.length;
  }
  return { features, labels, width: parts[0].width };
}

async function main([folder, scenes = '1500', seed = '1']) {
  if (!folder) {
    process.stderr.write('usage: npm run train:vad -- DIR [SCENES] [SEED]\n');
    process.exitCode = 2;
    return;
  }
  const count = Number(scenes);
  const speechFolder = join(resolve(folder), 'speech');
  mkdirSync(speechFolder, { recursive: true });
  await makeSpeech(speechFolder);
  const musicFolder = join(resolve(folder), 'music');
  await makeMusic(musicFolder, SONGS);
  const songs = readMusic(musicFolder);
  const all = readSpeech(speechFolder);
  const isHeldOut = ({ group }) => HELD_OUT.includes(group);
  const trained = [all.filter((one) => !isHeldOut(one)), songs.slice(0, -HELD_OUT_SONGS)];
  const heldOut = [all.filter(isHeldOut), songs.slice(-HELD_OUT_SONGS)];

  const dice = new Dice(Number(seed));
  const data = makeSet(...trained, count, dice);
  const test = makeSet(...heldOut, Math.ceil(count / 16), dice);
  const options = {
    hidden: [30, 12],
    epochs: 10,
    classWeights: [1.3, 1, 1],
    jitter: 0.1,
    seed: Number(seed),
  };
  const layers = learn(data, options, (epoch, _network, loss) =>
    process.stderr.write(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}\n`),
  );
  const moments = tableOf(layers, FEATURE_COUNT);
  write('vad.json', moments);
  report('frames', accuracy(moments, test));

  // Only now: it listens with the weights that have just been written.
  const { utterancesOf, learnUtterances } = await import('./utterances.mjs');
  const many = Math.round(UTTERANCE_SCENES * count);
  const own = UTTERANCE_PARTS.map((part) => new Dice(100 * Number(seed) + part));
  const parts = own.map((each) => utterancesOf(...trained, many, each));
  const tests = own.map((each) => utterancesOf(...heldOut, Math.ceil(many / 8), each));
  const whole = joined(parts);
  const utterances = tableOf(learnUtterances(whole, Number(seed)), whole.width);
  write('utterance.json', utterances);
  report('utterances', accuracy(utterances, joined(tests)));
}

const report = (what, shares) =>
  process.stdout.write(`${what} right on voices not trained on: ${JSON.stringify(shares)}\n`);

await main(process.argv.slice(2));
