/**
 * From the XML tree to the checked document: states and transitions, and with them every rule of the
 * specification that can be told without running anything. Executable content is compiled next door.
 * It refuses, by name and line, whatever it does not understand.
 */
import { DocumentError, type Position } from '../errors.js';
import type { Dialect } from '../extension.js';
import { isCore, oneOf, words } from './attributes.js';
import { ActionCompiler } from './compile-actions.js';
import { checkDocument } from './check-document.js';
import {
  type Block,
  type DataItem,
  type Document,
  type Invoke,
  type Payload,
  type ScriptAction,
  type State,
  type StateKind,
  type Transition,
} from './model.js';
import { attributeOf, elementsOf, type XmlElement } from './xml.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
type Draft = Mutable<Omit<State, 'transitions' | 'initial'>> & {
  transitions: DraftTransition[];
  initial: DraftTransition | null;
};
type DraftTransition = Omit<Transition, 'targets'> & {
  targets: State[] | null;
  targetIds: readonly string[] | null;
};

/** @throws DocumentError naming the element's place */
export function compileDocument(root: XmlElement, dialect: Dialect): Document {
  return new DocumentCompiler(root, dialect).compile();
}

class DocumentCompiler {
  readonly #root: XmlElement;
  readonly #dialect: Dialect;
  readonly #actions: ActionCompiler;
  readonly #states: Draft[] = [];
  readonly #byId = new Map<string, Draft>();
  readonly #scripts: ScriptAction[] = [];
  #unnamed = 0;

  constructor(root: XmlElement, dialect: Dialect) {
    this.#root = root;
    this.#dialect = dialect;
    this.#actions = new ActionCompiler(dialect);
  }

  compile(): Document {
    const root = this.#root;
    if (root.local !== 'scxml' || !isCore(root))
      throw new DocumentError(
        'SCXML_UNKNOWN_ELEMENT',
        `the root element is <${root.name}>, not <scxml>`,
        root.at,
      );
    this.#checkHeader(root);
    const top = this.#addState(root, 'scxml', null);
    for (const state of this.#states) this.#resolve(state);
    const document: Document = {
      file: root.at.file,
      dialect: this.#dialect,
      name: attributeOf(root, 'name') ?? '',
      binding: attributeOf(root, 'binding') === 'late' ? 'late' : 'early',
      root: top,
      states: this.#states,
      byId: this.#byId,
      scripts: this.#scripts,
      resources: this.#actions.resources,
      hasEventless: this.#states.some(
        (state) => state.kind !== 'history' && state.transitions.some((t) => !t.events),
      ),
    };
    checkDocument(document);
    return document;
  }

  #checkHeader(root: XmlElement): void {
    const model = attributeOf(root, 'datamodel') ?? attributeOf(root, 'profile') ?? 'ecmascript';
    // A document for the null data model knows `In()` only, which means the same in ECMAScript.
    if (model !== 'ecmascript' && model !== 'null')
      throw new DocumentError(
        'SCXML_UNSUPPORTED_DATAMODEL',
        `the data model is "${model}"; only "ecmascript" is supported`,
        root.at,
      );
    oneOf(root, 'binding', ['early', 'late']);
  }

  #addState(element: XmlElement, kind: StateKind, parent: Draft | null): Draft {
    const id = attributeOf(element, 'id');
    const state: Draft = {
      ...emptyState(element, kind, parent),
      id: id ?? (kind === 'scxml' ? '' : `$unnamed${++this.#unnamed}`),
      order: this.#states.length,
    };
    if (kind === 'history')
      state.isDeepHistory = oneOf(element, 'type', ['deep', 'shallow']) === 'deep';
    this.#states.push(state);
    if (kind !== 'scxml') this.#register(state, element);
    for (const child of elementsOf(element)) this.#addChild(child, element, state);
    const initial = kind === 'history' ? undefined : attributeOf(element, 'initial');
    if (initial !== undefined) this.#setInitialAttribute(state, element, initial);
    state.isCompound = (kind === 'state' || kind === 'scxml') && state.children.length > 0;
    state.isAtomic = kind === 'final' || (kind === 'state' && state.children.length === 0);
    return state;
  }

  #register(state: Draft, element: XmlElement): void {
    const first = this.#byId.get(state.id);
    if (first)
      throw new DocumentError(
        'SCXML_DUPLICATE_ID',
        `the id "${state.id}" is taken by the state of line ${first.at.line}`,
        element.at,
      );
    this.#byId.set(state.id, state);
  }

  #setInitialAttribute(state: Draft, element: XmlElement, initial: string): void {
    if (state.initial)
      throw new DocumentError(
        'SCXML_BAD_ATTRIBUTE',
        'a state has either an initial attribute or an <initial>, not both',
        element.at,
      );
    state.initial = plainTransition(state, words(initial), element.at);
  }

  #addChild(child: XmlElement, element: XmlElement, state: Draft): void {
    if (!isCore(child)) throw unknownChild(child, element);
    const allowed = CHILDREN[state.kind];
    if (!allowed.includes(child.local)) throw unknownChild(child, element);
    switch (child.local) {
      case 'state':
      case 'parallel':
      case 'final':
        state.children.push(this.#addState(child, child.local, state));
        break;
      case 'history':
        state.histories.push(this.#addState(child, 'history', state));
        break;
      case 'transition':
        state.transitions.push(this.#transition(child, state));
        if (state.kind === 'history') state.initial = state.transitions[0] ?? null;
        break;
      case 'initial':
        state.initial = this.#initialElement(child, state);
        break;
      case 'onentry':
        state.onEntry.push(this.#actions.block(child));
        break;
      case 'onexit':
        state.onExit.push(this.#actions.block(child));
        break;
      case 'invoke':
        state.invokes.push(this.#actions.invoke(child));
        break;
      case 'datamodel':
        state.data.push(...this.#actions.dataItems(child, state.kind === 'scxml'));
        break;
      case 'donedata':
        state.doneData = this.#actions.payload(child);
        break;
      case 'script':
        this.#scripts.push(this.#actions.script(child));
        break;
    }
  }

  #initialElement(element: XmlElement, state: Draft): DraftTransition {
    const [child, ...others] = elementsOf(element);
    if (!child || others.length > 0 || child.local !== 'transition')
      throw new DocumentError(
        'SCXML_UNKNOWN_ELEMENT',
        '<initial> holds exactly one <transition>',
        element.at,
      );
    return this.#transition(child, state);
  }

  #transition(element: XmlElement, source: Draft): DraftTransition {
    const event = attributeOf(element, 'event');
    const target = attributeOf(element, 'target');
    return {
      ...plainTransition(source, target === undefined ? null : words(target), element.at),
      events: event === undefined ? null : words(event).map(descriptor),
      cond: this.#actions.code(element, 'cond'),
      isInternal: oneOf(element, 'type', ['internal', 'external']) === 'internal',
      body: this.#actions.block(element),
    };
  }

  /** Once every id is known: targets, default initial states, ancestors. */
  #resolve(state: Draft): void {
    if (state.isCompound && !state.initial) {
      const first = state.children[0] as State;
      state.initial = plainTransition(state, null, state.at);
      state.initial.targets = [first];
    }
    for (const transition of state.transitions) this.#resolveTargets(transition);
    if (state.initial) this.#resolveTargets(state.initial);
  }

  #resolveTargets(transition: DraftTransition): void {
    if (!transition.targetIds) return;
    transition.targets = transition.targetIds.map((id) => {
      const target = this.#byId.get(id);
      if (target) return target;
      throw new DocumentError('SCXML_UNKNOWN_TARGET', `no state has the id "${id}"`, transition.at);
    });
  }
}

const CONTAINER = [
  'state',
  'parallel',
  'history',
  'transition',
  'onentry',
  'onexit',
  'invoke',
  'datamodel',
];
const CHILDREN: Readonly<Record<StateKind, readonly string[]>> = {
  scxml: ['state', 'parallel', 'final', 'datamodel', 'script'],
  state: [...CONTAINER, 'final', 'initial'],
  parallel: CONTAINER,
  final: ['onentry', 'onexit', 'donedata'],
  history: ['transition'],
};

function emptyState(
  element: XmlElement,
  kind: StateKind,
  parent: Draft | null,
): Omit<Draft, 'id' | 'order'> {
  return {
    kind,
    at: element.at,
    parent: parent,
    ancestors: parent ? [parent, ...parent.ancestors] : [],
    children: [] as State[],
    histories: [] as State[],
    isDeepHistory: false,
    isAtomic: false,
    isCompound: false,
    initial: null,
    transitions: [],
    onEntry: [] as Block[],
    onExit: [] as Block[],
    invokes: [] as Invoke[],
    data: [] as DataItem[],
    doneData: null as Payload | null,
  };
}

function plainTransition(
  source: State,
  targetIds: readonly string[] | null,
  at: Position,
): DraftTransition {
  return {
    source,
    events: null,
    cond: null,
    targets: null,
    targetIds,
    isInternal: false,
    body: [],
    at,
  };
}

/** SCXML 1.0, 3.12.1: `foo`, `foo.` and `foo.*` match the same; `*` matches everything. */
function descriptor(written: string): string {
  return written.replace(/\.\*?$/, '');
}

function unknownChild(child: XmlElement, parent: XmlElement): DocumentError {
  return new DocumentError(
    'SCXML_UNKNOWN_ELEMENT',
    `<${child.name}> is not allowed in <${parent.name}>`,
    child.at,
  );
}
