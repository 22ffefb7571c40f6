/** The page's figure as a Mermaid flowchart, drawn from the decision table. */

import type { Row } from './decision-table.js';
import { boxName, BOX, type Box } from './figure-boxes.js';
import { figureEdges } from './figure-edges.js';

/** The figure; with a predicate only the rows that pass it. */
export function figureMermaid(isShown?: (row: Row) => boolean): string {
  const edges = figureEdges(isShown);
  const boxes = Object.values(BOX).filter((box) =>
    edges.some(({ from, to }) => from === box || to === box),
  );
  const lines = edges.map(({ from, to, label }) => `  ${idOf(from)} -->|"${label}"| ${idOf(to)}`);
  return ['flowchart TD', ...boxes.map(nodeOf), ...lines, ''].join('\n');
}

function nodeOf(box: Box): string {
  const [open, close] = box.endsWith('?') ? ['{"', '"}'] : ['["', '"]'];
  return `  ${idOf(box)}${open}${box}${close}`;
}

/** `end` is a word of Mermaid's own. */
function idOf(box: Box): string {
  return `${boxName(box)}Box`;
}
