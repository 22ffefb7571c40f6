/** Music that nobody wrote: random songs of plucked, blown, bowed and struck sounds, with drums. */
import {
  add,
  decay,
  envelope,
  filter,
  harmonics,
  rms,
  samplesOf,
  scale,
  white,
} from './signal.mjs';

const SCALES = [
  [0, 2, 4, 5, 7, 9, 11],
  [0, 2, 3, 5, 7, 8, 10],
  [0, 2, 4, 7, 9],
  [0, 3, 5, 6, 7, 10],
];
const CHORDS = [[0], [0, 2, 4], [0, 2, 4, 6], [0, 4], [0, 4, 7]];

const noteHz = (semitone) => 55 * 2 ** (semitone / 12);

/** A string after Karplus and Strong. */
function pluck(hz, seconds, dice) {
  const length = samplesOf(seconds);
  const period = Math.max(2, Math.round(8000 / hz));
  const line = white(period, dice);
  const damping = dice.between(0.985, 0.999);
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const at = i % period;
    out[i] = line[at];
    line[at] = damping * 0.5 * (line[at] + line[(at + 1) % period]);
  }
  return out;
}

function instrument(dice) {
  const slope = dice.between(0.8, 3);
  const oddOnly = dice.chance(0.2);
  const vibratoHz = dice.between(4, 7);
  const vibrato = dice.chance(0.5) ? dice.between(0.002, 0.02) : 0;
  const slide = dice.chance(0.2) ? dice.between(-0.06, 0.06) : 0;
  const attack = dice.pick([0.005, 0.01, 0.04, 0.1]);
  const kind = dice.pick(['pluck', 'struck', 'struck', 'held', 'held', 'sung']);
  // Horns and choirs have a colour of their own, as vowels have.
  const formants = Array.from({ length: 2 }, () => [dice.between(350, 2600), dice.between(1.5, 5)]);
  return (hz, seconds) => {
    if (kind === 'pluck') return envelope(pluck(hz, seconds * 1.5, dice), 0.002, 0.02);
    const length = samplesOf(seconds);
    const pitch = (t) =>
      hz * (1 + vibrato * Math.sin(2 * Math.PI * vibratoHz * t) + slide * Math.exp(-8 * t));
    const weight = (k) => (oddOnly && k % 2 === 0 ? 0.05 : 1) / k ** slope;
    const sound = harmonics(length, pitch, weight, dice);
    if (kind === 'sung') for (const [centre, q] of formants) filter(sound, 'peak', centre, q, 14);
    if (kind === 'struck') decay(sound, dice.between(0.6, 2.5));
    return envelope(sound, attack, 0.03);
  };
}

function drums(out, beat, dice) {
  const kick = envelope(
    harmonics(
      samplesOf(0.15),
      (t) => 50 + 100 * Math.exp(-t * 30),
      () => 1,
      dice,
    ),
    0.002,
    0.1,
  );
  const snare = decay(filter(white(samplesOf(0.18), dice), 'band', 1800, 0.5), 0.25);
  const hat = decay(filter(white(samplesOf(0.06), dice), 'high', 3000), 0.08);
  const pattern = Array.from({ length: 8 }, (_, i) => ({
    kick: i % 4 === 0 || dice.chance(0.15),
    snare: i % 4 === 2 && dice.chance(0.8),
    hat: dice.chance(0.7),
  }));
  const half = samplesOf(beat / 2);
  const loud = dice.between(0.1, 1);
  for (let at = 0, i = 0; at < out.length; at += half, i++) {
    const now = pattern[i % 8];
    if (now.kick) add(out, kick, at, 0.8 * loud);
    if (now.snare) add(out, snare, at, 0.6 * loud);
    if (now.hat) add(out, hat, at, 0.3 * loud);
  }
}

function voiceOf(out, { beat, scale: steps, root, low, high, chords, density }, dice) {
  const play = instrument(dice);
  const rhythm = dice.pick([
    [0.5, 0.5, 1, 1, 1, 2, 4],
    [0.25, 0.5],
    [0.5],
    [0.25, 0.25, 0.5, 1],
    [1, 2],
  ]);
  const degreeHz = (degree) =>
    noteHz(
      root +
        steps[((degree % steps.length) + steps.length) % steps.length] +
        12 * Math.floor(degree / steps.length),
    );
  let degree = dice.whole(low, high);
  for (let t = 0; t * 8000 < out.length;) {
    const seconds = beat * dice.pick(rhythm);
    degree = Math.min(high, Math.max(low, degree + dice.whole(-3, 3)));
    if (dice.chance(density))
      for (const step of chords ? dice.pick(CHORDS) : [0])
        add(
          out,
          play(degreeHz(degree + step), seconds * dice.between(0.8, 1.1)),
          samplesOf(t),
          0.4,
        );
    t += seconds;
  }
}

/** @returns {Float32Array} `length` samples of a random song */
export function song(length, dice) {
  const out = new Float32Array(length);
  const base = {
    beat: 60 / dice.between(60, 170),
    scale: dice.pick(SCALES),
    root: dice.whole(0, 11),
  };
  const line = (low, high, chords, density) =>
    voiceOf(out, { ...base, low, high, chords, density }, dice);
  if (dice.chance(0.15)) line(14, 28, false, 0.95);
  else {
    line(12, 26, dice.chance(0.3), dice.between(0.6, 1));
    line(7, 18, true, dice.between(0.8, 1));
    if (dice.chance(0.5)) line(10, 24, true, 1);
    if (dice.chance(0.7)) line(0, 9, false, 0.9);
    if (dice.chance(0.3)) line(14, 30, false, 0.6);
    if (dice.chance(0.6)) drums(out, base.beat, dice);
  }
  return master(out, dice);
}

/** @returns {Float32Array} `length` samples out of a recording, from anywhere in it */
export function excerpt(recording, length, dice) {
  const from = dice.whole(0, Math.max(0, recording.length - length));
  return master(recording.slice(from, from + length), dice);
}

function master(x, dice) {
  if (dice.chance(0.4)) filter(x, 'low', dice.between(900, 3000), 0.6);
  if (dice.chance(0.6)) compress(x, dice.between(0.3, 0.9));
  return scale(x, 0.1 / (rms(x) + 1e-9));
}

/** Evens the level out, as mastering does. */
function compress(x, amount) {
  let level = 0.1;
  for (let i = 0; i < x.length; i++) {
    level += 0.0005 * (Math.abs(x[i]) - level);
    x[i] /= (level + 0.01) ** amount;
  }
}
