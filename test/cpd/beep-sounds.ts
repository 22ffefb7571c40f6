/** Beeps of the kinds that voicemails make, and lines to hear them over. All from fixed seeds. */
import { gain, join, mix, noise, silence, RATE_HZ } from './sounds.js';

const PEAK = 0.14 * 32767;

/** What a generator makes: pitch in Hz and loudness 0..1 at a time in seconds. */
function generate(
  ms: number,
  pitchHz: (t: number) => number,
  loudness: (t: number) => number = () => 1,
  overtones: readonly number[] = [1],
): Int16Array {
  let phase = 0;
  return Int16Array.from({ length: (RATE_HZ * ms) / 1000 }, (_, i) => {
    const t = i / RATE_HZ;
    phase += (2 * Math.PI * pitchHz(t)) / RATE_HZ;
    const sum = overtones.reduce((x, share, n) => x + share * Math.sin((n + 1) * phase), 0);
    return Math.round(PEAK * loudness(t) * sum);
  });
}

export interface BeepKind {
  readonly name: string;
  readonly hz: number;
  readonly ms: number;
  readonly sound: Int16Array;
}

const steady = (hz: number, ms: number, overtones?: readonly number[]): Int16Array =>
  generate(ms, () => hz, undefined, overtones);

const sweep = (fromHz: number, toHz: number, ms: number): Int16Array =>
  generate(ms, (t) => fromHz + ((toHz - fromHz) * t * 1000) / ms);

const dying = (hz: number, ms: number, overtones?: readonly number[]): Int16Array =>
  generate(
    ms,
    () => hz,
    (t) => Math.exp((-3000 * t) / ms),
    overtones,
  );

const kind = (name: string, hz: number, sound: Int16Array): BeepKind => ({
  name,
  hz,
  ms: (1000 * sound.length) / RATE_HZ,
  sound,
});

/** One of each kind; `hz` is the pitch, of a sweep the middle, of two tones the lower. */
export const BEEP_KINDS: readonly BeepKind[] = [
  kind('low', 340, steady(340, 400)),
  kind('a plain one', 1000, steady(1000, 400)),
  kind('high', 2180, steady(2180, 300)),
  kind('short', 620, steady(620, 100)),
  kind('long', 880, steady(880, 2000)),
  kind('quiet', 1400, gain(steady(1400, 400), 0.1)),
  kind('two tones together', 750, gain(mix(steady(750, 350), steady(1000, 350)), 0.7)),
  kind('one with overtones', 520, gain(steady(520, 350, [1, 0, 0.33, 0, 0.2]), 0.8)),
  kind('one that rises', 900, sweep(700, 1100, 400)),
  kind('one that falls', 1250, sweep(1500, 1000, 300)),
  kind('one that dies away', 1000, dying(1000, 600)),
  kind('a bell', 700, gain(dying(700, 700, [1, 0.4, 0.2]), 0.7)),
  kind('two notes', 800, join(steady(800, 200), steady(1000, 250))),
  kind(
    'one that trembles',
    1000,
    generate(
      500,
      () => 1000,
      (t) => 1 + 0.3 * Math.sin(2 * Math.PI * 12 * t),
    ),
  ),
];

/** μ-law and back: 14 bits to 8 and the noise that this makes (ITU-T G.711). */
export function throughG711(sound: Int16Array): Int16Array {
  return sound.map((x) => {
    const magnitude = Math.min(32635, Math.abs(x)) + 132;
    const step = 2 ** (Math.floor(Math.log2(magnitude)) - 4);
    const decoded = (Math.floor(magnitude / step) + 0.5) * step - 132;
    return Math.round(Math.sign(x) * Math.max(0, decoded));
  });
}

/** Every `everyMs` a packet of 20 ms is missing. */
export function withHoles(sound: Int16Array, everyMs: number): Int16Array {
  const holed = sound.slice();
  for (let at = everyMs * 8; at < holed.length; at += everyMs * 8) holed.fill(0, at, at + 160);
  return holed;
}

export const withNoise = (sound: Int16Array, level: number): Int16Array =>
  mix(sound, noise(sound.length / 8, level));

/**
 * A held vowel: a pulse train through three resonances, with the unsteadiness of a good singer.
 * @param hz pitch
 */
export function vowel(hz: number, ms: number): Int16Array {
  const formants = [
    [320, 60],
    [800, 90],
    [2400, 120],
  ] as const;
  const length = (RATE_HZ * ms) / 1000;
  let phase = 0;
  let wave = Float64Array.from({ length }, (_, i) => {
    const t = i / RATE_HZ;
    const drift = 1 + 0.012 * Math.sin(2 * Math.PI * 5.3 * t) - 0.03 * t;
    const before = phase;
    phase += (hz * drift) / RATE_HZ;
    return Math.floor(phase) > Math.floor(before) ? 1 : 0;
  });
  for (const [centreHz, widthHz] of formants) {
    const r = Math.exp((-Math.PI * widthHz) / RATE_HZ);
    const a = 2 * r * Math.cos((2 * Math.PI * centreHz) / RATE_HZ);
    let [y1, y2] = [0, 0];
    wave = wave.map((x) => {
      const y = x * (1 - r) + a * y1 - r * r * y2;
      [y1, y2] = [y, y1];
      return y;
    });
  }
  const highest = wave.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return Int16Array.from(wave, (x) => Math.round((PEAK * x) / highest));
}

/** Notes one after the other, as in music on hold. */
export const melody = (noteMs: number, ...hz: readonly number[]): Int16Array =>
  join(...hz.flatMap((pitch) => [dying(pitch, noteMs), silence(20)]));
