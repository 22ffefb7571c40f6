/**
 * Draws a judged recording as SVG, for people who want to see why: waveform with speech, frequencies
 * with tones, level over noise, and the evidence that grew until a verdict fell. Nothing reads it back.
 */
import type { Reading } from '../reading.js';
import type { ReplayResult } from '../replay.js';
import { ANALYSIS_RATE_HZ } from '../spectrum.js';
import type { Verdict } from '../types.js';
import {
  COLOURS,
  INNER,
  LEFT,
  RIGHT,
  TimeScale,
  WIDTH,
  at,
  colourOf,
  escape,
  seconds,
  text,
  textWidth,
  type Strip,
} from './canvas.js';
import { LANE_HEIGHT, drawMarks, endOf, lanesOf, marksOf, storyLines } from './marks.js';
import { evidencePanel, frequencyPanel, levelPanel, waveformPanel } from './panels.js';

/** What is drawn. */
export interface Drawing {
  /** At 8 kHz. */
  readonly samples: Int16Array;
  readonly result: ReplayResult;
  /** One for every 20 ms, in order; see `replay`. */
  readonly readings: readonly Reading[];
  /** When the call was answered; null: never. */
  readonly answeredAtMs: number | null;
  /** Such as the name of the file, and what it was judged with. */
  readonly title: string;
  readonly subtitle: string;
  /** What others (profiles, options) made of the same recording, drawn as strips below. */
  readonly compared?: readonly { readonly name: string; readonly result: ReplayResult }[];
}

const HEADER = 66;
const GAP = 10;
const HEIGHTS = { waveform: 96, frequency: 150, level: 72, evidence: 110 };
const COMPARED_HEIGHT = 22;
const STORY_LINE = 17;
/** Room for what falls at the very end. ms */
const MARGIN_MS = 100;
const REASON_CHARACTERS = 175;

/** @returns an SVG document */
export function plot(drawing: Drawing): string {
  const { samples, result, readings, answeredAtMs, compared = [] } = drawing;
  const recordedMs = (1000 * samples.length) / ANALYSIS_RATE_HZ;
  const all = [result, ...compared.map((other) => other.result)].flatMap(({ events }) => events);
  const lastMs = all.reduce((latest, event) => Math.max(latest, endOf(event)), 0);
  const scale = new TimeScale(Math.max(recordedMs, lastMs + MARGIN_MS, 200));
  const marks = marksOf(result, answeredAtMs);
  const lanes = lanesOf(marks, scale);
  const labels = { top: HEADER, height: LANE_HEIGHT * (1 + Math.max(0, ...lanes)) };
  const strips = stack(labels.top + labels.height + 4);
  // Before an answer nothing is weighed: the network's tones are known or not.
  const hasEvidence = answeredAtMs !== null;
  const lowest = hasEvidence ? strips.evidence : strips.level;
  const panels = {
    top: strips.waveform.top,
    height: lowest.top + lowest.height - strips.waveform.top,
  };
  const comparedTop = panels.top + panels.height + GAP;
  const axisTop = comparedTop + compared.length * COMPARED_HEIGHT;
  const storyTop = axisTop + 74;
  const height = storyTop + marks.length * STORY_LINE + 8;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${at(height)}" width="${WIDTH}" height="${at(height)}" font-family="system-ui, 'DejaVu Sans', Verdana, sans-serif" font-size="11.5">`,
    `<title>${escape(`${drawing.title}: ${result.verdict}`)}</title>`,
    HATCHING,
    `<rect width="${WIDTH}" height="${at(height)}" fill="white"/>`,
    ...header(drawing),
    waveformPanel(samples, readings, scale, strips.waveform),
    frequencyPanel(samples, result.trace, scale, strips.frequency),
    levelPanel(readings, scale, strips.level),
    hasEvidence ? evidencePanel(readings, scale, strips.evidence) : '',
    assumedSilence(recordedMs, scale, panels),
    ...drawMarks(marks, scale, labels, panels),
    ...compared.map((other, i) =>
      comparedStrip(other, scale, comparedTop + i * COMPARED_HEIGHT, answeredAtMs ?? 0),
    ),
    ...timeAxis(scale, axisTop),
    legend(axisTop + 46, hasEvidence),
    ...storyLines(marks, storyTop),
    '</svg>',
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}

const HATCHING = `<defs><pattern id="assumed" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="8" height="8" fill="white"/><line x1="0" y1="0" x2="0" y2="8" stroke="${COLOURS.line}" stroke-width="3"/></pattern></defs>`;

function stack(top: number): Record<keyof typeof HEIGHTS, Strip> {
  const frequency = top + HEIGHTS.waveform + GAP;
  const level = frequency + HEIGHTS.frequency + GAP;
  const evidence = level + HEIGHTS.level + GAP;
  return {
    waveform: { top, height: HEIGHTS.waveform },
    frequency: { top: frequency, height: HEIGHTS.frequency },
    level: { top: level, height: HEIGHTS.level },
    evidence: { top: evidence, height: HEIGHTS.evidence },
  };
}

/** Title and what was judged with on the left, the verdict on the right, the reason below. */
function header({ title, subtitle, result }: Drawing): string[] {
  const { verdict, first, reason } = result;
  const chip =
    first.verdict === verdict
      ? `${verdict} at ${seconds(result.decidedAtMs)}`
      : `${first.verdict} at ${seconds(first.atMs)}, then ${verdict} at ${seconds(result.decidedAtMs)}`;
  const width = textWidth(chip) * 1.22 + 24;
  const left = WIDTH - RIGHT - width;
  return [
    text(LEFT, 26, shorten(title, 90), { 'font-size': 17, 'font-weight': 600, fill: COLOURS.ink }),
    text(LEFT, 44, subtitle, { fill: COLOURS.soft }),
    `<rect x="${at(left)}" y="9" width="${at(width)}" height="25" rx="12.5" fill="${colourOf(verdict)}"/>`,
    text(left + width / 2, 26, chip, {
      'font-size': 14,
      'font-weight': 600,
      fill: 'white',
      'text-anchor': 'middle',
    }),
    text(LEFT, 60, shorten(reason, REASON_CHARACTERS), { fill: COLOURS.ink }),
  ];
}

/** Where the recording had ended and silence was assumed to follow. */
function assumedSilence(recordedMs: number, scale: TimeScale, panels: Strip): string {
  const left = scale.x(recordedMs);
  const width = LEFT + INNER - left;
  if (scale.lengthMs - recordedMs <= MARGIN_MS) return '';
  const label =
    width > 90
      ? text(left + width / 2, panels.top + 14, 'silence assumed', {
          'text-anchor': 'middle',
          fill: COLOURS.soft,
        })
      : '';
  return `<rect x="${at(left)}" y="${at(panels.top)}" width="${at(width)}" height="${at(panels.height)}" fill="url(#assumed)" opacity="0.85"/>${label}`;
}

/** What another profile made of it: undecided, its verdict, and what that was taken back for. */
function comparedStrip(
  { name, result }: { readonly name: string; readonly result: ReplayResult },
  scale: TimeScale,
  top: number,
  fromMs: number,
): string {
  const { first, verdict, decidedAtMs } = result;
  const isRevised = first.verdict !== verdict;
  const firstEndMs = isRevised ? decidedAtMs : scale.lengthMs;
  const bars = [
    bar(scale, top, fromMs, first.atMs, COLOURS.line, ''),
    verdictBar(scale, top, first.atMs, firstEndMs, first.verdict),
    isRevised ? verdictBar(scale, top, decidedAtMs, scale.lengthMs, verdict) : '',
  ];
  const label = text(LEFT - 5, top + 12, name, {
    'text-anchor': 'end',
    'font-size': name.length > 10 ? 9 : 10,
    fill: COLOURS.soft,
  });
  return bars.join('') + label;
}

const verdictBar = (
  scale: TimeScale,
  top: number,
  fromMs: number,
  toMs: number,
  verdict: Verdict,
): string => bar(scale, top, fromMs, toMs, colourOf(verdict), `${verdict} ${seconds(fromMs)}`);

function bar(
  scale: TimeScale,
  top: number,
  fromMs: number,
  toMs: number,
  fill: string,
  label: string,
): string {
  const left = scale.x(fromMs);
  const width = Math.max(1, scale.x(toMs) - left);
  const shape = `<rect x="${at(left)}" y="${at(top)}" width="${at(width)}" height="16" rx="2" fill="${fill}"/>`;
  const fits = label !== '' && textWidth(label) + 8 <= width;
  return fits ? shape + text(left + 6, top + 12, label, { fill: 'white' }) : shape;
}

function timeAxis(scale: TimeScale, top: number): string[] {
  const ticks: string[] = [
    `<line x1="${LEFT}" x2="${LEFT + INNER}" y1="${at(top + 4)}" y2="${at(top + 4)}" stroke="${COLOURS.soft}"/>`,
  ];
  for (let ms = 0; ms <= scale.lengthMs; ms += scale.tickMs) {
    const x = at(scale.x(ms));
    const label = scale.tickMs < 1000 ? (ms / 1000).toFixed(1) : String(ms / 1000);
    ticks.push(
      `<line x1="${x}" x2="${x}" y1="${at(top + 4)}" y2="${at(top + 9)}" stroke="${COLOURS.soft}"/>`,
      text(Number(x), top + 21, `${label} s`, { 'text-anchor': 'middle', fill: COLOURS.soft }),
    );
  }
  return ticks;
}

function legend(y: number, hasEvidence: boolean): string {
  const entries: readonly (readonly [sample: (x: number) => string, label: string])[] = [
    [(x) => swatch(x, y, COLOURS.speech), 'speech'],
    [(x) => swatch(x, y, COLOURS.beep), 'beep'],
    [(x) => stroke(x, y, COLOURS.tone, 'stroke-width="4"'), 'tone, Hz'],
    [(x) => stroke(x, y, COLOURS.soft, 'stroke-dasharray="3 3"'), 'noise of the line'],
  ];
  const evidence: typeof entries = [
    [(x) => stroke(x, y, COLOURS.human, 'stroke-width="2"'), 'for human'],
    [(x) => stroke(x, y, COLOURS.machine, 'stroke-width="2"'), 'for machine'],
    [(x) => stroke(x, y, COLOURS.nobody, 'stroke-width="2"'), 'for silence'],
    [
      (x) => stroke(x, y, COLOURS.machine, 'stroke-width="2" stroke-dasharray="4 3"'),
      'for taking back human',
    ],
  ];
  let x = LEFT;
  return [...entries, ...(hasEvidence ? evidence : [])]
    .map(([sample, label]) => {
      const drawn = sample(x) + text(x + 24, y, label, { fill: COLOURS.soft });
      x += 24 + textWidth(label) + 22;
      return drawn;
    })
    .join('');
}

const swatch = (x: number, y: number, fill: string): string =>
  `<rect x="${at(x)}" y="${at(y - 9)}" width="18" height="10" rx="2" fill="${fill}"/>`;

const stroke = (x: number, y: number, colour: string, style: string): string =>
  `<line x1="${at(x)}" x2="${at(x + 18)}" y1="${at(y - 4)}" y2="${at(y - 4)}" stroke="${colour}" ${style}/>`;

const shorten = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;
