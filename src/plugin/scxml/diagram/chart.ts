/** A document as a chart: boxes inside boxes, and what leads from one to another. Both drawings start here. */
import type { Document, State, Transition } from '../document/model.js';

export interface ChartState {
  /** Unique, as in the document; unnamed states have made-up ids. */
  readonly id: string;
  readonly label: string;
  readonly kind: 'state' | 'parallel' | 'final' | 'history';
  readonly children: readonly ChartState[];
  readonly arrows: readonly ChartArrow[];
  /** The child that is entered first. */
  readonly initial: string | undefined;
}

export interface ChartArrow {
  /** Empty: it stays, and does something. */
  readonly targets: readonly string[];
  /** Event and condition; `always` for a transition without either. */
  readonly label: string;
}

export interface Chart {
  readonly name: string;
  readonly states: readonly ChartState[];
  readonly initial: string | undefined;
}

const LABEL_MAX = 48;

export function chartOf({ name, file, root }: Document): Chart {
  return {
    name: name === '' ? file : name,
    states: childrenOf(root),
    initial: initialOf(root),
  };
}

function childrenOf(state: State): readonly ChartState[] {
  return [...state.children, ...state.histories].sort((a, b) => a.order - b.order).map(stateOf);
}

function stateOf(state: State): ChartState {
  const kind = state.kind === 'scxml' ? 'state' : state.kind;
  return {
    id: state.id,
    label: labelOf(state),
    kind,
    children: childrenOf(state),
    // The default of a history is an arrow like any other.
    arrows: state.transitions.map(arrowOf),
    initial: kind === 'history' ? undefined : initialOf(state),
  };
}

function labelOf({ id, kind, isDeepHistory }: State): string {
  if (kind !== 'history') return id;
  return `${id} (${isDeepHistory ? 'deep ' : ''}history)`;
}

function initialOf(state: State): string | undefined {
  return state.isCompound ? state.initial?.targets?.[0]?.id : undefined;
}

function arrowOf({ events, cond, targets }: Transition): ChartArrow {
  const when = events?.join(' ') ?? '';
  const condition = cond ? `[${cond.code.replace(/\s+/g, ' ').trim()}]` : '';
  const label = [when, condition].filter((part) => part !== '').join(' ');
  return {
    targets: targets?.map(({ id }) => id) ?? [],
    label: shortened(label === '' ? 'always' : label),
  };
}

function shortened(text: string): string {
  return text.length <= LABEL_MAX ? text : `${text.slice(0, LABEL_MAX - 1)}…`;
}
