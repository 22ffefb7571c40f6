/** Small pieces that the generators share. Samples are Float32Array at 8 kHz, full scale 1. */

export const RATE_HZ = 8000;

export const samplesOf = (seconds) => Math.round(seconds * RATE_HZ);

export function rms(x, from = 0, to = x.length) {
  let sum = 0;
  for (let i = from; i < to; i++) sum += x[i] * x[i];
  return Math.sqrt(sum / Math.max(1, to - from));
}

/** Level of the loud parts: RMS of the 20 ms frames within 20 dB of the loudest one. */
export function activeRms(x) {
  const step = 160;
  const levels = [];
  for (let at = 0; at + step <= x.length; at += step) levels.push(rms(x, at, at + step));
  const loudest = Math.max(...levels, 0);
  const active = levels.filter((level) => level > loudest * 0.1);
  return Math.sqrt(
    active.reduce((sum, level) => sum + level * level, 0) / Math.max(1, active.length),
  );
}

export function scale(x, factor) {
  for (let i = 0; i < x.length; i++) x[i] *= factor;
  return x;
}

export function add(target, x, at = 0, factor = 1) {
  const from = Math.max(0, -at);
  const to = Math.min(x.length, target.length - at);
  for (let i = from; i < to; i++) target[at + i] += factor * x[i];
  return target;
}

/** Second-order filter in place; coefficients after R. Bristow-Johnson's audio EQ cookbook. */
export function filter(x, kind, hz, q = 0.707, gainDb = 0) {
  const w = (2 * Math.PI * Math.min(hz, 3950)) / RATE_HZ;
  const alpha = Math.sin(w) / (2 * q);
  const c = Math.cos(w);
  const g = 10 ** (gainDb / 40);
  const [b0, b1, b2, a0, a1, a2] = {
    low: () => [(1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha],
    high: () => [(1 + c) / 2, -1 - c, (1 + c) / 2, 1 + alpha, -2 * c, 1 - alpha],
    band: () => [alpha, 0, -alpha, 1 + alpha, -2 * c, 1 - alpha],
    peak: () => [1 + alpha * g, -2 * c, 1 - alpha * g, 1 + alpha / g, -2 * c, 1 - alpha / g],
  }[kind]();
  let x1 = 0;
  let x2 = 0;
  let y1 = 0;
  let y2 = 0;
  for (let i = 0; i < x.length; i++) {
    const y = (b0 * x[i] + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2) / a0;
    x2 = x1;
    x1 = x[i];
    y2 = y1;
    y1 = y;
    x[i] = y;
  }
  return x;
}

export function white(length, dice) {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) out[i] = dice.normal();
  return out;
}

const TABLE = 2048;
const SINE = Float32Array.from({ length: TABLE }, (_, i) => Math.sin((2 * Math.PI * i) / TABLE));

/**
 * Harmonics of a moving fundamental, as a throat, a pipe or an engine makes them: one period, read
 * at the speed of the pitch.
 * @param {(second: number) => number} pitch Hz
 * @param {(harmonic: number) => number} weight
 */
export function harmonics(length, pitch, weight, dice, jitter = 0) {
  let highest = 1;
  for (let i = 0; i < length; i += 64) highest = Math.max(highest, pitch(i / RATE_HZ));
  const table = new Float32Array(TABLE);
  for (let k = 1; k === 1 || (k * highest < 3800 && k <= 40); k++) {
    const strength = weight(k);
    for (let i = 0; i < TABLE; i++) table[i] += strength * SINE[(k * i) % TABLE];
  }
  const out = new Float32Array(length);
  let phase = dice.next();
  let wander = 0;
  for (let i = 0; i < length; i++) {
    if (jitter > 0) wander += 0.02 * (jitter * dice.normal() - wander);
    phase += (pitch(i / RATE_HZ) * (1 + wander)) / RATE_HZ;
    phase -= Math.floor(phase);
    out[i] = table[Math.floor(phase * TABLE) % TABLE];
  }
  return out;
}

/** Rise, then fall, both in seconds; between them it holds. */
export function envelope(x, attack, release) {
  const a = Math.max(1, samplesOf(attack));
  const r = Math.max(1, samplesOf(release));
  for (let i = 0; i < x.length; i++)
    x[i] *= Math.min(1, i / a) * Math.min(1, (x.length - 1 - i) / r);
  return x;
}

/** Dies away by 60 dB within `seconds`. */
export function decay(x, seconds) {
  for (let i = 0; i < x.length; i++) x[i] *= 10 ** ((-3 * i) / (seconds * RATE_HZ));
  return x;
}

/** To 16 bits, clipped. */
export function toPcm(x) {
  const pcm = new Int16Array(x.length);
  for (let i = 0; i < x.length; i++)
    pcm[i] = Math.max(-32768, Math.min(32767, Math.round(x[i] * 32768)));
  return pcm;
}

export function fromPcm(pcm) {
  const x = new Float32Array(pcm.length);
  for (let i = 0; i < x.length; i++) x[i] = pcm[i] / 32768;
  return x;
}
