/**
 * Scenes of a call as a media server hears them, with the truth for every 16 ms: somebody speaks,
 * music plays, or neither. The truth comes from the clean speech, before anything is mixed in.
 */
import { spawnSync } from 'node:child_process';
import { excerpt, song } from './music.mjs';
import { background, noise, tones } from './noises.mjs';
import { RAW } from './raw.mjs';
import {
  activeRms,
  add,
  decay,
  envelope,
  filter,
  RATE_HZ,
  rms,
  samplesOf,
  scale,
  toPcm,
  white,
} from './signal.mjs';

export const SPEECH = 0;
export const MUSIC = 1;
export const OTHER = 2;
/** Frames at the edge of a word, where either answer is right. */
export const EITHER = -1;

const HOP = 128;
/** Clean speech this far below its own level is a pause. */
const PAUSE_RATIO = 10 ** (-30 / 20);
/** Music this far below its own level is a rest, and may be called anything. */
const MUSIC_REST_RATIO = 10 ** (-20 / 20);
/** Shorter pauses belong to the speech: 5 hops are 80 ms. */
const BRIDGED_HOPS = 5;

const db = (x) => 10 ** (x / 20);

/** The clean speech of a scene: utterances with pauses between them. */
function conversation(length, speech, dice, firstAt = {}) {
  const out = new Float32Array(length);
  let at = samplesOf(dice.chance(0.2) ? 0 : dice.between(0, 3));
  firstAt.at = at;
  const speaker = dice.pick(speech).group;
  const own = speech.filter(({ group }) => group === speaker);
  const speed = dice.between(0.8, 1.25);
  for (let i = dice.whole(1, 4); i > 0 && at < length; i--) {
    const samples = spoken(dice.pick(own).samples, speed, dice);
    add(out, samples, at, 0.1 / (activeRms(samples) + 1e-9));
    at += samples.length + samplesOf(dice.between(0.2, 3));
  }
  return out;
}

/**
 * An utterance or a piece of it, by a larger or smaller speaker whose pitch wanders: synthesisers keep
 * a tone as no throat does, and what is held is music.
 */
function spoken(samples, speed, dice) {
  const whole = samples.length / RATE_HZ;
  const isPiece = dice.chance(0.25) && whole > 0.4;
  const from = isPiece ? dice.between(0, whole - 0.3) : 0;
  const seconds = isPiece ? Math.min(whole - from, dice.between(0.15, 0.7)) : whole;
  const out = new Float32Array(Math.floor((seconds * RATE_HZ) / speed));
  const depth = dice.between(0, 0.12);
  const quick = dice.between(2, 5);
  const slow = dice.between(0.4, 1.5);
  const phase = dice.between(0, 6);
  let at = from * RATE_HZ;
  for (let i = 0; i < out.length; i++) {
    const before = Math.floor(at);
    out[i] =
      (samples[before] ?? 0) * (1 - at + before) + (samples[before + 1] ?? 0) * (at - before);
    const t = (2 * Math.PI * i) / RATE_HZ;
    at += speed * (1 + depth * (0.6 * Math.sin(quick * t + phase) + Math.sin(slow * t)));
  }
  return isPiece ? envelope(out, 0.01, 0.03) : out;
}

function labelsOf(clean, bed) {
  const frames = Math.floor(clean.length / HOP) - 1;
  const threshold = activeRms(clean) * PAUSE_RATIO;
  const labels = new Int8Array(frames).fill(OTHER);
  if (bed) {
    const quiet = activeRms(bed) * MUSIC_REST_RATIO;
    for (let t = 0; t < frames; t++)
      labels[t] = rms(bed, t * HOP, t * HOP + 2 * HOP) > quiet ? MUSIC : EITHER;
  }
  if (threshold <= 0) return labels;
  for (let t = 0; t < frames; t++)
    if (rms(clean, t * HOP, t * HOP + 2 * HOP) > threshold) labels[t] = SPEECH;
  let quietSince = -1;
  for (let t = 0; t < frames; t++) {
    if (labels[t] !== SPEECH) continue;
    if (quietSince >= 0 && t - quietSince <= BRIDGED_HOPS + 1) labels.fill(SPEECH, quietSince, t);
    quietSince = t;
  }
  for (let t = 1; t < frames; t++)
    if ((labels[t] === SPEECH) !== (labels[t - 1] === SPEECH || labels[t - 1] === EITHER))
      labels[labels[t] === SPEECH ? t : t - 1] = EITHER;
  return labels;
}

function reverberate(x, dice) {
  const impulse = decay(white(samplesOf(0.25), dice), dice.between(0.1, 0.7));
  const wet = new Float32Array(x.length);
  // A sparse tail is enough: 60 echoes.
  for (let i = 0; i < 60; i++) {
    const delay = dice.whole(20, impulse.length - 1);
    add(wet, x, delay, impulse[delay] * 0.15);
  }
  return add(x, wet, 0, dice.between(0.2, 1));
}

function g711(x, isALaw) {
  for (let i = 0; i < x.length; i++) {
    const s = Math.max(-1, Math.min(1, x[i]));
    const m = Math.abs(s);
    const sign = s < 0 ? -1 : 1;
    if (isALaw) {
      const exponent = Math.max(0, Math.min(7, 7 + Math.floor(Math.log2(m + 1e-12)) + 1));
      const step = 2 ** ((exponent === 0 ? 1 : exponent) - 12);
      x[i] = sign * (Math.floor(m / step) + 0.5) * step;
    } else {
      const biased = m * 8159 + 33;
      const exponent = Math.max(0, Math.min(7, Math.floor(Math.log2(biased)) - 5));
      const step = 2 ** (exponent + 1);
      x[i] = (sign * ((Math.floor(biased / step) + 0.5) * step - 33)) / 8159;
    }
  }
  return x;
}

/** GSM full rate there and back, by sox; without it the sound stays as it is. */
function gsm(x) {
  const pcm = toPcm(x);
  const coded = spawnSync('sox', [...RAW, '-', '-t', 'gsm', '-'], {
    input: new Uint8Array(pcm.buffer),
  });
  const back = spawnSync('sox', ['-t', 'gsm', '-', ...RAW, '-'], { input: coded.stdout });
  if (back.status !== 0) return x;
  const out = new Int16Array(new Uint8Array(back.stdout).buffer);
  for (let i = 0; i < Math.min(x.length, out.length); i++) x[i] = out[i] / 32768;
  return x;
}

function losePackets(x, dice) {
  const share = dice.between(0.005, 0.06);
  const repeats = dice.chance(0.5);
  for (let at = 160; at + 160 <= x.length; at += 160) {
    if (!dice.chance(share)) continue;
    if (repeats) x.copyWithin(at, at - 160, at);
    else x.fill(0, at, at + 160);
  }
}

/** A gateway that stops sending in pauses: nothing, or comfort noise of its own, after 200 ms. */
function suppressSilence(x, clean, dice) {
  const comfort = dice.chance(0.5) ? db(dice.between(-70, -50)) : 0;
  const threshold = activeRms(clean) * PAUSE_RATIO;
  let quiet = 0;
  for (let at = 0; at + 160 <= x.length; at += 160) {
    quiet = rms(clean, at, at + 160) > threshold ? 0 : quiet + 1;
    if (quiet > 10) for (let i = at; i < at + 160; i++) x[i] = comfort * dice.normal();
  }
}

function line(x, clean, dice) {
  if (dice.chance(0.45)) reverberate(x, dice);
  if (dice.chance(0.7))
    filter(filter(x, 'high', dice.between(150, 320)), 'low', dice.between(3000, 3700));
  for (let i = dice.whole(0, 2); i > 0; i--)
    filter(x, 'peak', dice.between(200, 3400), 0.7, dice.between(-8, 8));
  if (dice.chance(0.15))
    add(x, x.slice(), samplesOf(dice.between(0.03, 0.2)), db(dice.between(-35, -15)));
  scale(x, db(dice.between(-24, 14)));
  add(x, white(x.length, dice), 0, db(dice.between(-80, -48)));
  if (dice.chance(0.03)) scale(x, 4);
  if (dice.chance(0.12)) suppressSilence(x, clean, dice);
  if (dice.chance(0.03)) for (let i = 0; i < x.length; i++) x[i] += 0.01;
  if (dice.chance(0.25)) gsm(x);
  g711(x, dice.chance(0.5));
  if (dice.chance(0.25)) losePackets(x, dice);
  return toPcm(x);
}

/** Played by rule or by sampled instruments, from the start of the scene or, as ringback ends, later. */
function music(length, songs, dice) {
  const out = new Float32Array(length);
  const from = dice.chance(0.3) ? samplesOf(dice.between(0, 3)) : 0;
  const isSampled = songs.length > 0 && dice.chance(0.6);
  const played = isSampled
    ? excerpt(dice.pick(songs), length - from, dice)
    : song(length - from, dice);
  return add(out, played, from);
}

/**
 * @param {{ group: string, samples: Float32Array }[]} speech utterances to choose from
 * @param {Float32Array[]} songs recordings of sampled instruments
 * @param {{ speech: number, music: number }} shares how often there is speech, how often music alone
 * @returns {{ samples: Int16Array, labels: Int8Array }} labels[t] is about hops t and t + 1 together
 */
export function scene(speech, songs, dice, shares = { speech: 0.5, music: 0.22 }) {
  const length = samplesOf(dice.between(5, 9));
  const kind = dice.next();
  const isSpeech = kind < shares.speech;
  const first = {};
  const clean = isSpeech ? conversation(length, speech, dice, first) : new Float32Array(length);
  const x = clean.slice();
  let bed = null;
  if (isSpeech) {
    if (dice.chance(0.6)) add(x, background(length, dice), 0, db(-dice.between(2, 35)));
    // Ringback, or anything else, up to the moment when somebody answers.
    if (dice.chance(0.12) && first.at > 0)
      add(x, (dice.chance(0.7) ? tones : song)(first.at, dice), 0, db(-dice.between(0, 10)));
    if (dice.chance(0.15)) add(x, noise(length, dice), 0, db(-dice.between(10, 35)));
    if (dice.chance(0.12)) {
      for (let i = 0; i < 6; i++)
        add(x, conversation(length, speech, dice), 0, db(-dice.between(24, 45)));
    }
    if (dice.chance(0.06)) {
      bed = music(length, songs, dice);
      add(x, bed, 0, db(-dice.between(6, 20)));
    }
  } else if (kind < shares.speech + shares.music) {
    bed = music(length, songs, dice);
    add(x, bed);
  } else {
    const from = dice.chance(0.3) ? samplesOf(dice.between(0, 3)) : 0;
    add(x, noise(length - from, dice), from);
    if (dice.chance(0.4)) add(x, noise(length, dice), 0, db(-dice.between(0, 25)));
  }
  const labels = labelsOf(clean, bed);
  return { samples: line(x, clean, dice), labels };
}
