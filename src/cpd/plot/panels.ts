/** The strips of a drawing that show something over time: waveform, frequencies, level, evidence. */
import { ANALYSIS_RATE_HZ } from '../spectrum.js';
import type { Reading } from '../reading.js';
import { COLOURS, INNER, LEFT, at, panel, text, type Strip, type TimeScale } from './canvas.js';
import type { TraceEntry } from '../types.js';
import { spectrogram, yOfHz } from './spectrogram.js';

const SAMPLES_PER_MS = ANALYSIS_RATE_HZ / 1000;
const LOWEST_DB = -80;
/** More than what is needed, up to here, is drawn. */
const MOST_EVIDENCE = 1.2;
/** Shorter tones are not drawn; up to the second length, or with more wobble, it may be a vowel. */
const SHORTEST_TONE_MS = 60;
const SURE_TONE_MS = 90;
const STEADY_WOBBLE_HZ = 8;

/** Amplitude between its extremes, with the moments of speech behind it. */
export function waveformPanel(
  samples: Int16Array,
  readings: readonly Reading[],
  scale: TimeScale,
  strip: Strip,
): string {
  const middle = strip.top + strip.height / 2;
  let peak = 1;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  const half = (strip.height / 2 - 4) / peak;
  const upper: string[] = [];
  const lower: string[] = [];
  const columns = Math.max(1, Math.round(scale.x(samples.length / SAMPLES_PER_MS) - LEFT));
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * samples.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * samples.length) / columns));
    let high = 0;
    let low = 0;
    for (let i = from; i < to && i < samples.length; i++) {
      if (samples[i]! > high) high = samples[i]!;
      if (samples[i]! < low) low = samples[i]!;
    }
    upper.push(`${LEFT + column} ${at(middle - half * high)}`);
    lower.push(`${LEFT + column} ${at(middle - half * low)}`);
  }
  const outline = `M${upper.join('L')}L${lower.reverse().join('L')}Z`;
  const dbfs = Math.round(20 * Math.log10(peak / 32768));
  return [
    panel(strip, 'waveform'),
    ...runsOf(readings, ({ isSpeech }) => isSpeech).map((run) =>
      band(run, scale, strip, COLOURS.speech),
    ),
    `<path d="${outline}" fill="${COLOURS.wave}" stroke="${COLOURS.wave}" stroke-width="0.6"/>`,
    scaleLabel(strip.top + 11, `${dbfs} dB`),
  ].join('\n');
}

/** Spectrogram with the tones that were heard in it; those a voice may have made are pale. */
export function frequencyPanel(
  samples: Int16Array,
  trace: readonly TraceEntry[],
  scale: TimeScale,
  strip: Strip,
): string {
  const { top, height } = strip;
  return [
    panel(strip, 'frequency'),
    spectrogram(samples, scale, strip),
    `<rect x="${LEFT}" y="${at(top)}" width="${INNER}" height="${at(height)}" fill="none" stroke="${COLOURS.line}"/>`,
    ...[300, 1000, 3000].map((hz) =>
      scaleLabel(yOfHz(strip, hz) + 4, hz < 1000 ? `${hz} Hz` : `${hz / 1000} kHz`),
    ),
    ...trace.flatMap((entry) => toneBars(entry, scale, strip)),
  ].join('\n');
}

/** Level, and the line's own noise under it. */
export function levelPanel(readings: readonly Reading[], scale: TimeScale, strip: Strip): string {
  const y = (db: number): number =>
    strip.top + strip.height * Math.min(1, Math.max(0, db / LOWEST_DB));
  return [
    panel(strip, 'level'),
    ...[-20, -40, -60].map((db) => gridLine(y(db), `${db} dB`)),
    curve(readings, scale, ({ levelDb }) => y(levelDb), COLOURS.wave, 'stroke-width="1.2"'),
    curve(
      readings,
      scale,
      ({ floorDb }) => y(floorDb),
      COLOURS.soft,
      'stroke-width="1" stroke-dasharray="3 3"',
    ),
  ].join('\n');
}

/** The share of the evidence that each verdict has so far; at 1 it falls. */
export function evidencePanel(
  readings: readonly Reading[],
  scale: TimeScale,
  strip: Strip,
): string {
  const y = (share: number): number =>
    strip.top + strip.height * (1 - Math.min(share, MOST_EVIDENCE) / MOST_EVIDENCE);
  const line = (
    of: (reading: Reading) => number,
    colour: string,
    style = 'stroke-width="1.8"',
  ): string =>
    runsOf(readings, (reading) => of(reading) > 0)
      .map((run) =>
        curve(readings.slice(run.first, run.last + 1), scale, (r) => y(of(r)), colour, style),
      )
      .join('');
  return [
    panel(strip, 'evidence'),
    `<line x1="${LEFT}" x2="${LEFT + INNER}" y1="${at(y(1))}" y2="${at(y(1))}" stroke="${COLOURS.ink}" stroke-width="1" stroke-dasharray="6 3"/>`,
    scaleLabel(y(1) + 4, 'enough'),
    scaleLabel(y(0.5) + 4, 'half'),
    line(({ silence }) => silence, COLOURS.nobody),
    line(({ human }) => human, COLOURS.human),
    line(({ machine }) => machine, COLOURS.machine),
    line(({ revision }) => revision, COLOURS.machine, 'stroke-width="1.8" stroke-dasharray="4 3"'),
  ].join('\n');
}

/** Readings first to last that have something in common. */
interface Run {
  readonly first: number;
  readonly last: number;
  readonly fromMs: number;
  readonly toMs: number;
}

function runsOf(readings: readonly Reading[], isIn: (reading: Reading) => boolean): Run[] {
  const runs: Run[] = [];
  let first = -1;
  for (let i = 0; i <= readings.length; i++) {
    const reading = readings[i];
    const belongs = reading !== undefined && isIn(reading);
    if (belongs && first < 0) first = i;
    if (belongs || first < 0) continue;
    const last = i - 1;
    const fromMs = first === 0 ? 0 : readings[first - 1]!.atMs;
    runs.push({ first, last, fromMs, toMs: readings[last]!.atMs });
    first = -1;
  }
  return runs;
}

function band({ fromMs, toMs }: Run, scale: TimeScale, strip: Strip, fill: string): string {
  const left = scale.x(fromMs);
  const width = Math.max(0.5, scale.x(toMs) - left);
  return `<rect x="${at(left)}" y="${at(strip.top + 1)}" width="${at(width)}" height="${at(strip.height - 2)}" fill="${fill}"/>`;
}

/** A finished tone: a bar at each of its frequencies, with the number where there is room for it. */
function toneBars({ what, atMs, values }: TraceEntry, scale: TimeScale, strip: Strip): string[] {
  const ms = Number(values.ms);
  if (what !== 'tone' || !(ms >= SHORTEST_TONE_MS)) return [];
  const left = scale.x(atMs - ms);
  const width = Math.max(1, scale.x(atMs) - left);
  const isPale = Number(values.wobbleHz) > STEADY_WOBBLE_HZ || ms < SURE_TONE_MS;
  return [Number(values.hz), Number(values.secondHz)]
    .filter((hz) => hz > 0)
    .map((hz) => {
      const y = yOfHz(strip, hz);
      const bar = `<rect x="${at(left)}" y="${at(y - 2)}" width="${at(width)}" height="4" rx="1.5" fill="${COLOURS.tone}"${isPale ? ' opacity="0.3"' : ''}/>`;
      if (width < 26 || isPale) return bar;
      const label = text(left + width / 2, y - 5, String(hz), {
        'text-anchor': 'middle',
        'font-size': 10,
        fill: COLOURS.tone,
        stroke: 'white',
        'stroke-width': 3,
        'paint-order': 'stroke',
      });
      return bar + label;
    });
}

/** A line through the readings; where many fall on one point, through their extremes. */
function curve(
  readings: readonly Reading[],
  scale: TimeScale,
  y: (reading: Reading) => number,
  colour: string,
  style: string,
): string {
  const points: string[] = [];
  let column = -1;
  let top = 0;
  let bottom = 0;
  const flush = (): void => {
    if (column < 0) return;
    points.push(`${column / 2} ${at(bottom)}`);
    if (bottom - top > 0.2) points.push(`${column / 2} ${at(top)}`);
  };
  for (const reading of readings) {
    const here = Math.round(2 * scale.x(reading.atMs));
    const value = y(reading);
    if (here !== column) {
      flush();
      column = here;
      top = bottom = value;
    }
    top = Math.min(top, value);
    bottom = Math.max(bottom, value);
  }
  flush();
  if (points.length === 0) return '';
  return `<path d="M${points.join('L')}" fill="none" stroke="${colour}" stroke-linejoin="round" ${style}/>`;
}

function gridLine(y: number, label: string): string {
  return `<line x1="${LEFT}" x2="${LEFT + INNER}" y1="${at(y)}" y2="${at(y)}" stroke="${COLOURS.line}"/>${scaleLabel(y + 4, label)}`;
}

const scaleLabel = (y: number, label: string): string =>
  text(LEFT - 5, y, label, { 'text-anchor': 'end', 'font-size': 10, fill: COLOURS.soft });
