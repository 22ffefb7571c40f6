/** Measures and pieces that every part of a drawing shares. */
import type { Verdict } from '../types.js';

export const WIDTH = 1200;
export const LEFT = 84;
export const RIGHT = 24;
export const INNER = WIDTH - LEFT - RIGHT;

/** Told apart by people with any colour vision. Source: Okabe and Ito, "Color Universal Design", 2008. */
export const COLOURS = {
  ink: '#1f2933',
  soft: '#5f6b7a',
  line: '#d5dbe3',
  panel: '#f8fafc',
  wave: '#7b8da3',
  speech: '#cfe8dc',
  tone: '#d55e00',
  beep: '#e69f00',
  human: '#00875a',
  machine: '#c0392b',
  network: '#0072b2',
  nobody: '#6b7280',
  greeting: '#8e5ea2',
} as const;

/** Where a moment lies. */
export class TimeScale {
  readonly lengthMs: number;

  /** @param lengthMs what the whole width stands for, more than 0 */
  constructor(lengthMs: number) {
    this.lengthMs = lengthMs;
  }

  x(ms: number): number {
    return LEFT + (Math.min(Math.max(ms, 0), this.lengthMs) / this.lengthMs) * INNER;
  }

  /** Distance of the ticks: a round number that leaves 8 to 20 of them. ms */
  get tickMs(): number {
    const steps = [100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000];
    return steps.find((step) => this.lengthMs / step <= 20) ?? 600_000;
  }
}

/** A horizontal strip of the drawing. */
export interface Strip {
  readonly top: number;
  readonly height: number;
}

export function colourOf(verdict: Verdict): string {
  switch (verdict) {
    case 'human':
      return COLOURS.human;
    case 'machine':
    case 'fax':
      return COLOURS.machine;
    case 'silence':
    case 'noise':
    case 'music':
    case 'unknown':
      return COLOURS.nobody;
    default:
      return COLOURS.network;
  }
}

/** Text made safe for XML, without the control characters that XML forbids. */
export const escape = (text: string): string =>
  [...text]
    .filter((character) => character >= ' ' && character !== '\uFFFE' && character !== '\uFFFF')
    .map((character) => ('&<>"'.includes(character) ? `&#${character.charCodeAt(0)};` : character))
    .join('');

/** A coordinate, short. */
export const at = (value: number): string => String(Math.round(value * 10) / 10);

/** Rough width of a text of 12 px; good enough to keep labels apart. */
export const textWidth = (text: string): number =>
  6.4 * text.length + 3.5 * (text.match(/[mw]/gi)?.length ?? 0);

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

export function text(
  x: number,
  y: number,
  content: string,
  attributes: Readonly<Record<string, string | number>> = {},
): string {
  const extra = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
  return `<text x="${at(x)}" y="${at(y)}"${extra.join('')}>${escape(content)}</text>`;
}

/** The background of a strip, with its name to the left. */
export function panel({ top, height }: Strip, name: string): string {
  const middle = at(top + height / 2);
  return [
    `<rect x="${LEFT}" y="${at(top)}" width="${INNER}" height="${at(height)}" fill="${COLOURS.panel}" stroke="${COLOURS.line}"/>`,
    `<text transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle" fill="${COLOURS.soft}">${escape(name)}</text>`,
  ].join('');
}
