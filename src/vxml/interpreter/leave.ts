/** Ways out of a dialog. Thrown by executable content, caught by whoever the way leads to. */
import type { GrammarMatch } from '../dtmf/matcher.js';
import type { XmlElement } from '../../plugin/scxml/document/xml.js';
import type { Page } from '../document/page.js';
import type { HeldKey } from '../script/scopes.js';

/** A page and, where it is not that of the current page, its root. */
export interface LoadedPage {
  readonly page: Page;
  readonly root: Page | undefined;
}

/** What the caller keyed in for a dialog that was not the active one. */
export interface CarriedInput {
  readonly match: GrammarMatch;
  /** JSON text. */
  readonly interpretation: string | undefined;
}

export interface DialogDestination {
  readonly kind: 'dialog';
  /** Undefined: in the current page, which is not loaded again. */
  readonly loaded: LoadedPage | undefined;
  /** Undefined: the page has none, and nothing is left to do. */
  readonly dialog: XmlElement | undefined;
  /** A submit always starts the application anew. */
  readonly isSubmit: boolean;
  readonly carried?: CarriedInput;
}

export type Destination =
  | DialogDestination
  /** `goto nextitem`. */
  | { readonly kind: 'item'; readonly name: string }
  | {
      readonly kind: 'exit';
      readonly values: Readonly<Record<string, string | undefined>>;
      readonly value: string | undefined;
    }
  /** Of a subdialog, with values or with an event. */
  | {
      readonly kind: 'return';
      readonly values: HeldKey;
      readonly event: { readonly name: string; readonly message: string | undefined } | undefined;
    }
  /** An event that nobody but the interpreter caught. */
  | { readonly kind: 'uncaught'; readonly event: string; readonly message: string };

export class Leave extends Error {
  readonly to: Destination;

  constructor(to: Destination) {
    super(`leaves for ${to.kind}`);
    this.name = 'Leave';
    this.to = to;
  }
}

export function leaveByExit(): Leave {
  return new Leave({ kind: 'exit', values: {}, value: undefined });
}
