/**
 * The chart as a picture: boxes inside boxes, one line for each transition, and arrows in lanes on the
 * right that never cross a box. However the page is built, it stays readable; nothing has to be arranged.
 */
import type { Chart, ChartState } from './chart.js';

const ROW = 22;
const INSET = 14;
const GAP = 8;
const CHAR = 7.2;
const LANE = 12;
const MARGIN = 20;
const TITLE = 40;

interface Box {
  readonly state: ChartState;
  readonly depth: number;
  readonly y: number;
  readonly height: number;
}

/** One target of one transition. */
interface Arrow {
  readonly fromY: number;
  readonly toY: number;
  readonly to: string;
}

interface Label {
  readonly text: string;
  readonly depth: number;
  readonly y: number;
}

interface Layout {
  readonly boxes: Box[];
  readonly labels: Label[];
  readonly arrows: { readonly fromY: number; readonly to: string }[];
}

const STYLE = `
    text { font: 12px ui-monospace, 'DejaVu Sans Mono', Menlo, monospace; fill: #1f2933; }
    .title { font: 600 16px system-ui, sans-serif; }
    .name { font-weight: 600; }
    .arrow-text { fill: #52606d; }
    .box { fill: #ffffff; stroke: #7b8794; }
    .box.parallel { stroke-dasharray: 5 3; }
    .box.final { stroke: #1f2933; stroke-width: 2.5; }
    .box.history { fill: #f2f0e6; }
    .box.visited { fill: #dcebdc; stroke: #3f7a4a; }
    .way { fill: none; stroke: #52606d; marker-end: url(#tip); }
    .first { fill: #1f2933; }
`;

/** @param visited ids that are drawn as visited */
export function chartSvg(chart: Chart, visited: ReadonlySet<string> = new Set()): string {
  const layout: Layout = { boxes: [], labels: [], arrows: [] };
  let y = MARGIN + TITLE;
  for (const state of chart.states) y = place(state, 0, y, layout) + GAP;
  const rows = new Map(layout.boxes.map(({ state, y: top }) => [state.id, top + ROW / 2]));
  const depthMax = Math.max(0, ...layout.boxes.map(({ depth }) => depth));
  const inner = Math.max(
    ...layout.labels.map(({ text, depth }) => text.length * CHAR + depth * INSET),
  );
  const right = Math.ceil(MARGIN + inner + (depthMax + 2) * INSET + 3 * CHAR);
  const lanes = inLanes(
    layout.arrows.flatMap(({ fromY, to }) => {
      const toY = rows.get(to);
      return toY === undefined ? [] : [{ fromY, toY, to }];
    }),
  );
  const width = right + (lanes.length + 2) * LANE + MARGIN;
  const height = y + MARGIN;
  const initials = initialsOf(chart);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `  <title>${escaped(chart.name)}</title>`,
    `  <style>${STYLE}  </style>`,
    '  <defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 L10 5 L0 10 z" fill="#52606d"/></marker></defs>',
    `  <rect width="${width}" height="${height}" fill="#fcfcfa"/>`,
    `  <text class="title" x="${MARGIN}" y="${MARGIN + 16}">${escaped(chart.name)}</text>`,
    ...layout.boxes.map((box) => drawBox(box, right, visited.has(box.state.id))),
    ...layout.labels.map((label) => drawLabel(label, initials)),
    ...lanes.flatMap((lane, index) =>
      lane.map((arrow) => drawArrow(arrow, layout, right, right + (index + 1) * LANE)),
    ),
    '</svg>',
    '',
  ].join('\n');
}

/** @returns where the next thing begins */
function place(state: ChartState, depth: number, top: number, layout: Layout): number {
  const index = layout.boxes.length;
  layout.labels.push({ text: state.label, depth, y: top });
  let y = top + ROW;
  // Held open until the height is known; parents are drawn before their children.
  layout.boxes.push({ state, depth, y: top, height: 0 });
  for (const { label, targets } of state.arrows) {
    layout.labels.push({ text: `  ${label}${targets.length === 0 ? ' (stays)' : ''}`, depth, y });
    for (const to of targets) layout.arrows.push({ fromY: y + ROW / 2, to });
    y += ROW;
  }
  for (const child of state.children) y = place(child, depth + 1, y, layout) + GAP;
  const end = y + (state.children.length > 0 ? 0 : 2);
  layout.boxes[index] = { state, depth, y: top, height: end - top };
  return end;
}

/** Arrows that do not overlap share a lane; the short ones are next to the boxes. */
function inLanes(arrows: readonly Arrow[]): readonly (readonly Arrow[])[] {
  const lanes: Arrow[][] = [];
  const span = ({ fromY, toY }: Arrow): readonly [number, number] => [
    Math.min(fromY, toY),
    Math.max(fromY, toY),
  ];
  const length = (arrow: Arrow): number => span(arrow)[1] - span(arrow)[0];
  for (const arrow of arrows.toSorted((a, b) => length(a) - length(b))) {
    const [low, high] = span(arrow);
    const isFree = (other: Arrow): boolean => span(other)[1] < low || span(other)[0] > high;
    const lane = lanes.find((taken) => taken.every(isFree));
    if (lane) lane.push(arrow);
    else lanes.push([arrow]);
  }
  return lanes;
}

function initialsOf(chart: Chart): ReadonlySet<string> {
  const ids = new Set<string>();
  const visit = (states: readonly ChartState[], initial: string | undefined): void => {
    if (initial !== undefined) ids.add(initial);
    for (const state of states) visit(state.children, state.initial);
  };
  visit(chart.states, chart.initial);
  return ids;
}

function drawBox({ state, depth, y, height }: Box, right: number, isVisited: boolean): string {
  const x = MARGIN + depth * INSET;
  const width = right - depth * INSET - x;
  const look = `box ${state.kind}${isVisited ? ' visited' : ''}`;
  return `  <rect class="${look}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"><title>${escaped(state.id)}</title></rect>`;
}

/** The state that is entered first bears a dot. */
function drawLabel({ text, depth, y }: Label, initials: ReadonlySet<string>): string {
  const isArrow = text.startsWith('  ');
  const x = MARGIN + depth * INSET + 8;
  const isFirst = !isArrow && initials.has(text);
  const dot = isFirst ? `<circle class="first" cx="${x + 4}" cy="${y + ROW / 2}" r="4"/>` : '';
  const textX = x + (isArrow || isFirst ? 14 : 0);
  const look = isArrow ? 'arrow-text' : 'name';
  return `  ${dot}<text class="${look}" x="${textX}" y="${y + ROW / 2 + 4}">${escaped(text.trim())}</text>`;
}

function drawArrow(
  { fromY, toY, to }: Arrow,
  layout: Layout,
  right: number,
  laneX: number,
): string {
  const depthAt = (y: number): number =>
    Math.max(
      0,
      ...layout.boxes
        .filter((box) => box.y <= y && y <= box.y + box.height)
        .map(({ depth }) => depth),
    );
  const fromX = right - depthAt(fromY) * INSET;
  const target = layout.boxes.find(({ state }) => state.id === to);
  const toX = right - (target?.depth ?? 0) * INSET;
  return `  <path class="way" d="M${fromX} ${fromY} H${laneX} V${toY} H${toX}"/>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
