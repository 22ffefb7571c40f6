/**
 * Draws a judged recording as SVG: the level over time, where speech was heard, tones, and the
 * moments of decision. For people who want to see why; nothing reads it back.
 */
import type { ReplayResult } from '../replay.js';
import type { CpdEvent } from '../types.js';

const WIDTH = 1000;
const HEIGHT = 260;
const MARGIN = 40;
const LOWEST_DB = -70;
const STEP_MS = 20;

/**
 * @param samples the recording at 8 kHz
 * @param result what `replay` said about it
 * @param title shown above the drawing, such as the file's name
 * @returns an SVG document
 */
export function plot(samples: Int16Array, result: ReplayResult, title: string): string {
  const lastEventMs = Math.max(0, ...result.events.map(endOf));
  const lengthMs = Math.max(samples.length / 8, lastEventMs, 1);
  const x = (ms: number): number => MARGIN + (ms / lengthMs) * (WIDTH - 2 * MARGIN);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${MARGIN}" y="16" font-size="13">${escape(`${title}: ${result.verdict}`)}</text>`,
    `<text x="${MARGIN}" y="32" fill="#555">${escape(result.reason)}</text>`,
    ...speechBars(result, x, lengthMs),
    `<path d="${levelPath(samples, x)}" fill="none" stroke="#468" stroke-width="1"/>`,
    ...secondMarks(lengthMs, x),
    ...result.events.map((event, i) => mark(event, i, x)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

const BOTTOM = HEIGHT - 30;
const TOP = 110;

function levelPath(samples: Int16Array, x: (ms: number) => number): string {
  const step = STEP_MS * 8;
  const points: string[] = [];
  for (let at = 0; at + step <= samples.length; at += step) {
    let energy = 0;
    for (let i = at; i < at + step; i++) energy += (samples[i]! / 32768) ** 2;
    const db = Math.max(LOWEST_DB, 10 * Math.log10(energy / step + 1e-10));
    const y = TOP + (db / LOWEST_DB) * (BOTTOM - TOP);
    points.push(`${x(at / 8).toFixed(1)},${y.toFixed(1)}`);
  }
  return points.length > 0 ? `M${points.join('L')}` : '';
}

/** Grey bars from "speech" to "pause" in the trace. */
function speechBars(result: ReplayResult, x: (ms: number) => number, lengthMs: number): string[] {
  const bars: string[] = [];
  let startMs = -1;
  const close = (endMs: number): void => {
    if (startMs >= 0) {
      const width = (x(endMs) - x(startMs)).toFixed(1);
      bars.push(
        `<rect x="${x(startMs).toFixed(1)}" y="${TOP}" width="${width}" height="${BOTTOM - TOP}" fill="#ece6d8"/>`,
      );
    }
    startMs = -1;
  };
  for (const { what, atMs } of result.trace) {
    if (what === 'speech') startMs = atMs;
    else if (what === 'pause') close(atMs);
  }
  close(lengthMs);
  return bars;
}

function secondMarks(lengthMs: number, x: (ms: number) => number): string[] {
  const everyMs = lengthMs > 30_000 ? 5000 : 1000;
  return Array.from({ length: Math.floor(lengthMs / everyMs) + 1 }, (_, i) => {
    const at = x(i * everyMs).toFixed(1);
    return `<text x="${at}" y="${HEIGHT - 12}" text-anchor="middle" fill="#555">${(i * everyMs) / 1000} s</text>`;
  });
}

function mark(event: CpdEvent, index: number, x: (ms: number) => number): string {
  const startMs = event.type === 'beep' ? event.startMs : event.atMs;
  const at = x(startMs).toFixed(1);
  const y = 48 + 14 * (index % 4);
  const colour = event.type === 'verdict' || event.type === 'revised' ? '#b00' : '#070';
  return [
    `<line x1="${at}" x2="${at}" y1="${y}" y2="${BOTTOM}" stroke="${colour}" stroke-dasharray="3 2"/>`,
    `<text x="${at}" y="${y}" fill="${colour}">${escape(labelOf(event))}</text>`,
  ].join('');
}

function labelOf(event: CpdEvent): string {
  switch (event.type) {
    case 'verdict':
      return event.verdict;
    case 'revised':
      return `revised: ${event.verdict}`;
    case 'tone':
      return event.tone;
    case 'beep':
      return `beep ${event.frequencyHz} Hz`;
    case 'early-media':
      return `before the answer: ${event.now}`;
    case 'ringback':
    case 'speech-onset':
    case 'greeting-ended':
      return event.type;
  }
}

const endOf = (event: CpdEvent): number => (event.type === 'beep' ? event.endMs : event.atMs);

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
