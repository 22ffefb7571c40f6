/**
 * Sounds of a phone line, a street, a home and its animals, by rule: what must not be taken for
 * speech although some of it comes from a throat. Each fills `length` samples at about -20 dB.
 */
import {
  activeRms,
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

const level = (x) => scale(x, 0.1 / (activeRms(x) + 1e-9));

/** Noise of a random colour. */
function coloured(length, dice) {
  const out = white(length, dice);
  if (dice.chance(0.6)) filter(out, 'low', 10 ** dice.between(2.2, 3.5));
  if (dice.chance(0.4)) filter(out, 'high', 10 ** dice.between(1.8, 3));
  for (let i = dice.whole(0, 3); i > 0; i--)
    filter(out, 'peak', dice.between(150, 3500), dice.between(0.7, 5), dice.between(-12, 12));
  return scale(out, 0.1 / (rms(out) + 1e-9));
}

/** Multiplies by a slow curve between `depth` and 1. */
function swell(x, hz, depth, dice) {
  const phase = dice.next() * 6.28;
  const power = dice.between(1, 4);
  for (let i = 0; i < x.length; i++) {
    const wave = 0.5 + 0.5 * Math.sin((2 * Math.PI * hz * i) / 8000 + phase);
    x[i] *= depth + (1 - depth) * wave ** power;
  }
  return x;
}

const waves = (length, dice) =>
  swell(coloured(length, dice), dice.between(0.1, 0.6), dice.between(0, 0.5), dice);

/** Rotors, pumps, wheels on a track: noise in a quick beat. */
const beating = (length, dice) =>
  swell(coloured(length, dice), dice.between(3, 28), dice.between(0, 0.7), dice);

/** Engines and saws: many harmonics of a low, unsteady tone, revving now and then. */
function engine(length, dice) {
  const base = dice.between(30, 260);
  const rev = dice.between(0, 0.6);
  const revHz = dice.between(0.1, 1.5);
  const isPulled = dice.chance(0.4);
  // A throttle is pulled at once and let go slowly; other engines swing.
  const pitch = (t) => {
    const turn = (revHz * t) % 1;
    const wave = isPulled ? Math.exp(-4 * turn) * Math.min(1, 12 * turn) : Math.sin(6.283 * turn);
    return base * (1 + 1.5 * rev * Math.max(0, wave));
  };
  const tilt = dice.between(0.2, 1.2);
  const out = harmonics(
    length,
    pitch,
    (k) => k ** -tilt * (k % 2 ? 1 : 0.7),
    dice,
    dice.between(0.005, 0.1),
  );
  const noise = coloured(length, dice);
  add(level(out), noise, 0, dice.between(0.1, 1));
  if (dice.chance(0.4)) swell(out, dice.between(0.2, 2), dice.between(0, 0.6), dice);
  return level(out);
}

/** Rain, crackling, typing, knocks, ticks: many or few short resonant clicks. */
function clicks(length, dice) {
  const out = new Float32Array(length);
  const isRegular = dice.chance(0.35);
  const perSecond = isRegular ? dice.between(1, 5) : 10 ** dice.between(-0.2, 2.2);
  const hz = dice.between(200, 3600);
  const q = dice.between(0.5, 12);
  const ring = dice.between(0.004, 0.15);
  const spread = dice.between(1, 1.5);
  const second = dice.chance(0.5) ? dice.between(200, 3600) : 0;
  for (let t = dice.between(0, 0.5); t * 8000 < length;) {
    const click = decay(white(samplesOf(ring * 1.5), dice), ring);
    filter(click, 'band', hz * dice.between(1 / spread, spread), q);
    if (second > 0) add(click, filter(click.slice(), 'band', second, q), 0, 0.7);
    add(out, scale(click, 1 / (rms(click) + 1e-6)), samplesOf(t), 10 ** dice.between(-1, 0));
    t += isRegular ? 1 / perSecond : -Math.log(1 - dice.next()) / perSecond;
  }
  return level(out);
}

/** A call of an animal or a child: harmonics shriller or quicker than speech, with noise in them. */
function call(dice, kind) {
  const shape = {
    woof: {
      seconds: [0.08, 0.35],
      hz: [120, 450],
      fall: [0.5, 1.1],
      noise: [0.2, 1.5],
      jitter: 0.2,
    },
    bark: {
      seconds: [0.06, 0.28],
      hz: [250, 1100],
      fall: [0.4, 1.1],
      noise: [0.3, 2.5],
      jitter: 0.15,
    },
    cry: {
      seconds: [0.35, 1.6],
      hz: [330, 700],
      fall: [0.75, 1.1],
      noise: [0.02, 0.5],
      jitter: 0.03,
    },
    crow: {
      seconds: [0.15, 0.9],
      hz: [450, 1300],
      fall: [0.7, 1.4],
      noise: [0.05, 0.6],
      jitter: 0.05,
    },
    chirp: {
      seconds: [0.03, 0.25],
      hz: [1400, 3600],
      fall: [0.6, 1.6],
      noise: [0, 0.1],
      jitter: 0.01,
    },
    growl: { seconds: [0.2, 1.2], hz: [60, 180], fall: [0.8, 1.3], noise: [0.5, 3], jitter: 0.4 },
  }[kind];
  const length = samplesOf(dice.between(...shape.seconds));
  const hz = dice.between(...shape.hz);
  const fall = dice.between(...shape.fall);
  const arch = dice.between(0, 0.3);
  const seconds = length / 8000;
  const pitch = (t) =>
    hz * (1 + (fall - 1) * (t / seconds)) * (1 + arch * Math.sin((Math.PI * t) / seconds));
  const tilt = dice.between(0.3, 1.6);
  const out = harmonics(length, pitch, (k) => k ** -tilt, dice, shape.jitter);
  add(scale(out, 1 / (rms(out) + 1e-6)), white(length, dice), 0, dice.between(...shape.noise));
  for (let i = dice.whole(1, 2); i > 0; i--)
    filter(out, 'peak', dice.between(500, 2600), dice.between(1, 4), dice.between(3, 15));
  return envelope(out, dice.between(0.004, 0.06), length / 8000 / dice.between(1.3, 4));
}

/**
 * A call of no animal in particular: pitch that wanders between a growl and a shriek, roughness, breath, and
 * a mouth that keeps its shape. Where the pitch could be a person's it is rougher than a person's.
 */
function beastCall(dice) {
  const seconds = 10 ** dice.between(-1.2, 0.25);
  const base = 10 ** dice.between(1.8, 3.2);
  const couldBePerson = base > 75 && base < 380;
  const knots = Array.from({ length: 4 }, () => base * 2 ** dice.between(-0.6, 0.6));
  const pitch = (t) => {
    const at = Math.min(2.999, (3 * t) / seconds);
    const i = Math.floor(at);
    return knots[i] + (knots[i + 1] - knots[i]) * (at - i);
  };
  const tilt = dice.between(0.1, 1.5);
  const jitter = couldBePerson ? dice.between(0.08, 0.3) : dice.between(0.003, 0.15);
  const out = harmonics(samplesOf(seconds), pitch, (k) => k ** -tilt, dice, jitter);
  scale(out, 1 / (rms(out) + 1e-6));
  const roughHz = dice.between(15, 110);
  const depth = couldBePerson ? dice.between(0.4, 1) : dice.between(0, 0.9);
  for (let i = 0; i < out.length; i++)
    out[i] *= 1 - depth * (0.5 + 0.5 * Math.sin((2 * Math.PI * roughHz * i) / 8000));
  add(out, white(out.length, dice), 0, 10 ** dice.between(couldBePerson ? -0.8 : -2, 0.3));
  for (let i = dice.whole(0, 3); i > 0; i--)
    filter(out, 'peak', dice.between(300, 3200), dice.between(0.8, 5), dice.between(3, 18));
  return envelope(out, dice.between(0.003, 0.3) * seconds, dice.between(0.05, 0.8) * seconds);
}

function calls(kind, gap) {
  const one = kind === 'beast' ? beastCall : call;
  return (length, dice) => {
    const out = new Float32Array(length);
    let sound = one(dice, kind);
    for (let t = dice.between(0, 1.5); t * 8000 < length;) {
      // The same animal again: most of its calls are alike.
      if (dice.chance(0.4)) sound = one(dice, kind);
      add(out, sound, samplesOf(t), dice.between(0.4, 1));
      t += sound.length / 8000 + dice.between(...gap);
    }
    return level(out);
  };
}

/** Coughs, sneezes, breath and rustling: puffs of noise with one or two resonances. */
function puffs(length, dice) {
  const out = new Float32Array(length);
  const isBreath = dice.chance(0.5);
  for (let t = dice.between(0, 1.5); t * 8000 < length;) {
    const puff = coloured(
      samplesOf(isBreath ? dice.between(0.2, 1.2) : dice.between(0.05, 0.4)),
      dice,
    );
    filter(puff, 'peak', dice.between(400, 2500), dice.between(1, 3), dice.between(0, 15));
    envelope(
      puff,
      isBreath ? puff.length / 16000 : 0.01,
      puff.length / 8000 / dice.between(1.2, 2.5),
    );
    add(out, puff, samplesOf(t), dice.between(0.3, 1));
    t += puff.length / 8000 + dice.between(0.1, 2.5);
  }
  return level(out);
}

/** Tones of the network, of fax machines, sirens and mains hum. */
export function tones(length, dice) {
  const out = new Float32Array(length);
  const count = dice.pick([1, 1, 2, 2, 3]);
  const isHum = dice.chance(0.15);
  const hz = Array.from({ length: count }, (_, i) =>
    isHum ? 50 * (2 * i + 1) : dice.between(300, 2600),
  );
  const on = dice.pick([0.2, 0.25, 0.375, 0.5, 1, 2, 20]);
  const off = dice.pick([0.2, 0.25, 0.5, 1, 2, 4]);
  const sweepHz = dice.chance(0.15) ? dice.between(0.2, 3) : 0;
  const starts = dice.between(0, 1);
  for (const tone of hz) {
    const depth = sweepHz > 0 ? 0.3 * tone : 0;
    let phase = 0;
    for (let i = 0; i < length; i++) {
      phase += (2 * Math.PI * (tone + depth * Math.sin((2 * Math.PI * sweepHz * i) / 8000))) / 8000;
      const at = (i / 8000 - starts + 100 * (on + off)) % (on + off);
      if (i / 8000 >= starts && at < on) out[i] += Math.sin(phase);
    }
  }
  return level(out);
}

const KINDS = [
  [2, coloured],
  [1.5, waves],
  [1.5, beating],
  [3, engine],
  [3, clicks],
  [2, calls('bark', [0.1, 1.5])],
  [2, calls('woof', [0.1, 1.2])],
  [1.5, calls('cry', [0.15, 1])],
  [1.2, calls('crow', [0.02, 1.5])],
  [1, calls('chirp', [0.03, 0.8])],
  [0.7, calls('growl', [0.1, 1])],
  [4, calls('beast', [0.03, 2])],
  [1.5, puffs],
  [1.5, tones],
];
const WEIGHT = KINDS.reduce((sum, [weight]) => sum + weight, 0);

/** @returns {Float32Array} `length` samples of one random kind */
export function noise(length, dice) {
  let left = dice.next() * WEIGHT;
  const [, make] = KINDS.find(([weight]) => (left -= weight) < 0) ?? KINDS[0];
  return make(length, dice);
}

/** Noise that stands behind a conversation: steady, or nearly so. */
export function background(length, dice) {
  return dice.pick([coloured, coloured, coloured, waves, beating, engine])(length, dice);
}
