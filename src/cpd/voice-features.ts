/**
 * What the voice model looks at: 68 numbers for every 16 ms, made of the shared spectrum. They are
 * relative to the line's own noise and to the sound of the last second wherever possible, so that
 * neither the level of a call nor the colour of its codec decides. Nothing here is learnt.
 */
import { Persistence } from './persistence.js';
import { ANALYSIS_RATE_HZ, type Measurements } from './spectrum.js';

export const FEATURE_COUNT = 68;
const BANDS = 16;
const LOWEST_HZ = 130;
const HIGHEST_HZ = 3750;
const BIN_COUNT = 129;
const BIN_HZ = ANALYSIS_RATE_HZ / 256;
/** Makes a sum of power bins a mean square: 2 / (256 x energy of the Hann window). */
const POWER_SCALE = 2 / (256 * 96);
/** Below this a band is empty: -90 dB. */
const EMPTY = 1e-9;

/** The floor of a band falls at once to a quieter moment and rises this slowly. dB per 16 ms */
const FLOOR_FALL = 0.35;
const FLOOR_RISE_DB = 0.05;
/** A line is not believed to be noisier than this before it has been heard. dB in one band */
const EARLY_FLOOR_DB = -66;
/** The loudest moment is forgotten at 6 dB a second. dB per 16 ms */
const PEAK_FALL_DB = 0.1;
const QUIETEST_PEAK_DB = -60;

/** Weights of the newest value in running means of about 100, 160 and 500 ms. */
const FAST = 0.15;
const MIDDLE = 0.1;
const SLOW = 0.03;
const DB_UNIT = 20;

export class VoiceFeatures {
  readonly values = new Float64Array(FEATURE_COUNT);
  /** Mean of the bands' floors. dB relative to full scale, per band */
  floorDb = EARLY_FLOOR_DB;

  readonly persistence = new Persistence();
  /** Of the newest bands; kept in an object, because a number handed from method to method is garbage. */
  readonly bands = { meanDb: 0, flatnessDb: 0, flux: 0 };
  readonly #bandDb = new Float64Array(BANDS);
  readonly #previousDb = new Float64Array(BANDS);
  readonly #floor = new Float64Array(BANDS).fill(EARLY_FLOOR_DB);
  readonly #slowContrast = new Float64Array(BANDS);
  #isFirst = true;
  #peakDb = QUIETEST_PEAK_DB;
  #meanDb = EARLY_FLOOR_DB;
  #periodicity = 0;
  #previousHz = 0;
  #glide = 0;
  #purity = 0;
  #flux = 0;
  #slowFlux = 0;
  #modulation = 0;
  #steadiness = 0;
  #previousPeakHz = 0;
  #held = 0;
  #slowHeld = 0;

  /**
   * Takes the newest measurements. A hole of a lost packet says nothing; in digital silence what was
   * heard before is forgotten as fast as anything else would replace it.
   * @returns whether `values` are new
   */
  update(m: Measurements): boolean {
    if (m.isDigitalSilence) this.#rest();
    if (m.isHoled) return false;
    this.#measureBands(m.power);
    this.#measureFlux();
    this.#followFloor();
    this.#fillBands();
    this.persistence.measure(m.power);
    this.#fillScalars(m);
    this.#previousDb.set(this.#bandDb);
    this.#isFirst = false;
    return true;
  }

  #rest(): void {
    for (let b = 0; b < BANDS; b++) this.#slowContrast[b]! *= 1 - MIDDLE;
    this.#periodicity *= 1 - FAST;
    this.#glide *= 1 - FAST;
    this.#steadiness *= 1 - FAST;
    this.#purity *= 1 - MIDDLE;
    this.#flux *= 1 - MIDDLE;
    this.#held *= 1 - MIDDLE;
    this.#slowFlux *= 1 - SLOW;
    this.#modulation *= 1 - SLOW;
    this.#slowHeld *= 1 - SLOW;
    this.#meanDb += MIDDLE * (this.floorDb - this.#meanDb);
    this.#peakDb -= PEAK_FALL_DB;
    this.#previousHz = this.#previousPeakHz = 0;
    this.persistence.forget();
    this.#isFirst = true;
  }

  #measureBands(power: Float64Array): void {
    let sum = 0;
    let total = 0;
    for (let b = 0; b < BANDS; b++) {
      const { first, weights } = FILTERS[b]!;
      let energy = 0;
      for (let i = 0; i < weights.length; i++) energy += weights[i]! * power[first + i]!;
      energy = energy * POWER_SCALE + EMPTY;
      const db = 10 * Math.log10(energy);
      this.#bandDb[b] = db;
      sum += db;
      total += energy;
    }
    this.bands.meanDb = sum / BANDS;
    this.bands.flatnessDb = sum / BANDS - 10 * Math.log10(total / BANDS);
  }

  #measureFlux(): void {
    let flux = 0;
    for (let b = 0; b < BANDS && !this.#isFirst; b++)
      flux += Math.min(20, Math.abs(this.#bandDb[b]! - this.#previousDb[b]!));
    this.bands.flux = flux / BANDS / 10;
  }

  #followFloor(): void {
    let sum = 0;
    for (let b = 0; b < BANDS; b++) {
      const above = this.#bandDb[b]! - this.#floor[b]!;
      this.#floor[b]! += above < 0 ? FLOOR_FALL * above : Math.min(FLOOR_RISE_DB, above);
      sum += this.#floor[b]!;
    }
    this.floorDb = sum / BANDS;
  }

  #fillBands(): void {
    const { meanDb } = this.bands;
    const values = this.values;
    for (let b = 0; b < BANDS; b++) {
      const contrast = clamp((this.#bandDb[b]! - this.#floor[b]!) / DB_UNIT, -0.5, 2.5);
      this.#slowContrast[b]! += MIDDLE * (contrast - this.#slowContrast[b]!);
      values[b] = clamp((this.#bandDb[b]! - meanDb) / DB_UNIT, -2, 2);
      values[BANDS + b] = contrast;
      values[2 * BANDS + b] = this.#slowContrast[b]!;
    }
  }

  #fillScalars(m: Measurements): void {
    const { meanDb, flatnessDb, flux } = this.bands;
    const values = this.values;
    const { periodicity, frequencyHz, shortLag } = m.pitch;
    const isVoiced = periodicity > 0.5;
    this.#peakDb = Math.max(meanDb, QUIETEST_PEAK_DB, this.#peakDb - PEAK_FALL_DB);
    this.#meanDb += MIDDLE * (meanDb - this.#meanDb);
    this.#periodicity += FAST * (periodicity - this.#periodicity);
    if (isVoiced && this.#previousHz > 0) {
      const octaves = Math.min(0.3, Math.abs(Math.log2(frequencyHz / this.#previousHz)));
      this.#glide += FAST * (octaves - this.#glide);
    }
    this.#previousHz = isVoiced ? frequencyHz : 0;
    this.#purity += MIDDLE * (m.purity - this.#purity);
    this.#flux += MIDDLE * (flux - this.#flux);
    this.#slowFlux += SLOW * (flux - this.#slowFlux);
    const swing = Math.min(2, Math.abs(meanDb - this.#meanDb) / 10);
    this.#modulation += SLOW * (swing - this.#modulation);
    const isSteady = Math.abs(m.peakHz - this.#previousPeakHz) < 4 && m.purity > 0.5;
    this.#steadiness += FAST * ((isSteady ? 1 : 0) - this.#steadiness);
    this.#previousPeakHz = m.peakHz;

    let i = 3 * BANDS;
    values[i++] = clamp((meanDb - this.floorDb) / DB_UNIT, -0.5, 2.5);
    values[i++] = clamp((meanDb - this.#peakDb) / DB_UNIT, -3, 0);
    values[i++] = periodicity;
    values[i++] = this.#periodicity;
    values[i++] = isVoiced ? Math.log2(frequencyHz / 200) : 0;
    values[i++] = 5 * this.#glide;
    values[i++] = shortLag;
    values[i++] = flatnessDb / 10;
    values[i++] = m.purity;
    values[i++] = this.#purity;
    values[i++] = flux;
    values[i++] = this.#flux;
    values[i++] = 2 * this.#slowFlux;
    values[i++] = 2 * this.#modulation;
    values[i++] = this.#steadiness;
    values[i++] = clamp((meanDb + 60) / DB_UNIT, -1.5, 2.5);
    const { short, long } = this.persistence;
    this.#held += MIDDLE * (long - this.#held);
    this.#slowHeld += SLOW * (long - this.#slowHeld);
    values[i++] = short;
    values[i++] = long;
    values[i++] = this.#held;
    values[i] = 2 * this.#slowHeld;
  }
}

interface Filter {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Triangles of equal width on the mel scale, half overlapping. */
function melFilters(): readonly Filter[] {
  const mel = (hz: number): number => 1127 * Math.log(1 + hz / 700);
  const hz = (m: number): number => 700 * (Math.exp(m / 1127) - 1);
  const low = mel(LOWEST_HZ);
  const step = (mel(HIGHEST_HZ) - low) / (BANDS + 1);
  return Array.from({ length: BANDS }, (_, b) => {
    const [from, peak, to] = [0, 1, 2].map((k) => hz(low + (b + k) * step)) as [
      number,
      number,
      number,
    ];
    const first = Math.max(1, Math.ceil(from / BIN_HZ));
    const last = Math.min(BIN_COUNT - 1, Math.floor(to / BIN_HZ));
    const weights = Float64Array.from({ length: last - first + 1 }, (_, i) => {
      const at = (first + i) * BIN_HZ;
      return at <= peak ? (at - from) / (peak - from) : (to - at) / (to - peak);
    });
    return { first, weights };
  });
}

const FILTERS = melFilters();

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
