/**
 * Which transitions an event enables, and which states they leave and enter: the selection half of
 * the algorithm of SCXML 1.0, appendix D. Pure: it looks at the active states and answers; running
 * content and changing the configuration is the session's business.
 */
import { isDescendant, type Block, type State, type Transition } from '../document/model.js';
import { matchesEvent } from './event.js';

export type HistoryValues = ReadonlyMap<State, readonly State[]>;

export interface EntryPlan {
  /** In entry order. */
  readonly states: readonly State[];
  /** Compound states whose initial transition's content runs. */
  readonly defaultEntry: ReadonlySet<State>;
  /** Content of a history's default transition, by the history's parent. */
  readonly historyContent: ReadonlyMap<State, Block>;
}

/**
 * @param eventName null for eventless transitions
 * @param isTrue evaluates a condition
 * @returns the optimal enabled set, conflicts removed, in the order to be taken
 */
export function selectTransitions(
  active: ReadonlySet<State>,
  history: HistoryValues,
  eventName: string | null,
  isTrue: (transition: Transition) => boolean,
): readonly Transition[] {
  const enabled = new Set<Transition>();
  for (const state of [...active].filter((s) => s.isAtomic).sort(inDocumentOrder)) {
    const found = firstEnabled(state, eventName, isTrue);
    if (found) enabled.add(found);
  }
  return enabled.size < 2 ? [...enabled] : withoutConflicts([...enabled], active, history);
}

function firstEnabled(
  atomic: State,
  eventName: string | null,
  isTrue: (transition: Transition) => boolean,
): Transition | null {
  for (const state of [atomic, ...atomic.ancestors]) {
    for (const transition of state.transitions) {
      const fits =
        eventName === null
          ? transition.events === null
          : transition.events !== null && matchesEvent(transition.events, eventName);
      if (fits && isTrue(transition)) return transition;
    }
  }
  return null;
}

/** Appendix D, removeConflictingTransitions: the inner one wins, else the earlier one. */
function withoutConflicts(
  enabled: readonly Transition[],
  active: ReadonlySet<State>,
  history: HistoryValues,
): readonly Transition[] {
  let kept: Transition[] = [];
  for (const one of enabled) {
    const exits = statesToExit([one], active, history);
    const rivals = kept.filter((other) =>
      statesToExit([other], active, history).some((state) => exits.includes(state)),
    );
    if (!rivals.every((other) => isDescendant(one.source, other.source))) continue;
    kept = [...kept.filter((other) => !rivals.includes(other)), one];
  }
  return kept;
}

/** In exit order: children before parents, the last in document order first. */
export function statesToExit(
  transitions: readonly Transition[],
  active: ReadonlySet<State>,
  history: HistoryValues,
): State[] {
  const exits = new Set<State>();
  for (const transition of transitions) {
    const domain = transitionDomain(transition, history);
    if (!domain) continue;
    for (const state of active) if (isDescendant(state, domain)) exits.add(state);
  }
  return [...exits].sort((a, b) => b.order - a.order);
}

/** What a history remembers when its parent is left. */
export function historyValue(history: State, active: ReadonlySet<State>): readonly State[] {
  const parent = history.parent;
  if (!parent) return [];
  return [...active].filter((state) =>
    history.isDeepHistory ? state.isAtomic && isDescendant(state, parent) : state.parent === parent,
  );
}

/** Appendix D, computeEntrySet. */
export function planEntry(transitions: readonly Transition[], history: HistoryValues): EntryPlan {
  const planner = new EntryPlanner(history);
  for (const transition of transitions) planner.addTransition(transition);
  return {
    states: [...planner.states].sort(inDocumentOrder),
    defaultEntry: planner.defaultEntry,
    historyContent: planner.historyContent,
  };
}

class EntryPlanner {
  readonly states = new Set<State>();
  readonly defaultEntry = new Set<State>();
  readonly historyContent = new Map<State, Block>();
  readonly #history: HistoryValues;

  constructor(history: HistoryValues) {
    this.#history = history;
  }

  addTransition(transition: Transition): void {
    if (!transition.targets) return;
    for (const target of transition.targets) this.#addDescendants(target);
    const domain = transitionDomain(transition, this.#history);
    for (const state of effectiveTargets(transition, this.#history))
      this.#addAncestors(state, domain);
  }

  #addDescendants(state: State): void {
    if (state.kind === 'history') {
      this.#addHistory(state);
      return;
    }
    this.states.add(state);
    if (state.isCompound && state.initial) {
      this.defaultEntry.add(state);
      this.#addTargets(state.initial.targets ?? [], state);
    } else if (state.kind === 'parallel') this.#addMissingChildren(state);
  }

  #addHistory(history: State): void {
    const parent = history.parent;
    const remembered = this.#history.get(history);
    if (!parent) return;
    if (remembered) this.#addTargets(remembered, parent);
    else if (history.initial) {
      this.historyContent.set(parent, history.initial.body);
      this.#addTargets(history.initial.targets ?? [], parent);
    }
  }

  #addTargets(targets: readonly State[], below: State): void {
    for (const target of targets) this.#addDescendants(target);
    for (const target of targets) this.#addAncestors(target, below);
  }

  #addAncestors(state: State, below: State | null): void {
    for (const ancestor of state.ancestors) {
      if (ancestor === below) return;
      this.states.add(ancestor);
      if (ancestor.kind === 'parallel') this.#addMissingChildren(ancestor);
    }
  }

  #addMissingChildren(parallel: State): void {
    for (const child of parallel.children) {
      const isThere = [...this.states].some((s) => s === child || isDescendant(s, child));
      if (!isThere) this.#addDescendants(child);
    }
  }
}

/** Where the transition's histories lead now. */
function effectiveTargets(transition: Transition, history: HistoryValues): readonly State[] {
  return (transition.targets ?? []).flatMap((target) => {
    if (target.kind !== 'history') return [target];
    const remembered = history.get(target);
    if (remembered) return remembered;
    return target.initial ? effectiveTargets(target.initial, history) : [];
  });
}

/** The state all of whose active descendants the transition leaves; null when it leaves none. */
function transitionDomain(transition: Transition, history: HistoryValues): State | null {
  const { source } = transition;
  const targets = effectiveTargets(transition, history);
  if (targets.length === 0) return null;
  // The initial transition of the document itself.
  if (source.kind === 'scxml') return source;
  const staysInside = targets.every((target) => isDescendant(target, source));
  if (transition.isInternal && source.isCompound && staysInside) return source;
  const common = source.ancestors.find(
    (ancestor) =>
      (ancestor.isCompound || ancestor.kind === 'scxml') &&
      targets.every((target) => isDescendant(target, ancestor)),
  );
  return common ?? null;
}

export function inDocumentOrder(a: State, b: State): number {
  return a.order - b.order;
}
