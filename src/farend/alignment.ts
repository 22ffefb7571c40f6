/**
 * Where in a recording a sound might be: the first, rough half of `recognise.ts`. One generalised
 * cross-correlation per sound over the whole recording, at half the sampling rate. The spectra are
 * flattened first (the phase transform; Knapp and Carter, "The generalized correlation method for
 * estimation of time delay", 1976), which turns the broad correlation of speech and music into a
 * needle at the right lag, even when only a part of the sound was heard.
 *
 * It proposes and decides nothing: a lag may be chance, the caller has to look at the samples.
 */
import { complexArray, Fourier, type ComplexArray } from './fourier.js';

/** A sound that is really there is among the few highest peaks; the rest is chance. */
const PEAKS_MAX = 12;
/** Bins weaker than this share of the mean are noise, which flattening would only amplify. */
const WEAK_BIN = 0.1;
/** Mean over effective value of a spectrum: speech has 0.7, music 0.3, two sine tones 0.05. */
const TONAL = 0.12;
/** Half-band low-pass: windowed sinc, every second tap is zero except the middle one. */
const HALF_BAND = halfBandTaps(11);

/**
 * Brings 8 kHz samples to 4 kHz, after a low-pass at 2 kHz.
 * @returns half as many samples, in the unit of the input
 */
export function halveRate(samples: Int16Array): Float64Array {
  const out = new Float64Array(samples.length >> 1);
  for (let i = 0; i < out.length; i++) {
    const centre = 2 * i;
    let sum = 0.5 * samples[centre]!;
    HALF_BAND.forEach((tap, n) => {
      const reach = 2 * n + 1;
      sum += tap * ((samples[centre - reach] ?? 0) + (samples[centre + reach] ?? 0));
    });
    out[i] = sum;
  }
  return out;
}

/**
 * @param recording and sounds at the same rate
 * @returns for each sound the lags (index of the recording at which the sound's first sample would
 * lie, negative when its beginning is cut off) that stick out, the strongest first; at most 12
 */
export function findLags(
  recording: Float64Array,
  sounds: readonly Float64Array[],
): readonly (readonly number[])[] {
  const longest = sounds.reduce((max, sound) => Math.max(max, sound.length), 0);
  if (recording.length === 0 || longest === 0) return sounds.map(() => []);
  const fourier = new Fourier(powerOfTwo(recording.length + longest));
  const reference = complexArray(fourier.size);
  reference.re.set(recording);
  fourier.forward(reference);
  flatten(reference);
  const lags: number[][] = [];
  for (let i = 0; i < sounds.length; i += 2) {
    const first = sounds[i]!;
    const second = sounds[i + 1] ?? new Float64Array(0);
    const both = correlatePair(fourier, reference, first, second);
    lags.push(pickPeaks(both.re, recording.length, first.length));
    if (i + 1 < sounds.length) lags.push(pickPeaks(both.im, recording.length, second.length));
  }
  return lags;
}

/** Two real sounds cost one complex transform each way: one is the real part, one the imaginary. */
function correlatePair(
  fourier: Fourier,
  reference: ComplexArray,
  first: Float64Array,
  second: Float64Array,
): ComplexArray {
  const n = fourier.size;
  const pair = complexArray(n);
  pair.re.set(first);
  pair.im.set(second);
  fourier.forward(pair);
  // The spectrum of a real sound is its own mirror image: half of it is enough.
  const a = complexArray(n / 2 + 1);
  const b = complexArray(n / 2 + 1);
  for (let k = 0; k <= n / 2; k++) {
    const mirror = (n - k) % n;
    a.re[k] = (pair.re[k]! + pair.re[mirror]!) / 2;
    a.im[k] = (pair.im[k]! - pair.im[mirror]!) / 2;
    b.re[k] = (pair.im[k]! + pair.im[mirror]!) / 2;
    b.im[k] = (pair.re[mirror]! - pair.re[k]!) / 2;
  }
  flatten(a);
  flatten(b);
  for (let k = 0; k <= n / 2; k++) {
    const mirror = (n - k) % n;
    const re = reference.re[k]!;
    const im = reference.im[k]!;
    // At the mirror: conj(R) (A + jB); here: R (conj(A) + j conj(B)).
    const mirrorRe = a.re[k]! - b.im[k]!;
    const mirrorIm = a.im[k]! + b.re[k]!;
    pair.re[mirror] = re * mirrorRe + im * mirrorIm;
    pair.im[mirror] = re * mirrorIm - im * mirrorRe;
    const hereRe = a.re[k]! + b.im[k]!;
    const hereIm = b.re[k]! - a.im[k]!;
    pair.re[k] = re * hereRe - im * hereIm;
    pair.im[k] = re * hereIm + im * hereRe;
  }
  fourier.inverse(pair);
  return pair;
}

/** A tone or two have no needle to find: flattening would keep nothing but their edges. */
function flatten(spectrum: ComplexArray): void {
  const { re, im } = spectrum;
  const sizes = new Float64Array(re.length);
  let sum = 0;
  let energy = 0;
  for (let k = 0; k < re.length; k++) {
    const size = Math.sqrt(re[k]! * re[k]! + im[k]! * im[k]!);
    sizes[k] = size;
    sum += size;
    energy += size * size;
  }
  if (energy === 0) return;
  const mean = sum / re.length;
  const rms = Math.sqrt(energy / re.length);
  const floor = mean < TONAL * rms ? Infinity : WEAK_BIN * mean;
  for (let k = 0; k < re.length; k++) {
    const size = floor === Infinity ? rms : Math.max(floor, sizes[k]!);
    re[k] = re[k]! / size;
    im[k] = im[k]! / size;
  }
}

function pickPeaks(
  correlation: Float64Array,
  recordingLength: number,
  soundLength: number,
): number[] {
  if (soundLength === 0) return [];
  const n = correlation.length;
  const peaks: { lag: number; height: number }[] = [];
  let lowest = 0;
  for (let lag = 1 - soundLength; lag < recordingLength; lag++) {
    const height = correlation[(lag + n) % n]!;
    if (height <= lowest) continue;
    const isTop =
      height >= correlation[(lag + n - 1) % n]! && height > correlation[(lag + n + 1) % n]!;
    if (!isTop) continue;
    peaks.push({ lag, height });
    peaks.sort((x, y) => y.height - x.height);
    if (peaks.length <= PEAKS_MAX) continue;
    peaks.pop();
    lowest = peaks.at(-1)?.height ?? 0;
  }
  return peaks.map((peak) => peak.lag);
}

function powerOfTwo(atLeast: number): number {
  let size = 4;
  while (size < atLeast) size *= 2;
  return size;
}

/** The taps at ±1, ±3, ±5 ... of a half-band filter with a Hamming window. */
function halfBandTaps(longestReach: number): readonly number[] {
  const taps: number[] = [];
  for (let reach = 1; reach <= longestReach; reach += 2) {
    const window = 0.54 + 0.46 * Math.cos((Math.PI * reach) / (longestReach + 1));
    taps.push((window * Math.sin((Math.PI * reach) / 2)) / (Math.PI * reach));
  }
  return taps;
}
