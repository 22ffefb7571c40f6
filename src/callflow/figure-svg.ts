/**
 * The page's figure as a picture: boxes and conditions from the decision table, places from
 * `figure-layout.ts`. Plain SVG 1.1 on a light background of its own, without scripts, fonts or
 * anything else to load, so that it looks the same in a browser, a README and on paper.
 */

import type { Row } from './decision-table.js';
import { BOX, boxName, type Box } from './figure-boxes.js';
import { figureEdges, type FigureEdge } from './figure-edges.js';
import {
  BOX_PLACES,
  CANVAS,
  EDGE_WAYS,
  type BoxPlace,
  type EdgeWay,
  type Point,
} from './figure-layout.js';

const CORNER = 10;
const LABEL_LINE = 17;
const ROW_LINE = 13;

const STYLE = `
    text { font-family: 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif; fill: #1f2933; }
    .name { font-size: 15.5px; font-weight: 600; text-anchor: middle; }
    .option { font-size: 11px; font-family: Consolas, Menlo, 'Liberation Mono', 'DejaVu Sans Mono', monospace; fill: #6b5a1e; text-anchor: middle; }
    .label { font-size: 14px; stroke: #fcfcfa; stroke-width: 4px; paint-order: stroke; stroke-linejoin: round; }
    .rows { font-size: 10.5px; font-family: Consolas, Menlo, 'Liberation Mono', 'DejaVu Sans Mono', monospace; fill: #7b8794; stroke: #fcfcfa; stroke-width: 3px; paint-order: stroke; stroke-linejoin: round; }
    .title { font-size: 22px; font-weight: 700; }
    .subtitle { font-size: 14px; fill: #616e7c; }
    .way { fill: none; stroke: #52606d; stroke-width: 1.6; marker-end: url(#tip); }
    .under { fill: none; stroke: #fcfcfa; stroke-width: 7; }
    .box { stroke-width: 1.4; }
    .step { fill: #e6f0fa; stroke: #5b8db8; }
    .question { fill: #fdf6dc; stroke: #c2a23a; }
    .talk { fill: #e5f4ea; stroke: #5fa377; }
    .end { fill: #eceff2; stroke: #8795a1; }
`;

export interface FigureOptions {
  /** Only the rows that pass are drawn. */
  readonly isShown?: (row: Row) => boolean;
  /** Whose figure it is; default: everybody's. */
  readonly service?: string;
}

/** @throws Error when the table has an arrow that the layout has no way for */
export function figureSvg({ isShown, service }: FigureOptions = {}): string {
  const edges = figureEdges(isShown);
  const boxes = Object.values(BOX).filter((box) =>
    edges.some(({ from, to }) => from === box || to === box),
  );
  const { width, height } = CANVAS;
  const whose = service === undefined ? 'The call flow' : `The call flow of ${service}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `  <title>${escaped(whose)}</title>`,
    `  <style>${STYLE}  </style>`,
    '  <defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="#52606d"/></marker></defs>',
    `  <rect width="${width}" height="${height}" fill="#fcfcfa"/>`,
    `  <text class="title" x="60" y="62">${escaped(whose)}</text>`,
    '  <text class="subtitle" x="60" y="84">Drawn from the decision table.</text>',
    '  <text class="subtitle" x="60" y="102">In small print: the rows that end there.</text>',
    ...edges.filter(isBelow).map(drawWay),
    ...edges.filter((edge) => !isBelow(edge)).map(drawWay),
    ...boxes.map(drawBox),
    ...edges.map(drawText),
    '</svg>',
    '',
  ].join('\n');
}

function drawBox(box: Box): string {
  const place = BOX_PLACES[boxName(box)];
  if (!place) throw new Error(`the layout has no place for the box ${box}`);
  const [x, y] = place.at;
  const nameY = y + (place.option === undefined ? 5 : -2);
  const option =
    place.option === undefined
      ? ''
      : `<text class="option" x="${x}" y="${y + 16}">${escaped(place.option)}</text>`;
  return `  <g>${shapeOf(place)}<text class="name" x="${x}" y="${nameY}">${escaped(box)}</text>${option}</g>`;
}

function shapeOf({ at: [x, y], width, height, look }: BoxPlace): string {
  const [left, top] = [x - width / 2, y - height / 2];
  if (look !== 'question') {
    const radius = look === 'end' ? height / 2 : 8;
    return `<rect class="box ${look}" x="${left}" y="${top}" width="${width}" height="${height}" rx="${radius}"/>`;
  }
  const [right, bottom] = [x + width / 2, y + height / 2];
  const slant = 20;
  const corners: readonly Point[] = [
    [left, y],
    [left + slant, top],
    [right - slant, top],
    [right, y],
    [right - slant, bottom],
    [left + slant, bottom],
  ];
  return `<polygon class="box question" points="${corners.map((at) => at.join(',')).join(' ')}"/>`;
}

/** Where two cross, a light line under the upper one shows which goes on. */
function drawWay(edge: FigureEdge): string {
  const { points, isAbove } = wayOf(edge);
  const path = pathOf(points);
  const under = isAbove === true ? `<path class="under" d="${path}"/>` : '';
  return `  ${under}<path class="way" d="${path}"/>`;
}

function isBelow(edge: FigureEdge): boolean {
  return wayOf(edge).isAbove !== true;
}

function wayOf({ from, to }: FigureEdge): EdgeWay {
  const key = `${boxName(from)}>${boxName(to)}`;
  const way = EDGE_WAYS[key];
  if (!way) throw new Error(`the layout has no way for the arrow ${key}`);
  return way;
}

/** Straight lines with rounded corners. */
function pathOf(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]];
      if (!before) return `M${point.join(' ')}`;
      if (!after) return `L${point.join(' ')}`;
      const start = towards(point, before);
      const end = towards(point, after);
      return `L${start.join(' ')} Q${point.join(' ')} ${end.join(' ')}`;
    })
    .join(' ');
}

/** The point a corner's radius away from here on the way there. */
function towards([x, y]: Point, [toX, toY]: Point): Point {
  const length = Math.max(Math.abs(toX - x), Math.abs(toY - y));
  const share = Math.min(CORNER, length / 2) / Math.max(length, 1);
  return [x + (toX - x) * share, y + (toY - y) * share];
}

function drawText(edge: FigureEdge): string {
  const { text, anchor = 'start', chars } = wayOf(edge);
  const [x, y] = text;
  const labels = wrapped(edge.label, chars, ', ');
  const rows = wrapped(edge.rows.join(' '), Math.round(chars * 1.25), ' ');
  const rowsY = y + (labels.length - 1) * LABEL_LINE + ROW_LINE + 1;
  const line = (style: string, at: number, content: string) =>
    `<text class="${style}" x="${x}" y="${at}" text-anchor="${anchor}">${escaped(content)}</text>`;
  const isRowsOnly = edge.rows.length === 1 && edge.label === edge.rows[0];
  return `  ${[
    ...(isRowsOnly ? [] : labels.map((content, i) => line('label', y + i * LABEL_LINE, content))),
    ...rows.map((content, i) => line('rows', rowsY + i * ROW_LINE, content)),
  ].join('')}`;
}

/** Lines of at most so many characters, broken after a separator; a longer word keeps its line. */
function wrapped(text: string, chars: number, separator: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text === '' ? [] : text.split(separator)) {
    const last = lines.at(-1);
    const joined = last === undefined ? word : `${last}${separator}${word}`;
    if (last === undefined || joined.length > chars) {
      if (last !== undefined) lines[lines.length - 1] = `${last}${separator.trimEnd()}`;
      lines.push(word);
    } else lines[lines.length - 1] = joined;
  }
  return lines;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
