/**
 * An SCXML document after checking: states, transitions and executable content as plain linked data,
 * never changed after it was built, so that any number of sessions can run on one copy.
 * Source: W3C State Chart XML 1.0, sections 3 to 6.
 */
import type { Position } from '../errors.js';
import type { Dialect, ExtensionAction } from '../extension.js';
import type { XmlElement } from './xml.js';

export const SCXML_NAMESPACE = 'http://www.w3.org/2005/07/scxml';

/** Code of the data model, with the place to name when it fails. */
export interface Code {
  readonly code: string;
  readonly at: Position;
}

/** An attribute pair such as `event` and `eventexpr`. */
export type Value =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'code'; readonly code: Code };

/** A `src` loaded before the session starts, or text in place. */
export type Source =
  | { readonly kind: 'inline'; readonly text: string }
  | { readonly kind: 'url'; readonly url: string };

export interface Param {
  readonly name: string;
  readonly value: Code;
  /** Given as `location`: an empty `<finalize>` writes back to it. */
  readonly isLocation: boolean;
}

export type Content =
  | { readonly kind: 'code'; readonly code: Code }
  | { readonly kind: 'xml'; readonly element: XmlElement }
  | { readonly kind: 'text'; readonly text: string };

/** What goes with an event or an invocation. */
export interface Payload {
  readonly names: readonly Code[];
  readonly params: readonly Param[];
  readonly content: Content | null;
}

export interface RaiseAction {
  readonly kind: 'raise';
  readonly event: string;
  readonly payload: Payload;
  readonly at: Position;
}

export interface LogAction {
  readonly kind: 'log';
  readonly label: string | undefined;
  readonly value: Code | null;
  readonly at: Position;
}

export interface AssignAction {
  readonly kind: 'assign';
  readonly location: string;
  readonly value: Content;
  readonly at: Position;
}

export interface ScriptAction {
  readonly kind: 'script';
  readonly source: Source;
  readonly at: Position;
}

export interface IfAction {
  readonly kind: 'if';
  /** The last one may have no condition: `<else>`. */
  readonly branches: readonly { readonly cond: Code | null; readonly body: readonly Action[] }[];
  readonly at: Position;
}

export interface ForeachAction {
  readonly kind: 'foreach';
  readonly array: Code;
  readonly item: string;
  readonly index: string | undefined;
  readonly body: readonly Action[];
  readonly at: Position;
}

export interface SendAction {
  readonly kind: 'send';
  readonly event: Value | null;
  readonly target: Value | null;
  readonly type: Value | null;
  readonly delay: Value | null;
  readonly id: string | undefined;
  readonly idLocation: string | undefined;
  readonly payload: Payload;
  readonly at: Position;
}

export interface CancelAction {
  readonly kind: 'cancel';
  readonly sendId: Value;
  readonly at: Position;
}

export type Action =
  | RaiseAction
  | LogAction
  | AssignAction
  | ScriptAction
  | IfAction
  | ForeachAction
  | SendAction
  | CancelAction
  | ExtensionAction;

/** One `<onentry>`, `<onexit>`, `<finalize>` or transition body: an error ends this block only. */
export type Block = readonly Action[];

export interface DataItem {
  readonly id: string;
  readonly value: Content | { readonly kind: 'url'; readonly url: string } | null;
  /** Top-level data may be given by whoever starts the session. */
  readonly isTopLevel: boolean;
  readonly at: Position;
}

export interface Invoke {
  readonly type: Value | null;
  readonly src: Value | null;
  readonly id: string | undefined;
  readonly idLocation: string | undefined;
  readonly autoForward: boolean;
  readonly payload: Payload;
  /** Null: no `<finalize>`. Empty: write params and names back. */
  readonly finalize: Block | null;
  readonly at: Position;
}

export interface Transition {
  readonly source: State;
  /** Descriptors without their trailing `.*` or `.`; null: eventless. */
  readonly events: readonly string[] | null;
  readonly cond: Code | null;
  /** Null: targetless. */
  readonly targets: readonly State[] | null;
  readonly isInternal: boolean;
  readonly body: Block;
  readonly at: Position;
}

export type StateKind = 'scxml' | 'state' | 'parallel' | 'final' | 'history';

export interface State {
  readonly kind: StateKind;
  readonly id: string;
  /** Place in document order. */
  readonly order: number;
  readonly parent: State | null;
  /** From the parent up to the root. */
  readonly ancestors: readonly State[];
  /** Proper states, without histories. */
  readonly children: readonly State[];
  readonly histories: readonly State[];
  readonly isDeepHistory: boolean;
  readonly isAtomic: boolean;
  readonly isCompound: boolean;
  /** Compound states always have one, a history its default transition. */
  readonly initial: Transition | null;
  readonly transitions: readonly Transition[];
  readonly onEntry: readonly Block[];
  readonly onExit: readonly Block[];
  readonly invokes: readonly Invoke[];
  readonly data: readonly DataItem[];
  readonly doneData: Payload | null;
  readonly at: Position;
}

export interface Document {
  readonly file: string;
  /** How it was read, and how its data model is furnished. */
  readonly dialect: Dialect;
  readonly name: string;
  readonly binding: 'early' | 'late';
  readonly root: State;
  /** In document order, the root first. */
  readonly states: readonly State[];
  readonly byId: ReadonlyMap<string, State>;
  /** `<script>` children of the root. */
  readonly scripts: readonly ScriptAction[];
  /** Everything that has to be fetched before the start: a script must load, data may fail. */
  readonly resources: readonly { readonly url: string; readonly isScript: boolean }[];
  /** Without one, a macrostep need not look for eventless transitions. */
  readonly hasEventless: boolean;
}

/** Whether `state` lies below `ancestor`. */
export function isDescendant(state: State, ancestor: State): boolean {
  return state.ancestors.includes(ancestor);
}
