/**
 * The door through which a dialect adds to SCXML: executable elements of its own namespaces, another
 * reading of core attributes, and objects in the data model. The core knows none of them by name; an
 * element that no extension knows refuses the document.
 */
import type { Position } from './errors.js';
import type { Limits } from './limits.js';
import type { FetchOutcome } from './session/host.js';
import type { Action, Payload } from './document/model.js';
import type { XmlElement } from './document/xml.js';

/** What an extension element may do while the session runs it. A `ScriptError` ends its block. */
export interface ActionContext {
  readonly sessionId: string;
  /** The value of an expression as JSON text; undefined for undefined and functions. @throws ScriptError */
  evaluate(code: string, at: Position): string | undefined;
  /** Writes JSON text to a location. @throws ScriptError */
  assign(location: string, json: string | undefined, at: Position): void;
  /** The payload as JSON text, as `<send>` would take it along. @throws ScriptError */
  payload(payload: Payload): string | undefined;
  /** Puts an event into the internal queue. */
  raise(name: string, json?: string): void;
  /** Asks whoever hosts the session; answers come back as external events. */
  request(name: string, json: string | undefined): void;
  log(label: string, json: string | undefined): void;
  /** Address of the session's document. */
  readonly documentUrl: string;
  activeStates(): readonly string[];
  /** A new identifier, unique in this session. */
  newId(prefix: string): string;
  /** A new identifier for a session, as good as the host's own. */
  newSessionId(): string;
  /** Runs nested executable content. */
  run(actions: readonly Action[]): void;
}

/** An executable element of an extension, compiled. */
export interface ExtensionAction {
  readonly kind: 'extension';
  /** As written, for messages. */
  readonly name: string;
  readonly execute: (context: ActionContext) => void;
  readonly at: Position;
}

/** What an extension needs of the compiler for its children. */
export interface CompileContext {
  /** Children as executable content. @throws DocumentError */
  actions(element: XmlElement): readonly Action[];
  /** `namelist`, `<param>` and `<content>` of an element. @throws DocumentError */
  payload(element: XmlElement): Payload;
}

export interface ElementExtension {
  /** Any of these spellings. */
  readonly namespaces: readonly string[];
  readonly local: string;
  /** @returns what runs each time the element is reached. @throws DocumentError */
  compile(element: XmlElement, context: CompileContext): ExtensionAction['execute'];
}

/** A function that scripts of the document can call. Arguments and result are JSON text. */
export type ScriptFunction = (
  context: ActionContext,
  args: readonly (string | undefined)[],
) => string | undefined;

/** What a dialect may use before a page is compiled. */
export interface PrepareContext {
  readonly limits: Limits;
  /** @throws LimitError when the page fetched too much already */
  fetch(reference: string, base: string): Promise<FetchOutcome>;
}

export interface Dialect {
  /** Whether a page is written in this dialect; every page when absent. */
  claims?(root: XmlElement): boolean;
  /** Rewrites a page before it is compiled: includes, older spellings. @throws DocumentError */
  prepare?(root: XmlElement, context: PrepareContext): Promise<XmlElement>;
  readonly elements: readonly ElementExtension[];
  /**
   * Whether a core attribute that SCXML reads as literal text is code in this dialect, such as
   * `event="'name'"`. Asked for `event`, `target`, `type`, `delay` and `sendid` only.
   */
  isCode?(element: XmlElement, attribute: string): boolean;
  /** Runs in each new data model before anything of the document. */
  readonly prelude?: string;
  /**
   * A function of the data model that takes in what the host knows of the outside, such as the calls
   * there are: at the start, and before an event that brings more.
   */
  readonly learn?: string;
  readonly functions?: Readonly<Record<string, ScriptFunction>>;
  /** Where a `<data>` item lives; the plain name when absent. */
  dataLocation?(id: string): string;
  /** Code that makes a place for data items, undefined at first; global variables when absent. */
  declare?(ids: readonly string[]): string;
  /**
   * A function of the data model that stores all parameters of a session, declared or not, from a list
   * of `[name]` or `[name, value]`.
   */
  readonly takeParameters?: string;
  /** What a checked element asks for that works differently here, or not at all; for `check-page.ts`. */
  cautions?(element: XmlElement): readonly Caution[];
}

export interface Caution {
  readonly message: string;
  readonly at: Position;
}

export const NO_DIALECT: Dialect = { elements: [] };
