/**
 * Looks at one window for what may be a beep: the strongest tone, how much of the sound is that tone
 * and what belongs to it (its harmonics, a second tone), and how much is left for something else. The
 * line's own noise is learnt and left out, so that a quiet beep on a noisy line is still a pure one.
 */
import { BIN_COUNT, FFT_SIZE } from './fft.js';
import { ANALYSIS_RATE_HZ, HOP_MS, SILENCE_DB, type Measurements } from './spectrum.js';

const BIN_HZ = ANALYSIS_RATE_HZ / FFT_SIZE;
/** Sum of |X|² to power relative to full scale; the mean square of a Hann window is 3/8. */
const SCALE = 2 / (FFT_SIZE * FFT_SIZE * (3 / 8));
/** What counts as sound: 160 to 3900 Hz, with the fundamental of a voice, without hum. */
const FIRST_BIN = 5;
const LAST_BIN = 125;
/** The main lobe of a Hann window is two bins to each side; one more for a tone that sweeps. */
const LOBE_BINS = 3;
const HARMONIC_BINS = 2;
const MOST_HARMONIC = 7;
/** Where the lowest and the strongest tone of a beep lie. Hz */
const LOWEST_HZ = 325;
const HIGHEST_HZ = 2300;
/** Quieter sounds cannot be told from crosstalk. dB relative to full scale */
const LEAST_LEVEL_DB = -56;
/** The tone and what belongs to it, of everything that is not line noise: to begin, and to go on. */
const LEAST_SHARE = 0.7;
const LEAST_KEPT_SHARE = 0.5;
/** A second peak weaker than this (-13 dB) is distortion. */
const LEAST_SECOND_SHARE = 0.05;
/** Noise is followed down within a few windows and up by 6 dB a second. */
const NOISE_FALL = 0.5;
const NOISE_RISE = 10 ** (0.6 * ((2 * HOP_MS) / 1000));
/** What is followed is far nearer to the minimum than to the mean. */
const NOISE_MARGIN = 6;
/** Windows whose spectra are kept: 64 ms. */
const KEPT_WINDOWS = 4;
const TINY = 1e-15;

export interface BeepFrame {
  /** Middle of the window. ms */
  atMs: number;
  /** The tone. Hz */
  hz: number;
  /** The other tone of a pair, or 0. Hz */
  secondHz: number;
  /** Share of the sound that is the tone and what belongs to it, 0..1. */
  share: number;
  /** The pair explains more than the tone with its harmonics does. */
  isPair: boolean;
  /** Level of the tone alone, and of everything but line noise. dB relative to full scale */
  levelDb: number;
  soundDb: number;
  /** A beep may begin with it; a beep that has begun may go on with it. */
  canBegin: boolean;
  canGoOn: boolean;
}

export const emptyFrame = (): BeepFrame => ({
  atMs: 0,
  hz: 0,
  secondHz: 0,
  share: 0,
  isPair: false,
  levelDb: SILENCE_DB,
  soundDb: SILENCE_DB,
  canBegin: false,
  canGoOn: false,
});

/** Once for every window of a tone: field by field leaves no garbage, unlike `Object.assign`. */
export function copyFrame(from: BeepFrame, to: BeepFrame): void {
  to.atMs = from.atMs;
  to.hz = from.hz;
  to.secondHz = from.secondHz;
  to.share = from.share;
  to.isPair = from.isPair;
  to.levelDb = from.levelDb;
  to.soundDb = from.soundDb;
  to.canBegin = from.canBegin;
  to.canGoOn = from.canGoOn;
}

/** The newest window without line noise, until the next one is measured, of whichever call. */
const clean = new Float64Array(BIN_COUNT);
/** Its energies: of the tone, of the tone's harmonics, of the second peak, of everything, near a pitch. */
const energies = new Float64Array(5);
/** A frequency in it. Hz */
const peak = new Float64Array(1);
const [TONE, HARMONICS, SECOND, SOUND, NEAR] = [0, 1, 2, 3, 4] as const;

export class BeepFrames {
  /** The newest window; overwritten. */
  readonly now = emptyFrame();
  readonly #noise = new Float64Array(BIN_COUNT);
  readonly #kept = new Float64Array(KEPT_WINDOWS * BIN_COUNT);
  #hasNoise = false;
  #isLearning = false;
  #windows = 0;

  /** Updates `now`. Not for windows with holes. */
  measure(m: Measurements): void {
    const f = this.now;
    f.atMs = m.atMs;
    if (m.levelDb < LEAST_LEVEL_DB) {
      clean.fill(0);
      f.canBegin = f.canGoOn = false;
      f.levelDb = f.soundDb = m.levelDb;
      return;
    }
    let sound = TINY;
    let first = FIRST_BIN;
    for (let k = FIRST_BIN; k <= LAST_BIN; k++) {
      const left = Math.max(0, m.power[k]! - NOISE_MARGIN * this.#noise[k]!);
      clean[k] = left;
      sound += left;
      if (left > clean[first]!) first = k;
    }
    energies[SOUND] = sound;
    sumUp(TONE, first - LOBE_BINS, first + LOBE_BINS);
    f.levelDb = toDb(energies[TONE]!);
    f.soundDb = toDb(sound);
    f.canGoOn = f.levelDb >= LEAST_LEVEL_DB && this.#isBeepLike(m.power, first);
    f.canBegin = f.canGoOn && f.share >= LEAST_SHARE;
  }

  /** Takes the window as line noise, because nothing else seems to sound. */
  learnNoise(m: Measurements): void {
    if (!this.#hasNoise) this.#noise.set(m.power);
    this.#hasNoise = true;
    // Every other window is enough, and half the work.
    this.#isLearning = !this.#isLearning;
    if (!this.#isLearning) return;
    for (let k = FIRST_BIN; k <= LAST_BIN; k++) {
      const power = m.power[k]!;
      const noise = this.#noise[k]!;
      this.#noise[k] =
        power < noise
          ? noise + NOISE_FALL * (power - noise)
          : Math.min(power, noise * NOISE_RISE + TINY);
    }
  }

  /** Keeps the window's spectrum for `leastBeforeDb`; digital silence is kept too. */
  keep(m: Measurements): void {
    this.#kept.set(m.power, (this.#windows++ % KEPT_WINDOWS) * BIN_COUNT);
  }

  /** Lowest level near a frequency in the last windows that were kept. dB relative to full scale */
  leastBeforeDb(hz: number): number {
    const bin = Math.round(hz / BIN_HZ);
    let least = Infinity;
    for (let at = 0; at < this.#kept.length; at += BIN_COUNT) {
      let energy = 0;
      for (let k = bin - LOBE_BINS; k <= bin + LOBE_BINS; k++) energy += this.#kept[at + k]!;
      least = Math.min(least, energy);
    }
    return toDb(least);
  }

  /** Level near a frequency in the window just measured, line noise left out. dB relative to full scale */
  levelAtDb(hz: number): number {
    const bin = Math.round(hz / BIN_HZ);
    sumUp(NEAR, bin - LOBE_BINS, bin + LOBE_BINS);
    return toDb(energies[NEAR]!);
  }

  #isBeepLike(power: Float64Array, first: number): boolean {
    const f = this.now;
    const energy = energies[TONE]!;
    const sound = energies[SOUND]!;
    findPeak(power, first);
    f.hz = peak[0]!;
    f.secondHz = 0;
    f.isPair = false;
    this.#sumUpHarmonics(first + LOBE_BINS);
    f.share = (energy + energies[HARMONICS]!) / sound;
    const second = this.#strongestBeside(first);
    this.#sumUpBeside(second, first);
    const secondEnergy = energies[SECOND]!;
    if (secondEnergy >= LEAST_SECOND_SHARE * energy) {
      findPeak(power, second);
      f.secondHz = peak[0]!;
      const pairShare = (energy + secondEnergy) / sound;
      f.isPair = pairShare > f.share;
      if (f.isPair) f.share = pairShare;
    }
    const lowestHz = f.isPair ? Math.min(f.hz, f.secondHz) : f.hz;
    return lowestHz >= LOWEST_HZ && f.hz <= HIGHEST_HZ && f.share >= LEAST_KEPT_SHARE;
  }

  #strongestBeside(first: number): number {
    let second = first < FIRST_BIN + LAST_BIN - first ? LAST_BIN : FIRST_BIN;
    for (let k = FIRST_BIN; k <= LAST_BIN; k++) {
      const isBeside = Math.abs(k - first) > LOBE_BINS;
      if (isBeside && clean[k]! > clean[second]!) second = k;
    }
    return second;
  }

  /** Energy of the second peak, without the bins of the first. */
  #sumUpBeside(second: number, first: number): void {
    if (second < first) {
      const middle = Math.min(second, first - 2 * LOBE_BINS - 1);
      sumUp(SECOND, second - LOBE_BINS, middle + LOBE_BINS);
    } else {
      const middle = Math.max(second, first + 2 * LOBE_BINS + 1);
      sumUp(SECOND, middle - LOBE_BINS, second + LOBE_BINS);
    }
  }

  #sumUpHarmonics(above: number): void {
    let sum = 0;
    for (let n = 2; n <= MOST_HARMONIC; n++) {
      const bin = Math.round((n * this.now.hz) / BIN_HZ);
      sumUp(HARMONICS, Math.max(bin - HARMONIC_BINS, above + 1), bin + HARMONIC_BINS);
      sum += energies[HARMONICS]!;
      above = Math.max(above, bin + HARMONIC_BINS);
    }
    energies[HARMONICS] = sum;
  }
}

/** A number that is returned is garbage where the call is not inlined; one in a table is not. */
function sumUp(into: number, from: number, to: number): void {
  let sum = 0;
  for (let k = Math.max(FIRST_BIN, from); k <= to && k <= LAST_BIN; k++) sum += clean[k]!;
  energies[into] = sum;
}

const toDb = (energy: number): number => 10 * Math.log10(energy * SCALE + 1e-10);

/** Sets `peak`: the top of a parabola through the logarithms of a peak and its neighbours. */
function findPeak(power: Float64Array, bin: number): void {
  const left = Math.log(power[bin - 1]! + TINY);
  const middle = Math.log(power[bin]! + TINY);
  const right = Math.log(power[bin + 1]! + TINY);
  const bend = left - 2 * middle + right;
  const offset = bend < 0 ? (0.5 * (left - right)) / bend : 0;
  peak[0] = (bin + Math.max(-0.5, Math.min(0.5, offset))) * BIN_HZ;
}
