/**
 * The arrows of the page's figure, taken from the decision table: every row that names the box it
 * leads to becomes a path through the condition points it sets. How they are drawn is not decided
 * here: `diagram.ts` writes Mermaid, `figure-svg.ts` a picture.
 */

import {
  conditionNames,
  DECISION_TABLE,
  type ConditionName,
  type Row,
  type RowId,
} from './decision-table.js';
import { BOX, type Box } from './figure-boxes.js';

export interface FigureEdge {
  readonly from: Box;
  readonly to: Box;
  /** The conditions that lead over it, such as `no: busy, error`. */
  readonly label: string;
  /** The rows whose path ends with this arrow. */
  readonly rows: readonly RowId[];
}

/** The box of each condition point. */
const CONDITION_BOXES: Partial<Record<ConditionName, Box>> = {
  pluginEnabled: BOX.plugin,
  vxmlEnabled: BOX.vxml,
  connectTreatment: BOX.connect,
  machineTreatment: BOX.machine,
  retryLimitExceeded: BOX.retry,
};

type TableRow = (typeof DECISION_TABLE)[number];

/** All arrows, one between two boxes, a condition's yes and no apart; with a predicate only of the rows that pass it. */
export function figureEdges(isShown: (row: Row) => boolean = () => true): readonly FigureEdge[] {
  return merged(DECISION_TABLE.filter(isShown).flatMap(edgesOf));
}

/** The path of one row: where it starts, the condition points in the figure's order, where it leads. */
function edgesOf(row: TableRow): readonly FigureEdge[] {
  if (row.to === undefined) return [];
  const stops: { box: Box; label: string }[] = [];
  if (row.arm === 'result') stops.push({ box: BOX.cpd, label: answersOf(row).join(', ') });
  if (row.arm === 'reply') stops.push({ box: BOX.action, label: row.when.action ?? 'no reply' });
  for (const name of conditionNames(row.when)) {
    const box = CONDITION_BOXES[name];
    if (box === undefined || (row.arm === 'dial' && name === 'retryLimitExceeded')) continue;
    stops.push({ box, label: labelOf(row, name) });
  }
  if (stops.length === 0) stops.push({ box: row.box, label: eventsOf(row).join(', ') });
  return stops.map(({ box, label }, index) => ({
    from: box,
    to: stops[index + 1]?.box ?? row.to ?? BOX.end,
    label,
    rows: index === stops.length - 1 ? [row.row] : [],
  }));
}

function labelOf(row: Row, name: ConditionName): string {
  const isYes = row.when[name] === true;
  if (name !== 'pluginEnabled') return isYes ? 'yes' : 'no';
  return isYes ? 'yes' : `no: ${answersOf(row).join(', ')}`;
}

function answersOf(row: Row): readonly string[] {
  const { answer } = row.when;
  if (answer === undefined) return [];
  return typeof answer === 'string' ? [answer] : answer;
}

function eventsOf(row: Row): readonly string[] {
  const { event } = row.when;
  if (event === undefined) return whatHolds(row);
  return typeof event === 'string' ? [event] : event;
}

/** `agentIsReady: true` as `agent is ready`; what has to be false goes without saying. */
function whatHolds(row: Row): readonly string[] {
  const texts = conditionNames(row.when).flatMap((name) => {
    const value = row.when[name];
    if (value === true) return [name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)];
    return typeof value === 'string' ? [`${name} ${value}`] : [];
  });
  return texts.length === 0 ? [row.row] : texts;
}

/** One arrow between two boxes, with all labels that lead over it; a condition's yes and no stay apart. */
function merged(edges: readonly FigureEdge[]): readonly FigureEdge[] {
  const arrows = new Map<string, { from: Box; to: Box; labels: string[]; rows: RowId[] }>();
  for (const { from, to, label, rows } of edges) {
    const [kind = '', ...answers] = label.split(': ');
    const isNo = kind === 'no' && answers.length > 0;
    const key = `${from}>${to}>${isNo ? 'no' : ''}`;
    const arrow = arrows.get(key) ?? { from, to, labels: [], rows: [] };
    for (const text of (isNo ? answers.join('') : label).split(', ')) {
      if (!arrow.labels.includes(text)) arrow.labels.push(text);
    }
    arrow.rows.push(...rows);
    arrows.set(key, arrow);
  }
  return [...arrows].map(([key, { from, to, labels, rows }]) => ({
    from,
    to,
    label: `${key.endsWith('>no') ? 'no: ' : ''}${labels.join(', ')}`,
    rows,
  }));
}
