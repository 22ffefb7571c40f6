/**
 * Rules between the parts of a document: which initial and target states are legal together. Run once
 * on the linked document; it only looks.
 */
import { DocumentError } from '../errors.js';
import { isDescendant, type Document, type State, type Transition } from './model.js';

/** @throws DocumentError `SCXML_BAD_TARGET`, `SCXML_MISSING_ATTRIBUTE`, `SCXML_BAD_ATTRIBUTE` */
export function checkDocument(document: Document): void {
  const { root } = document;
  if (root.children.length === 0)
    throw new DocumentError('SCXML_UNKNOWN_ELEMENT', '<scxml> holds no state', root.at);
  for (const state of document.states) {
    if (state.kind === 'history') checkHistory(state);
    else {
      if (state.initial) checkInitial(state, state.initial);
      state.transitions.forEach(checkTransition);
    }
  }
}

function checkHistory(history: State): void {
  const [transition, ...others] = history.transitions;
  if (!transition?.targets?.length || others.length > 0)
    throw new DocumentError(
      'SCXML_BAD_TARGET',
      `history "${history.id}" holds exactly one <transition> with a target`,
      history.at,
    );
  if (transition.events || transition.cond)
    throw new DocumentError(
      'SCXML_BAD_ATTRIBUTE',
      'the default transition of a history has neither event nor cond',
      transition.at,
    );
  for (const target of transition.targets) {
    const parent = history.parent as State;
    const isLegal = history.isDeepHistory ? isDescendant(target, parent) : target.parent === parent;
    if (!isLegal) throw notBelow(target, parent, transition);
  }
}

function checkInitial(state: State, initial: Transition): void {
  if (!state.isCompound)
    throw new DocumentError(
      'SCXML_BAD_TARGET',
      `state "${state.id}" has an initial state but no child states`,
      initial.at,
    );
  if (!initial.targets?.length)
    throw new DocumentError('SCXML_MISSING_ATTRIBUTE', '<initial> names no target', initial.at);
  for (const target of initial.targets)
    if (!isDescendant(target, state)) throw notBelow(target, state, initial);
  if (initial.events || initial.cond)
    throw new DocumentError(
      'SCXML_BAD_ATTRIBUTE',
      'the transition of an <initial> has neither event nor cond',
      initial.at,
    );
  checkTogether(initial);
}

function checkTransition(transition: Transition): void {
  const { targets, events, cond, at } = transition;
  if (!events && !cond && !targets?.length)
    throw new DocumentError(
      'SCXML_MISSING_ATTRIBUTE',
      '<transition> needs one of event, cond and target',
      at,
    );
  checkTogether(transition);
}

/** SCXML 1.0, 3.11: targets have to be states that can be active at once. */
function checkTogether({ targets, at }: Transition): void {
  if (!targets) return;
  for (const [index, one] of targets.entries()) {
    for (const other of targets.slice(index + 1)) {
      const shared = one.ancestors.find((a) => isDescendant(other, a));
      if (one === other || shared?.kind === 'parallel') continue;
      if (isDescendant(one, other) || isDescendant(other, one)) continue;
      throw new DocumentError(
        'SCXML_BAD_TARGET',
        `"${one.id}" and "${other.id}" can never be active together`,
        at,
      );
    }
  }
}

function notBelow(target: State, state: State, { at }: Transition): DocumentError {
  const where = state.kind === 'scxml' ? 'the document' : `"${state.id}"`;
  return new DocumentError('SCXML_BAD_TARGET', `"${target.id}" is not inside ${where}`, at);
}
