/**
 * The page's figure as a Mermaid flowchart, drawn from the decision table: every row that names the box
 * it leads to becomes a path through the condition points it sets.
 */

import { conditionNames, DECISION_TABLE, type ConditionName, type Row } from './decision-table.js';
import { BOX, type Box } from './figure-boxes.js';

/** The box of each condition point. */
const CONDITION_BOXES: Partial<Record<ConditionName, Box>> = {
  pluginEnabled: BOX.plugin,
  vxmlEnabled: BOX.vxml,
  connectTreatment: BOX.connect,
  machineTreatment: BOX.machine,
  retryLimitExceeded: BOX.retry,
};

interface Edge {
  readonly from: Box;
  readonly to: Box;
  readonly label: string;
}

/** The figure; with a predicate only the rows that pass it. */
export function figureMermaid(isShown: (row: Row) => boolean = () => true): string {
  const edges = DECISION_TABLE.filter(isShown).flatMap(edgesOf);
  const boxes = Object.values(BOX).filter((box) =>
    edges.some(({ from, to }) => from === box || to === box),
  );
  const lines = [...merged(edges)].map(
    ({ from, to, label }) => `  ${idOf(from)} -->|"${label}"| ${idOf(to)}`,
  );
  return ['flowchart TD', ...boxes.map(nodeOf), ...lines, ''].join('\n');
}

/** The path of one row: where it starts, the condition points in the figure's order, where it leads. */
function edgesOf(row: Row): readonly Edge[] {
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
  if (event === undefined) return [row.row];
  return typeof event === 'string' ? [event] : event;
}

/** One arrow between two boxes, with all labels that lead over it; a condition's yes and no stay apart. */
function merged(edges: readonly Edge[]): Iterable<Edge> {
  const arrows = new Map<string, { from: Box; to: Box; labels: string[] }>();
  for (const { from, to, label } of edges) {
    const [kind = '', ...answers] = label.split(': ');
    const isNo = kind === 'no' && answers.length > 0;
    const key = `${from}>${to}>${isNo ? 'no' : ''}`;
    const arrow = arrows.get(key) ?? { from, to, labels: [] };
    for (const text of (isNo ? answers.join('') : label).split(', ')) {
      if (!arrow.labels.includes(text)) arrow.labels.push(text);
    }
    arrows.set(key, arrow);
  }
  return [...arrows].map(([key, { from, to, labels }]) => ({
    from,
    to,
    label: `${key.endsWith('>no') ? 'no: ' : ''}${labels.join(', ')}`,
  }));
}

function nodeOf(box: Box): string {
  const [open, close] = box.endsWith('?') ? ['{"', '"}'] : ['["', '"]'];
  return `  ${idOf(box)}${open}${box}${close}`;
}

function idOf(box: Box): string {
  const name = Object.entries(BOX).find(([, text]) => text === box)?.[0] ?? 'box';
  // `end` is a word of Mermaid's own.
  return `${name}Box`;
}
