/**
 * The sound's frequencies over time as an image inside the SVG: 150 to 4000 Hz on a logarithmic scale,
 * so that the network's tones, which are low, can be told apart.
 */
import { BIN_COUNT, FFT_SIZE } from '../fft.js';
import { ANALYSIS_RATE_HZ, HOP_SAMPLES, Spectrum } from '../spectrum.js';
import { INNER, LEFT, at, type Strip, type TimeScale } from './canvas.js';

const LOWEST_HZ = 150;
const HIGHEST_HZ = 4000;
const ROWS = 96;
const MOST_COLUMNS = 800;
const BIN_HZ = ANALYSIS_RATE_HZ / FFT_SIZE;
/** Shades from nothing to the loudest moment. dB below it */
const RANGE_DB = 60;
/** A line that is never louder than -30 dB relative to full scale is drawn as quiet as it is. */
const QUIETEST_PEAK_DB = 6;
const PALETTE = 256;
/** Colours of the shades, from the lightest to the darkest; in between they are mixed. */
const SHADES: readonly (readonly [red: number, green: number, blue: number])[] = [
  [248, 250, 252],
  [203, 220, 235],
  [104, 152, 196],
  [24, 68, 120],
  [6, 22, 52],
];

/** Height of a frequency in a strip. */
export function yOfHz({ top, height }: Strip, hz: number): number {
  const share = Math.log(hz / LOWEST_HZ) / Math.log(HIGHEST_HZ / LOWEST_HZ);
  return top + height * (1 - Math.min(1, Math.max(0, share)));
}

/** @param samples at 8 kHz */
export function spectrogram(samples: Int16Array, scale: TimeScale, strip: Strip): string {
  const hops = Math.floor(samples.length / HOP_SAMPLES);
  if (hops === 0) return '';
  const perColumn = Math.ceil(hops / MOST_COLUMNS);
  const columns = Math.ceil(hops / perColumn);
  const image = bitmap(levelsOf(samples, hops, perColumn, columns), columns);
  const width = scale.x((hops * HOP_SAMPLES * 1000) / ANALYSIS_RATE_HZ) - LEFT;
  return `<image x="${LEFT}" y="${at(strip.top)}" width="${at(Math.min(width, INNER))}" height="${at(strip.height)}" preserveAspectRatio="none" href="data:image/bmp;base64,${image}"/>`;
}

/** dB of every row and column, row by row from the lowest frequency. */
function levelsOf(
  samples: Int16Array,
  hops: number,
  perColumn: number,
  columns: number,
): Float32Array {
  const levels = new Float32Array(columns * ROWS).fill(-200);
  const spectrum = new Spectrum();
  const hop = new Float64Array(HOP_SAMPLES);
  const decibels = new Float64Array(BIN_COUNT);
  for (let n = 0; n < hops; n++) {
    for (let i = 0; i < HOP_SAMPLES; i++) hop[i] = samples[n * HOP_SAMPLES + i]! / 32768;
    spectrum.analyse(hop, 0);
    const { power } = spectrum.now;
    for (let k = 0; k < BIN_COUNT; k++) decibels[k] = 10 * Math.log10(power[k]! + 1e-12);
    const column = Math.floor(n / perColumn);
    for (let row = 0; row < ROWS; row++) {
      const hz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** ((row + 0.5) / ROWS);
      const bin = Math.min(BIN_COUNT - 2, hz / BIN_HZ);
      const below = Math.floor(bin);
      const level = decibels[below]! + (bin - below) * (decibels[below + 1]! - decibels[below]!);
      const index = row * columns + column;
      if (level > levels[index]!) levels[index] = level;
    }
  }
  return levels;
}

/** An uncompressed BMP with a palette, as base64: rows go from the bottom up, as they do here. */
function bitmap(levels: Float32Array, columns: number): string {
  let loudest = QUIETEST_PEAK_DB;
  for (const level of levels) if (level > loudest) loudest = level;
  const stride = Math.ceil(columns / 4) * 4;
  const offset = 14 + 40 + 4 * PALETTE;
  const bytes = new Uint8Array(offset + stride * ROWS);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x424d);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, offset, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, columns, true);
  view.setInt32(22, ROWS, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 8, true);
  view.setUint32(34, stride * ROWS, true);
  view.setUint32(46, PALETTE, true);
  for (let shade = 0; shade < PALETTE; shade++) {
    const [red, green, blue] = colourOfShade(shade / (PALETTE - 1));
    bytes.set([blue, green, red, 0], 54 + 4 * shade);
  }
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < columns; column++) {
      const below = loudest - levels[row * columns + column]!;
      const share = Math.min(1, Math.max(0, 1 - below / RANGE_DB));
      bytes[offset + row * stride + column] = Math.round(share * (PALETTE - 1));
    }
  }
  return toBase64(bytes);
}

function colourOfShade(share: number): readonly [number, number, number] {
  const place = share * (SHADES.length - 1);
  const index = Math.min(SHADES.length - 2, Math.floor(place));
  const mix = (channel: 0 | 1 | 2): number => {
    const from = SHADES[index]![channel];
    return Math.round(from + (place - index) * (SHADES[index + 1]![channel] - from));
  };
  return [mix(0), mix(1), mix(2)];
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 8192)
    binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}
