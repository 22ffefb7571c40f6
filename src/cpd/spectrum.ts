/**
 * Turns the sample stream into one set of measurements every 16 ms: level, the strongest one or two
 * spectral peaks and how much of the sound they are, and how periodic the sound is. Everything else
 * in this folder works on these numbers. It decides nothing.
 */
import { Pitch } from './pitch.js';
import { BIN_COUNT, FFT_SIZE, powerSpectrum } from './fft.js';

export const ANALYSIS_RATE_HZ = 8000;
export const HOP_SAMPLES = 128;
export const HOP_MS = (1000 * HOP_SAMPLES) / ANALYSIS_RATE_HZ;
const BIN_HZ = ANALYSIS_RATE_HZ / FFT_SIZE;

/** Hum and the edges of the telephone band say nothing: 120 to 3900 Hz. */
const FIRST_BIN = 4;
const LAST_BIN = 125;
/** A voice is measured without its fundamental, where hum and traffic are: from 190 Hz. */
const FIRST_VOICE_BIN = 6;
/** The main lobe of a Hann window is two bins to each side; one more for two tones that beat. */
const LOBE_BINS = 3;
/** Wide enough for both of two tones 80 Hz apart, whichever of them is the stronger one. */
const CENTRE_BINS = 4;
/** So many zeros in a row are no sound: 10 ms. */
const HOLE_SAMPLES = 80;
/** Fainter frames are not asked for their period. dB */
const FAINT_DB = -60;
/** Level given to digital silence. */
export const SILENCE_DB = -100;

/** Measurements of the newest 32 ms. One object, overwritten for every hop. */
export interface Measurements {
  /** Middle of the 32 ms, ms since the first sample. */
  atMs: number;
  /** RMS from 190 to 3900 Hz, dB relative to full scale. */
  levelDb: number;
  /** The same as a sum of `power`. */
  voicePower: number;
  /** Strongest peak. Hz */
  peakHz: number;
  /**
   * Centre of gravity of the strongest peak. The exact frequency of a lone tone; the middle of two tones
   * that are too close to be seen apart, whose peak wanders between them. Hz
   */
  centreHz: number;
  /** Share of the energy in the strongest peak, 0..1. */
  purity: number;
  /** Second strongest peak, away from the first. Hz */
  secondHz: number;
  /** Energy of the second peak relative to the first, 0..1. */
  secondShare: number;
  /** Share of the energy in both peaks, 0..1. */
  pairPurity: number;
  /** Shares of the energy near 1650 and near 1850 Hz (V.21 channel 2), 0..1. */
  v21MarkShare: number;
  v21SpaceShare: number;
  /** Height of the autocorrelation peak in the pitch range, 0..1; 0 where it is too faint to mean much. */
  periodicity: number;
  /** The same in full, however faint; that of an earlier frame in digital silence. */
  readonly pitch: Pitch;
  /** Part of it is a hole where a packet was lost: its level and its shape mean little. */
  isHoled: boolean;
  /** Every sample was zero, or no packet came. */
  isDigitalSilence: boolean;
  /** |X(k)|² of the windowed samples, k = 0..128, 31.25 Hz apart; all 0 in digital silence. */
  readonly power: Float64Array;
  /** The newest 256 samples, oldest first, full scale 1. */
  readonly samples: Float64Array;
}

/** A Hann window; the same for all calls, as is the room for what it is multiplied with. */
const hann = Float64Array.from(
  { length: FFT_SIZE },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / FFT_SIZE),
);
const windowed = new Float64Array(FFT_SIZE);
/** Sum of |X|² to mean square. */
const SCALE = 2 / (FFT_SIZE * hann.reduce((sum, weight) => sum + weight ** 2, 0));

/** @param power a sum of `Measurements.power`. @returns dB relative to full scale */
export const levelDbOf = (power: number): number => 10 * Math.log10(power * SCALE + 1e-10);

/** Sum of the power around a frequency, as much of it as one tone fills. */
export function powerNear({ power }: Measurements, hz: number): number {
  const bin = Math.round(hz / BIN_HZ);
  let sum = 0;
  for (let k = Math.max(FIRST_BIN, bin - LOBE_BINS); k <= bin + LOBE_BINS && k <= LAST_BIN; k++)
    sum += power[k]!;
  return sum;
}

export class Spectrum {
  readonly now: Measurements = {
    atMs: 0,
    levelDb: SILENCE_DB,
    voicePower: 0,
    peakHz: 0,
    centreHz: 0,
    purity: 0,
    secondHz: 0,
    secondShare: 0,
    pairPurity: 0,
    v21MarkShare: 0,
    v21SpaceShare: 0,
    periodicity: 0,
    pitch: new Pitch(),
    isHoled: false,
    isDigitalSilence: true,
    power: new Float64Array(BIN_COUNT),
    samples: new Float64Array(FFT_SIZE),
  };
  readonly #history = this.now.samples;
  readonly #power = this.now.power;
  readonly #pitch = this.now.pitch;

  /**
   * Takes one hop and updates `now`.
   * @param hop 128 samples, full scale 1
   * @param endMs time at the end of the hop, ms since the first sample
   */
  analyse(hop: Float64Array, endMs: number): void {
    this.#history.copyWithin(0, HOP_SAMPLES);
    this.#history.set(hop, FFT_SIZE - HOP_SAMPLES);
    const m = this.now;
    m.atMs = endMs - HOP_MS;
    let zeros = 0;
    let longestZeros = 0;
    for (let i = 0; i < FFT_SIZE; i++) {
      const x = this.#history[i]!;
      zeros = x === 0 ? zeros + 1 : 0;
      if (zeros > longestZeros) longestZeros = zeros;
      windowed[i] = x * hann[i]!;
    }
    m.isDigitalSilence = longestZeros === FFT_SIZE;
    m.isHoled = longestZeros >= HOLE_SAMPLES;
    if (m.isDigitalSilence) {
      this.#clear();
      return;
    }
    powerSpectrum(windowed, this.#power);
    this.#measurePeaks();
    this.#pitch.measure(this.#history);
    m.periodicity = m.levelDb > FAINT_DB ? this.#pitch.periodicity : 0;
  }

  #clear(): void {
    const m = this.now;
    m.power.fill(0);
    m.levelDb = SILENCE_DB;
    m.voicePower = 0;
    m.peakHz = m.centreHz = m.secondHz = 0;
    m.purity = m.pairPurity = m.secondShare = 0;
    m.v21MarkShare = m.v21SpaceShare = 0;
    m.periodicity = 0;
  }

  #measurePeaks(): void {
    const power = this.#power;
    const m = this.now;
    let total = 0;
    let voice = 0;
    let first = FIRST_BIN;
    for (let k = FIRST_BIN; k <= LAST_BIN; k++) {
      total += power[k]!;
      if (k >= FIRST_VOICE_BIN) voice += power[k]!;
      if (power[k]! > power[first]!) first = k;
    }
    if (total <= 0) {
      this.#clear();
      return;
    }
    let second = -1;
    for (let k = FIRST_BIN; k <= LAST_BIN; k++) {
      if (k >= first - LOBE_BINS && k <= first + LOBE_BINS) continue;
      if (second < 0 || power[k]! > power[second]!) second = k;
    }
    const firstEnergy = this.#energy(first - LOBE_BINS, first + LOBE_BINS);
    const low = second < first ? second - LOBE_BINS : Math.max(second - LOBE_BINS, first + 4);
    const high = second < first ? Math.min(second + LOBE_BINS, first - 4) : second + LOBE_BINS;
    const secondEnergy = this.#energy(low, high);
    m.voicePower = voice;
    m.levelDb = levelDbOf(voice);
    m.peakHz = this.#peakHz(first);
    m.centreHz = this.#centreHz(first);
    m.secondHz = this.#peakHz(second);
    m.purity = firstEnergy / total;
    m.pairPurity = (firstEnergy + secondEnergy) / total;
    m.secondShare = secondEnergy / firstEnergy;
    m.v21MarkShare = this.#energy(50, 55) / total;
    m.v21SpaceShare = this.#energy(57, 62) / total;
  }

  #energy(from: number, to: number): number {
    let sum = 0;
    for (let k = Math.max(FIRST_BIN, from); k <= to && k <= LAST_BIN; k++) sum += this.#power[k]!;
    return sum;
  }

  #centreHz(bin: number): number {
    let sum = 0;
    let moment = 0;
    const to = Math.min(LAST_BIN, bin + CENTRE_BINS);
    for (let k = Math.max(FIRST_BIN, bin - CENTRE_BINS); k <= to; k++) {
      sum += this.#power[k]!;
      moment += k * this.#power[k]!;
    }
    return (moment / sum) * BIN_HZ;
  }

  /** Parabola through the logarithms of the peak and its neighbours: within 1 Hz for a clean tone. */
  #peakHz(bin: number): number {
    if (bin <= 0) return 0;
    const left = Math.log(this.#power[bin - 1]! + 1e-20);
    const middle = Math.log(this.#power[bin]! + 1e-20);
    const right = Math.log(this.#power[bin + 1]! + 1e-20);
    const bend = left - 2 * middle + right;
    const offset = bend < 0 ? (0.5 * (left - right)) / bend : 0;
    return (bin + Math.max(-0.5, Math.min(0.5, offset))) * BIN_HZ;
  }
}
