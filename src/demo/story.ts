/**
 * The demo's live story: one line per step of the flow, narrow enough for 80 columns. Colour only on
 * a terminal that wants it.
 */
import { styleText } from 'node:util';

export type Tone = 'plain' | 'good' | 'bad' | 'dim' | 'strong';

export interface Screen {
  line(text: string): void;
  paint(tone: Tone, text: string): string;
}

const STYLES = { good: 'green', bad: 'red', dim: 'gray', strong: 'bold' } as const;

/** @param useColour colour codes in the output */
export function screen(write: (text: string) => void, useColour: boolean): Screen {
  return {
    line: (text) => write(`${text}\n`),
    paint: (tone, text) =>
      useColour && tone !== 'plain'
        ? styleText(STYLES[tone], text, { validateStream: false })
        : text,
  };
}

const WIDTH = 80;
const TIME_WIDTH = 6;
const WHO_WIDTH = 27;
const STATE_WIDTH = 18;

export interface StoryLine {
  readonly sinceStartMs: number;
  readonly who: string;
  /** The state the callback is in now, and the row of the decision table that took it there. */
  readonly state: string;
  readonly row: string;
}

/** `  1.2s  human                       waiting-for-agent   connect.waiting` */
export function storyLine({ sinceStartMs, who, state, row }: StoryLine): string {
  const time = `${(sinceStartMs / 1000).toFixed(1)}s`.padStart(TIME_WIDTH);
  const line = `${time}  ${fit(who, WHO_WIDTH)} ${state.padEnd(STATE_WIDTH)} ${row}`;
  return fit(line, WIDTH).trimEnd();
}

/** Rows of cells as aligned columns, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}
