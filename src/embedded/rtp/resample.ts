/**
 * Changes the sampling rate of speech by a windowed-sinc low-pass filter, one filter phase per
 * output position (polyphase). Works in slices and yields between them, so that a long file does
 * not hold up the thread that paces RTP.
 *
 * Quality: flat to 0.9 of the narrower band, more than 60 dB down beyond it: better than G.711.
 * Source: J. O. Smith, "Digital Audio Resampling Home Page" (CCRMA), windowed-sinc interpolation.
 */

const ZERO_CROSSINGS = 20; // on each side, counted at the lower rate
const PASS_BAND = 0.93; // of the lower Nyquist frequency: where the filter is 6 dB down
const PHASES_MAX = 512;
const WEIGHTS_MAX = 65_536; // computed in one go: 10 ms of work
const SLICE_MULTIPLICATIONS = 1_000_000; // 1 to 2 ms of work

interface FilterBank {
  readonly phases: number;
  readonly taps: number;
  readonly weights: Float32Array;
}

/**
 * @param pcm samples at `fromHz`
 * @param breathe awaited between slices
 * @returns samples at `toHz`, same duration (rounded down); the same array when the rates agree
 */
export async function resample(
  pcm: Int16Array,
  fromHz: number,
  toHz: number,
  breathe: () => Promise<void>,
): Promise<Int16Array> {
  if (fromHz === toHz) return pcm;
  const bank = buildFilterBank(fromHz, toHz);
  const count = Math.floor((pcm.length * toHz) / fromHz);
  const out = new Int16Array(count);
  const slice = Math.max(1, Math.floor(SLICE_MULTIPLICATIONS / bank.taps));
  for (let start = 0; start < count; start += slice) {
    if (start > 0) await breathe();
    convertSlice(pcm, out, bank, fromHz / toHz, [start, Math.min(count, start + slice)]);
  }
  return out;
}

function buildFilterBank(fromHz: number, toHz: number): FilterBank {
  const cutoff = (PASS_BAND * Math.min(fromHz, toHz)) / fromHz; // 1 is the input's Nyquist
  const half = Math.ceil((ZERO_CROSSINGS * fromHz) / Math.min(fromHz, toHz));
  const taps = 2 * half;
  const phasesNeeded = toHz / greatestCommonDivisor(fromHz, toHz);
  const phases = Math.min(PHASES_MAX, Math.floor(WEIGHTS_MAX / taps), phasesNeeded);
  const weights = new Float32Array(phases * taps);
  for (let phase = 0; phase < phases; phase++) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const x = tap - half + 1 - phase / phases; // distance from the output position, in samples
      const weight = sinc(x * cutoff) * blackman(x / half);
      weights[phase * taps + tap] = weight;
      sum += weight;
    }
    // Unity gain at 0 Hz in every phase, else the phases would modulate the signal.
    for (let tap = 0; tap < taps; tap++) {
      const index = phase * taps + tap;
      weights[index] = (weights[index] ?? 0) / sum;
    }
  }
  return { phases, taps, weights };
}

function convertSlice(
  pcm: Int16Array,
  out: Int16Array,
  bank: FilterBank,
  step: number,
  [start, end]: readonly [number, number],
): void {
  const half = bank.taps / 2;
  for (let i = start; i < end; i++) {
    const position = i * step;
    let base = Math.floor(position);
    let phase = Math.round((position - base) * bank.phases);
    if (phase === bank.phases) {
      phase = 0;
      base++;
    }
    const first = base - half + 1;
    const row = phase * bank.taps;
    let sum = 0;
    for (let tap = Math.max(0, -first); tap < bank.taps && first + tap < pcm.length; tap++) {
      sum += (pcm[first + tap] ?? 0) * (bank.weights[row + tap] ?? 0);
    }
    out[i] = Math.max(-32768, Math.min(32767, Math.round(sum)));
  }
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Blackman window over -1..1, zero outside. */
function blackman(x: number): number {
  if (Math.abs(x) >= 1) return 0;
  return 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
