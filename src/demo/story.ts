/**
 * What the demo writes on a terminal: the live story, one line per step of the flow, and the table at
 * the end. Everything fits the terminal, 80 columns at most; colour says what a state means and
 * nothing that the words do not say.
 */
import { styleText } from 'node:util';

export type Tone = 'plain' | 'good' | 'bad' | 'dim' | 'strong' | 'sound' | 'wait';

/** A piece of a line in one colour. */
export interface Piece {
  readonly text: string;
  readonly tone?: Tone;
}

export interface Screen {
  /** Columns that may be used. */
  readonly width: number;
  line(pieces: string | readonly Piece[]): void;
  /** What stands below the last line until the next status; nothing where a line cannot be taken back. */
  status(text: string): void;
}

export interface ScreenOptions {
  /** Colour codes in the output. */
  readonly useColour: boolean;
  /** The terminal's own; absent = not a terminal. */
  readonly columns?: number;
  /** Lines can be written over. */
  readonly isLive: boolean;
}

const STYLES = {
  good: 'green',
  bad: 'red',
  dim: 'gray',
  strong: 'bold',
  sound: 'cyan',
  wait: 'yellow',
} as const;

const WIDTH_MAX = 80;
const WIDTH_MIN = 32;
/** To the start of the line, and clear it (ECMA-48 CR, EL 2). */
const CLEAR = '\r\u001b[2K';

export function screen(write: (text: string) => void, options: ScreenOptions): Screen {
  const { useColour, columns = WIDTH_MAX, isLive } = options;
  const width = Math.max(WIDTH_MIN, Math.min(columns, WIDTH_MAX));
  const paint = ({ text, tone = 'plain' }: Piece) =>
    useColour && tone !== 'plain' ? styleText(STYLES[tone], text, { validateStream: false }) : text;
  let status = '';
  return {
    width,
    line(pieces) {
      const parts = typeof pieces === 'string' ? [{ text: pieces }] : pieces;
      write(`${status === '' ? '' : CLEAR}${parts.map(paint).join('')}\n${status}`);
    },
    status(text) {
      if (!isLive) return;
      const next = text === '' ? '' : paint({ text: fit(text, width - 1).trimEnd(), tone: 'dim' });
      if (next !== status) write(`${status === '' ? '' : CLEAR}${next}`);
      status = next;
    },
  };
}

export interface StoryLine {
  readonly sinceStartMs: number;
  readonly who: string;
  /** The state the callback is in now, and the row of the decision table that took it there. */
  readonly state: string;
  readonly row: string;
}

const TIME_WIDTH = 6;
const WHO_WIDTH = 26;
const STATE_WIDTH = 18;
const ROW_WIDTH = 24;
const GAPS = 4;

/** `  1.2s  human                      waiting-for-agent  connect.waiting` */
export function storyLine({ sinceStartMs, who, state, row }: StoryLine, width: number): Piece[] {
  const time = `${(sinceStartMs / 1000).toFixed(1)}s`;
  return columnsOf([time.padStart(TIME_WIDTH), who, state, row], toneOf(state), width);
}

/** What the columns of the story are. */
export function storyHead(width: number): Piece[] {
  const cells = ['time'.padStart(TIME_WIDTH), 'who', 'is now', 'row of the table'];
  return columnsOf(cells, 'dim', width).map(({ text }) => ({ text, tone: 'dim' }));
}

/** On a narrow terminal the row goes first, then names are cut. */
function columnsOf(cells: readonly string[], tone: Tone, width: number): Piece[] {
  const [time = '', who = '', state = '', row = ''] = cells;
  const fixed = TIME_WIDTH + STATE_WIDTH + GAPS;
  const hasRow = width >= fixed + ROW_WIDTH + WHO_WIDTH / 2;
  const whoWidth = Math.min(WHO_WIDTH, width - fixed - (hasRow ? ROW_WIDTH : 0) + 1);
  const room = width - (TIME_WIDTH + 2 + Math.max(whoWidth, 6) + 1);
  return [
    { text: `${time}  `, tone: 'dim' },
    { text: `${fit(who, Math.max(whoWidth, 6))} ` },
    { text: hasRow ? `${fit(state, STATE_WIDTH)} ` : fit(state, room).trimEnd(), tone },
    ...(hasRow ? [{ text: fit(row, room - STATE_WIDTH - 1).trimEnd(), tone: 'dim' as const }] : []),
  ];
}

function toneOf(state: string): Tone {
  if (state === 'connected') return 'good';
  if (state.startsWith('treating-') || state === 'running-vxml') return 'sound';
  if (state.startsWith('waiting-') || state === 'asking-plugin') return 'wait';
  return state === 'ended' ? 'strong' : 'plain';
}

export interface TableRow {
  readonly cells: readonly string[];
  readonly tones?: readonly Tone[];
}

const GAP = 2;
/** A last column narrower than this is not worth wrapping: it goes below. */
const LAST_WIDTH_MIN = 14;
const INDENT = 4;

/**
 * Rows of cells as aligned columns, two spaces apart. The last column is wrapped at blanks; columns
 * that do not fit at all go on lines of their own below the row.
 */
export function table(rows: readonly TableRow[], width: number): Piece[][] {
  const widths: number[] = [];
  for (const { cells } of rows) {
    cells.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, w) => sum + w + GAP, 0));
  const last = widths.length - 1;
  const fits = (i: number) =>
    i === last ? width - (starts[i] ?? 0) : width - (starts[i] ?? 0) - (widths[i] ?? 0);
  const isWhole = (i: number) => (widths[i] ?? 0) <= width - (starts[i] ?? 0);
  const firstBelow = widths.findIndex((_, i) =>
    i === last ? !isWhole(i) && fits(i) < LAST_WIDTH_MIN : fits(i) < 0,
  );
  const below = firstBelow === -1 ? widths.length : firstBelow;
  return rows.flatMap((row) => drawRow(row, { widths, starts, below, width }));
}

interface Columns {
  readonly widths: readonly number[];
  readonly starts: readonly number[];
  /** The first column that goes below. */
  readonly below: number;
  readonly width: number;
}

function drawRow({ cells, tones = [] }: TableRow, columns: Columns): Piece[][] {
  const { widths, starts, below, width } = columns;
  const last = cells.length - 1;
  const toneAt = (i: number) => tones[i] ?? 'plain';
  const first: Piece[] = cells.slice(0, Math.min(below, last)).map((cell, i) => ({
    text: cell.padEnd((widths[i] ?? 0) + (i === below - 1 ? 0 : GAP)),
    tone: toneAt(i),
  }));
  const start = starts[last] ?? 0;
  const wrapped = below > last ? wrap(cells[last] ?? '', width - start) : [];
  const lines = [[...first, { text: wrapped[0] ?? '', tone: toneAt(last) }]];
  for (const text of wrapped.slice(1)) {
    lines.push([{ text: ' '.repeat(start) }, { text, tone: toneAt(last) }]);
  }
  cells.slice(below).forEach((cell, offset) => {
    if (cell === '') return;
    for (const text of wrap(cell, width - INDENT)) {
      lines.push([{ text: ' '.repeat(INDENT) }, { text, tone: toneAt(below + offset) }]);
    }
  });
  return lines.map(trimmed);
}

/** Without blanks at the end of the line. */
function trimmed(pieces: readonly Piece[]): Piece[] {
  const kept = [...pieces];
  while (kept.length > 0 && kept.at(-1)?.text.trim() === '') kept.pop();
  const final = kept.pop();
  return final ? [...kept, { ...final, text: final.text.trimEnd() }] : kept;
}

/** Lines broken at blanks; a longer word is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(fit(word, width).trimEnd());
  }
  return lines;
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}
