/**
 * The second half of the training: what utterances are like as a whole, as `src/cpd/utterance.ts` sees them
 * with the weights of the first half. An utterance is looked at where the product decides: after a pause, or
 * when it has gone on for long.
 */
import { HOP_MS, HOP_SAMPLES, Spectrum } from '../../src/cpd/spectrum.ts';
import { ToneTracker } from '../../src/cpd/tone-tracker.ts';
import { UTTERANCE_FEATURE_COUNT } from '../../src/cpd/utterance.ts';
import { VoiceActivity } from '../../src/cpd/voice-activity.ts';
import { learn } from './learn.mjs';
import { EITHER, MUSIC, OTHER, scene, SPEECH } from './scenes.mjs';

/** Longer tones are no voice, as in the detector. ms */
const TONE_MS = 96;
const QUIETEST_SPEECH_DB = -56;
/** Where it is looked at: pauses and lengths. The last pause is the last chance. ms */
const PAUSES_MS = [480, 560, 700, 900, 1200, 1500];
const LENGTHS_MS = [1600, 1950, 2500, 3000, 3500, 4500];
/** More speech than this is speech, less than that is none, between them nothing is learnt. */
const SPEECH_SHARE = 0.6;
const NO_SPEECH_SHARE = 0.15;

/** Music and noise seldom look like an utterance at all: there have to be many. */
const SHARES = { speech: 0.35, music: 0.35 };

/** Utterances of one scene: rows of features, and what each is. */
function addUtterances({ samples, labels }, rows, truth) {
  const spectrum = new Spectrum();
  const tones = new ToneTracker(() => undefined);
  const voice = new VoiceActivity(QUIETEST_SPEECH_DB);
  const hop = new Float64Array(HOP_SAMPLES);
  let seen = [0, 0, 0];
  let [pause, length] = [0, 0];
  for (let h = 0; (h + 1) * HOP_SAMPLES <= samples.length; h++) {
    for (let i = 0; i < HOP_SAMPLES; i++) hop[i] = samples[h * HOP_SAMPLES + i] / 32768;
    spectrum.analyse(hop, (h + 1) * HOP_MS);
    tones.consume(spectrum.now);
    voice.consume(spectrum.now, tones.isOpen && tones.openMs >= TONE_MS);
    if (!voice.hasOnset) continue;
    const label = labels[Math.max(0, h - 1)] ?? EITHER;
    if (voice.isSpeech && label !== EITHER) seen[label]++;
    if (voice.isSpeech) pause = 0;
    const hasPaused = pause < PAUSES_MS.length && voice.quietMs >= PAUSES_MS[pause];
    const isLong = length < LENGTHS_MS.length && voice.spokenMs >= LENGTHS_MS[length];
    if (!hasPaused && !isLong) continue;
    const kind = kindOf(seen);
    if (kind !== EITHER) add(voice, kind, rows, truth);
    if (isLong) length++;
    if (hasPaused) pause++;
    // Speech would have been answered, and anything else forgotten.
    const isOver = kind === SPEECH ? pause === PAUSES_MS.length : hasPaused;
    if (!isOver) continue;
    if (kind === SPEECH) voice.reset();
    else voice.forgetSpeech();
    seen = [0, 0, 0];
    pause = length = 0;
  }
}

function kindOf(seen) {
  const share = seen[SPEECH] / Math.max(1, seen[SPEECH] + seen[MUSIC] + seen[OTHER]);
  if (share > SPEECH_SHARE) return SPEECH;
  if (share > NO_SPEECH_SHARE) return EITHER;
  return seen[MUSIC] > seen[OTHER] ? MUSIC : OTHER;
}

function add(voice, kind, rows, truth) {
  rows.push(Float64Array.from(voice.describeUtterance()));
  truth.push(kind);
}

/** @returns data for `learn` */
export function utterancesOf(speech, songs, count, dice) {
  const rows = [];
  const truth = [];
  for (let i = 0; i < count; i++) {
    addUtterances(scene(speech, songs, dice, SHARES), rows, truth);
    if (i % 200 === 199)
      process.stderr.write(`utterances ${rows.length} in ${i + 1}/${count} scenes\n`);
  }
  const features = new Float32Array(rows.length * UTTERANCE_FEATURE_COUNT);
  rows.forEach((row, i) => features.set(row, i * UTTERANCE_FEATURE_COUNT));
  return { features, labels: Int8Array.from(truth), width: UTTERANCE_FEATURE_COUNT };
}

/** @param {number} seed */
export function learnUtterances(data, seed) {
  return learn(
    data,
    { hidden: [24], epochs: 30, classWeights: [1, 1, 1], jitter: 0.3, seed },
    (epoch, _network, loss) =>
      epoch % 10 === 9 && process.stderr.write(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}\n`),
  );
}
