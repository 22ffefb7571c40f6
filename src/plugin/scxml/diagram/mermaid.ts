/** The chart in Mermaid's language (`stateDiagram-v2`), for whatever draws it. */
import type { Chart, ChartState } from './chart.js';

/** @param visited ids that are drawn as visited */
export function chartMermaid(chart: Chart, visited: ReadonlySet<string> = new Set()): string {
  const names = new Map<string, string>();
  for (const state of chart.states) name(state, names);
  const lines = [
    'stateDiagram-v2',
    ...(chart.initial === undefined ? [] : [`  [*] --> ${names.get(chart.initial)}`]),
    ...chart.states.flatMap((state) => draw(state, names, '  ')),
    ...[...names].flatMap(([id, short]) => (visited.has(id) ? [`  class ${short} visited`] : [])),
    ...(visited.size > 0 ? ['  classDef visited fill:#dcebdc,stroke:#3f7a4a'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Mermaid takes letters and digits for a name; what is written on the box is quoted. */
function name(state: ChartState, names: Map<string, string>): void {
  names.set(state.id, `s${names.size + 1}`);
  for (const child of state.children) name(child, names);
}

function draw(
  state: ChartState,
  names: ReadonlyMap<string, string>,
  indent: string,
): readonly string[] {
  const own = names.get(state.id) ?? '';
  const head = `${indent}state "${quoted(state.label)}" as ${own}`;
  const inside = `${indent}  `;
  const initial =
    state.initial === undefined ? [] : [`${inside}[*] --> ${names.get(state.initial)}`];
  const regions = state.children.map((child) => draw(child, names, inside));
  const body = regions.flatMap((lines, index) =>
    state.kind === 'parallel' && index > 0 ? [`${inside}--`, ...lines] : lines,
  );
  return [
    ...(body.length === 0 ? [head] : [`${head} {`, ...initial, ...body, `${indent}}`]),
    ...state.arrows.flatMap(({ targets, label }) =>
      (targets.length === 0 ? [state.id] : targets).map(
        (to) => `${indent}${own} --> ${names.get(to)}: ${quoted(label)}`,
      ),
    ),
    ...(state.kind === 'final' ? [`${indent}${own} --> [*]`] : []),
  ];
}

/** What would end a line, a label or a name. */
function quoted(text: string): string {
  return text
    .replace(/"/g, "'")
    .replace(/[;#{}]/g, ' ')
    .replaceAll(':', '∶')
    .replace(/\s+/g, ' ');
}
