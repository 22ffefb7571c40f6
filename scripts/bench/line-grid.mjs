/**
 * What a worse line does to call progress detection: labelled recordings, made worse in one way at a time,
 * and judged again. Recordings have been through a telephone line once already; this comes on top.
 */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import alawmulaw from 'alawmulaw';
import { readAudio } from '../../src/adapters/audio/read-audio.ts';
import { parseLabels } from '../../src/cpd/evaluate/labels.ts';
import { finalWord, isRight } from '../../src/cpd/evaluate/score.ts';
import { outcomeOf } from '../../src/cpd/evaluate/outcome.ts';
import { replay } from '../../src/cpd/replay.ts';

const { alaw, mulaw } = alawmulaw;

/** So many clips of each class, drawn evenly from the table. */
const CLIPS_PER_CLASS = 24;
const CLIPS_PER_CROSSING = 8;
const PACKET = 160;
const TONES = ['busy', 'reorder', 'ringback', 'sit', 'fax_ced', 'fax_cng'];
const NOBODY = ['silence', 'noise', 'music'];
const PARTIES = ['human', 'machine', 'fax'];

function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const clip = (x) => Math.max(-32768, Math.min(32767, Math.round(x)));
const gain = (db) => (sound) => sound.map((x) => clip(x * 10 ** (db / 20)));
const offset = (by) => (sound) => sound.map((x) => clip(x + by));

/** White noise, so far below the loud parts. */
function noise(snrDb) {
  return (sound) => {
    const next = chance(7);
    const level = loudRms(sound) * 10 ** (-snrDb / 20) * Math.sqrt(3);
    return sound.map((x) => clip(x + level * (2 * next() - 1)));
  };
}

function loudRms(sound) {
  const levels = [];
  for (let at = 0; at + PACKET <= sound.length; at += PACKET) {
    let sum = 0;
    for (let i = 0; i < PACKET; i++) sum += sound[at + i] ** 2;
    levels.push(Math.sqrt(sum / PACKET));
  }
  levels.sort((a, b) => b - a);
  return levels[Math.floor(levels.length / 20)] || 1;
}

/** Packets lost, one or two in a row; in their place nothing, or the one before. */
function holes(share, isRepeated) {
  return (sound) => {
    const next = chance(11);
    const out = sound.slice();
    for (let at = PACKET; at + PACKET <= out.length; at += PACKET) {
      if (next() >= share / 1.5) continue;
      for (let lost = next() < 0.5 ? 2 : 1; lost > 0 && at + PACKET <= out.length; lost--) {
        if (isRepeated) out.copyWithin(at, at - PACKET, at);
        else out.fill(0, at, at + PACKET);
        if (lost > 1) at += PACKET;
      }
    }
    return out;
  };
}

/** Nothing is sent in pauses: comfort noise, or digital silence, in their place. */
function suppressed(comfortLevel) {
  return (sound) => {
    const next = chance(13);
    const least = loudRms(sound) / 30;
    const out = sound.slice();
    let quiet = 0;
    for (let at = 0; at + PACKET <= out.length; at += PACKET) {
      let peak = 0;
      for (let i = 0; i < PACKET; i++) peak = Math.max(peak, Math.abs(sound[at + i]));
      quiet = peak < least ? quiet + 1 : 0;
      if (quiet <= 10) continue;
      for (let i = 0; i < PACKET; i++) out[at + i] = clip(comfortLevel * (2 * next() - 1));
    }
    return out;
  };
}

/** The sound of before, quieter: a hybrid's echo, or ringback that comes back. */
function echo(delayMs, db) {
  return (sound) => sound.map((x, i) => clip(x + (sound[i - 8 * delayMs] ?? 0) * 10 ** (db / 20)));
}

/** Played faster or slower, pitch and all: a clock that is off. */
function speed(factor) {
  return (sound) =>
    Int16Array.from({ length: Math.floor(sound.length / factor) }, (_, i) => {
      const at = i * factor;
      const from = Math.floor(at);
      return clip(sound[from] + ((sound[from + 1] ?? 0) - sound[from]) * (at - from));
    });
}

/** GSM full rate, by sox; undefined without it. */
function gsm(sound) {
  const raw = ['-t', 'raw', '-r', '8000', '-c', '1', '-e', 'signed', '-b', '16'];
  const coded = spawnSync('sox', [...raw, '-', '-t', 'gsm', '-'], {
    input: Buffer.from(sound.buffer, sound.byteOffset, sound.byteLength),
    maxBuffer: 1 << 26,
  });
  const back = spawnSync('sox', ['-t', 'gsm', '-', ...raw, '-'], {
    input: coded.stdout,
    maxBuffer: 1 << 26,
  });
  if (back.status !== 0) throw new Error('sox with GSM is needed');
  return new Int16Array(new Uint8Array(back.stdout).buffer);
}

const CONDITIONS = [
  ['as they are', (sound) => sound],
  ['12 dB louder', gain(12)],
  ['12 dB quieter', gain(-12)],
  ['20 dB quieter', gain(-20)],
  ['clipped, 30 dB too loud', gain(30)],
  ['DC offset of a tenth of full scale', offset(3277)],
  ['white noise at 20 dB', noise(20)],
  ['white noise at 10 dB', noise(10)],
  ['white noise at 5 dB', noise(5)],
  ['5 % lost, holes of 20 to 40 ms', holes(0.05, false)],
  ['10 % lost, holes of 20 to 40 ms', holes(0.1, false)],
  ['10 % lost, repeated', holes(0.1, true)],
  ['comfort noise in pauses', suppressed(30)],
  ['digital silence in pauses', suppressed(0)],
  ['echo of 120 ms at -20 dB', echo(120, -20)],
  ['A-law after mu-law', (sound) => alaw.decode(alaw.encode(mulaw.decode(mulaw.encode(sound))))],
  ['GSM full rate', gsm],
  ['1 % faster', speed(1.01)],
  ['1 % slower', speed(0.99)],
  ['10 % slower, as from a wrong clock', speed(0.9)],
];

/** One of each goes with one of every other. */
const LEVELS = [
  ['as it is', (sound) => sound],
  ['12 dB quieter', gain(-12)],
];
const NOISES = [
  ['none', (sound) => sound],
  ['20 dB', noise(20)],
  ['10 dB', noise(10)],
];
const CODECS = [
  ['G.711', (sound) => sound],
  ['GSM', gsm],
];
const HOLES = [
  ['none lost', (sound) => sound],
  ['5 % lost', holes(0.05, false)],
];

function sample(clips, clipsPerClass) {
  const names = [...new Set(clips.map(({ className }) => className))];
  return names.flatMap((name) => {
    const of = clips.filter(({ className }) => className === name);
    const step = Math.max(1, of.length / clipsPerClass);
    return of.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
  });
}

/** Recordings and their samples. */
async function load(labelsFile, clipsPerClass) {
  const folder = dirname(resolve(labelsFile));
  const clips = sample(parseLabels(await readFile(labelsFile, 'utf8')).clips, clipsPerClass);
  const loaded = [];
  for (const clip of clips) {
    const audio = await readAudio(join(folder, clip.file));
    if (!audio.ok) throw new Error(`${clip.file}: ${audio.detail}`);
    loaded.push({ clip, samples: audio.samples });
  }
  return loaded;
}

function judge(loaded, change) {
  const judged = loaded.map(({ clip, samples }) => {
    const { answeredAtMs, country } = clip;
    const options = country === undefined ? {} : { country };
    const result = replay(change(samples), { ...options, answeredAtMs });
    return { clip, outcome: outcomeOf(result, answeredAtMs) };
  });
  return shares(judged);
}

/**
 * @param {string} labelsFile
 * @param {RegExp} only names of conditions
 * @returns one row for each condition: its name, and hits and count of what is right
 */
export async function lineGrid(labelsFile, only = /./) {
  const loaded = await load(labelsFile, CLIPS_PER_CLASS);
  return CONDITIONS.filter(([name]) => only.test(name)).map(([name, change]) => ({
    name,
    ...judge(loaded, change),
  }));
}

/**
 * Noise, level, codec and holes together, as a line has them: first the noise, then the level, the codec and
 * the network.
 * @param {string} labelsFile
 * @returns one row for each noise and level, with a cell for each codec and share of lost packets
 */
export async function crossedGrid(labelsFile) {
  const loaded = await load(labelsFile, CLIPS_PER_CROSSING);
  return NOISES.flatMap(([noiseName, addNoise]) =>
    LEVELS.map(([level, setLevel]) => ({
      noise: noiseName,
      level,
      cells: CODECS.flatMap(([codec, code]) =>
        HOLES.map(([lost, lose]) => ({
          name: `${codec}, ${lost}`,
          ...judge(loaded, (sound) => lose(code(setLevel(addNoise(sound))))),
        })),
      ),
    })),
  );
}

function shares(judged) {
  const of = (isIn, isHit) => {
    const chosen = judged.filter(({ clip: { className } }) => isIn(className));
    return { hits: chosen.filter(isHit).length, count: chosen.length };
  };
  const right = ({ clip: { expect }, outcome }) => isRight(expect, finalWord(outcome));
  return {
    short: of((name) => name === 'human_short', right),
    business: of((name) => name === 'human_business', right),
    machine: of((name) => name.startsWith('machine'), right),
    tones: of((name) => TONES.includes(name), right),
    beep: of(
      (name) => name === 'machine_beep',
      ({ outcome }) => outcome.beepAtMs !== null,
    ),
    party: of(
      (name) => NOBODY.includes(name),
      ({ clip: { answeredAtMs }, outcome }) =>
        answeredAtMs !== null && PARTIES.includes(finalWord(outcome)),
    ),
  };
}
