/**
 * How periodic 32 ms of sound are, and at which frequency: normalised autocorrelation at half the
 * sample rate, so that it costs less than the transform beside it.
 */

const WINDOW = 256;
const LENGTH = WINDOW / 2;
/** Half of the analysis rate. */
const RATE_HZ = 4000;
/** A voice repeats after 10 to 57 samples: 70 to 400 Hz. */
const SHORTEST_LAG = 10;
const LONGEST_LAG = 57;
/** What repeats faster, 444 to 1000 Hz, is a whistle, a bird, a child's cry. */
const SHORTEST_SHRILL_LAG = 4;
/** One lag beyond both ends, to know the peaks there; a multiple of four of them. */
const FIRST_LAG = SHORTEST_SHRILL_LAG - 1;
const LAST_LAG = LONGEST_LAG + 1;
/** The period is the shortest lag that is nearly as good as the best; twice the period fits too. */
const NEARLY = 0.9;
/** A difference weakens mains hum, which is as periodic as any voice. */
const HUM_FILTER = 0.8;

/** Room for the work on one window; the calls of a process use it one after the other. */
const x = new Float64Array(LENGTH);
const energyTo = new Float64Array(LENGTH + 1);
const score = new Float64Array(LAST_LAG + 1);

export class Pitch {
  /** Height of the autocorrelation peak from 70 to 400 Hz, 0..1. */
  periodicity = 0;
  /** Where that peak is. Hz; 0 when there is none */
  frequencyHz = 0;
  /** Height of the highest true peak above 444 Hz, 0..1. */
  shortLag = 0;

  /** @param samples 256 samples at 8 kHz */
  measure(samples: Float64Array): void {
    prepare(samples);
    for (let lag = FIRST_LAG; lag <= LAST_LAG; lag += 4) correlateFour(lag);
    this.#pick();
  }

  #pick(): void {
    let best = 0;
    for (let lag = SHORTEST_LAG; lag <= LONGEST_LAG; lag++) best = Math.max(best, score[lag]!);
    this.periodicity = best;
    this.frequencyHz = 0;
    this.shortLag = 0;
    for (let lag = SHORTEST_LAG; best > 0 && lag <= LONGEST_LAG; lag++) {
      if (score[lag]! < NEARLY * best || !isPeak(lag)) continue;
      this.frequencyHz = RATE_HZ / lag;
      break;
    }
    for (let lag = SHORTEST_SHRILL_LAG; lag < SHORTEST_LAG; lag++)
      if (isPeak(lag)) this.shortLag = Math.max(this.shortLag, score[lag]!);
    if (this.frequencyHz === 0 && best > 0) this.frequencyHz = RATE_HZ / SHORTEST_LAG;
  }
}

function prepare(samples: Float64Array): void {
  let sum = 0;
  for (let i = 0; i < WINDOW; i++) sum += samples[i]!;
  // An offset would be the most periodic of all sounds.
  const offset = (1 - HUM_FILTER) * (sum / LENGTH);
  let before = 0;
  for (let i = 0; i < LENGTH; i++) {
    const pair = samples[2 * i]! + samples[2 * i + 1]!;
    x[i] = i === 0 ? 0 : pair - HUM_FILTER * before - offset;
    before = pair;
    energyTo[i + 1] = energyTo[i]! + x[i]! * x[i]!;
  }
}

/** Four lags at once: each sample is fetched once for all of them. */
function correlateFour(lag: number): void {
  const shared = LENGTH - lag - 3;
  let cross0 = 0;
  let cross1 = 0;
  let cross2 = 0;
  let cross3 = 0;
  let b0 = x[lag]!;
  let b1 = x[lag + 1]!;
  let b2 = x[lag + 2]!;
  for (let i = 0; i < shared; i++) {
    const a = x[i]!;
    const b3 = x[i + lag + 3]!;
    cross0 += a * b0;
    cross1 += a * b1;
    cross2 += a * b2;
    cross3 += a * b3;
    b0 = b1;
    b1 = b2;
    b2 = b3;
  }
  const a0 = x[shared]!;
  const a1 = x[shared + 1]!;
  const a2 = x[shared + 2]!;
  keepScore(lag, cross0 + a0 * b0 + a1 * b1 + a2 * b2);
  keepScore(lag + 1, cross1 + a0 * b1 + a1 * b2);
  keepScore(lag + 2, cross2 + a0 * b2);
  keepScore(lag + 3, cross3);
}

function keepScore(lag: number, cross: number): void {
  const here = energyTo[LENGTH - lag]!;
  const there = energyTo[LENGTH]! - energyTo[lag]!;
  const scale = here * there;
  score[lag] = scale > 1e-16 ? cross / Math.sqrt(scale) : 0;
}

function isPeak(lag: number): boolean {
  const here = score[lag]!;
  return here >= score[lag - 1]! && here >= score[lag + 1]!;
}
