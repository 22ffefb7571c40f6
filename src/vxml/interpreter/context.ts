/**
 * One execution context: the page the caller is in, its application root, and their variables. A
 * subdialog has a context of its own (2.0, 2.3.4); the session's variables are common to all.
 */
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import { fragmentOf, resolveUrl, type Page } from '../document/page.js';
import { PageEvent } from '../errors.js';
import type { FetchAudio, PageFetch } from '../platform.js';
import type { Scope } from '../script/scopes.js';
import { Dialog, type Parameters } from './dialog.js';
import type { Env } from './env.js';
import { execute, runHandler } from './executable.js';
import { findHandler, builtInAction } from './handlers.js';
import { EventCounters } from './items.js';
import { Leave, leaveByExit, type DialogDestination, type LoadedPage } from './leave.js';
import { dialogOf, type Shared } from './shared.js';

interface OpenPage {
  readonly page: Page;
  readonly scope: Scope;
}

export class Context {
  readonly shared: Shared;
  /** 0 = the session itself, 1.. = a subdialog. */
  readonly depth: number;
  #root: OpenPage | undefined;
  #current: OpenPage | undefined;

  constructor(shared: Shared, depth: number) {
    this.shared = shared;
    this.depth = depth;
  }

  /** @throws Error while no page is entered, which is never seen from a page */
  get page(): Page {
    return this.#open.page;
  }

  get documentScope(): Scope {
    return this.#open.scope;
  }

  get applicationScope(): Scope {
    return (this.#root ?? this.#open).scope;
  }

  /** The current page, then its root. */
  pages(): Page[] {
    const pages = [this.#current?.page, this.#root?.page].filter((page) => page !== undefined);
    return [...new Set(pages)];
  }

  /**
   * Goes from dialog to dialog until something leads out of this context.
   * @throws Leave `exit`, `return` or `uncaught`, always; PageLimit
   */
  async run(start: DialogDestination, parameters?: Parameters): Promise<never> {
    let destination = start;
    let given = parameters;
    for (;;) {
      try {
        return await this.#enter(destination, given);
      } catch (error) {
        if (!(error instanceof Leave) || error.to.kind !== 'dialog') throw error;
        destination = error.to;
        given = undefined;
      }
    }
  }

  /**
   * The destination of a reference. What stands behind it is loaded first, so that a page that cannot
   * be had is an event of the page that asked for it. A submit always fetches (2.0, 5.3.8).
   * @param from the page the reference stands in: the current one, or its root
   * @throws PageEvent error.badfetch...
   */
  async destination(
    reference: string,
    how: Omit<PageFetch, 'what' | 'url' | 'timeoutMs'> & { readonly timeoutMs: number },
    {
      isSubmit = false,
      from = this.page,
      audio,
    }: {
      readonly isSubmit?: boolean;
      readonly from?: Page | undefined;
      readonly audio?: FetchAudio | undefined;
    } = {},
  ): Promise<DialogDestination> {
    const isHere = reference.startsWith('#');
    if (isHere && !isSubmit) {
      const dialog = dialogOf(from, fragmentOf(reference));
      const loaded = from === this.page ? undefined : { page: from, root: undefined };
      return { kind: 'dialog', loaded, dialog, isSubmit };
    }
    const url = isHere ? from.url : resolveUrl(reference, from.base);
    const loaded = await this.shared.page({ ...how, url }, this.pages(), audio);
    const dialog = dialogOf(loaded.page, fragmentOf(reference));
    return { kind: 'dialog', loaded, dialog, isSubmit };
  }

  /** An event before any dialog of the page is there. @throws Leave */
  async #handleEarly(event: PageEvent, scope: Scope): Promise<void> {
    const counters = new EventCounters();
    const env: Env = { context: this, dialog: undefined, item: undefined, scope };
    let current = event;
    for (;;) {
      this.shared.budget.step();
      counters.add(current.event);
      const { event: name, said } = current;
      const test = (cond: string, handler: XmlElement): boolean =>
        this.shared.scopes.test(scope, cond, handler.at);
      const roots = this.pages().map(({ root }) => root);
      const handler = findHandler(name, roots, counters, test);
      if (!handler) return leaveByBuiltIn(current);
      try {
        await runHandler(handler, { name, said }, env);
        return;
      } catch (error) {
        if (!(error instanceof PageEvent)) throw error;
        current = error;
      }
    }
  }

  get #open(): OpenPage {
    if (!this.#current) throw new Error('no page is entered');
    return this.#current;
  }

  async #enter(destination: DialogDestination, parameters?: Parameters): Promise<never> {
    const { loaded, isSubmit } = destination;
    if (loaded) await this.#enterPage(loaded, isSubmit);
    this.shared.platform.trace('dialog', dialogName(this.page, destination.dialog));
    if (!destination.dialog) throw leaveByExit();
    const dialog = new Dialog(this, destination.dialog);
    try {
      return await dialog.run(parameters, destination.carried);
    } finally {
      dialog.close();
    }
  }

  /** 1.5.2: which of root and page stay as they are, and which begin anew. */
  async #enterPage({ page, root }: LoadedPage, isSubmit: boolean): Promise<void> {
    this.shared.platform.trace('page', page.url);
    const before = this.#root ?? this.#current;
    if (root === undefined) {
      const isBackToRoot = this.#root?.page.url === page.url && !isSubmit;
      if (this.#root && isBackToRoot) {
        this.#close(this.#current);
        this.#current = { page: this.#root.page, scope: this.#root.scope };
        this.#root = undefined;
        return;
      }
      this.#closeAll();
      this.#current = { page, scope: this.#openScope(this.shared.sessionScope, 'application') };
      await this.#initialise(page, this.#current.scope);
      return;
    }
    if (before?.page.url === root.url) {
      if (this.#root) this.#close(this.#current);
      this.#root = before;
    } else {
      this.#closeAll();
      this.#root = { page: root, scope: this.#openScope(this.shared.sessionScope, 'application') };
      this.#current = this.#root;
      await this.#initialise(root, this.#root.scope);
    }
    this.#current = { page, scope: this.#openScope(this.#root.scope, 'document') };
    await this.#initialise(page, this.#current.scope);
  }

  /** A page that is its own root is `document` and `application` at once. */
  #openScope(parent: Scope, name: 'application' | 'document'): Scope {
    const { scopes } = this.shared;
    if (name === 'document') return scopes.open(parent, name);
    const application = scopes.open(parent, 'application');
    return scopes.open(application, 'document', application);
  }

  #close(open: OpenPage | undefined): void {
    if (open) this.shared.scopes.close(open.scope);
  }

  #closeAll(): void {
    this.#close(this.#current);
    if (this.#root !== this.#current) this.#close(this.#root);
    this.#root = undefined;
    this.#current = undefined;
  }

  /** Variables and scripts of a page, in document order. */
  async #initialise(page: Page, scope: Scope): Promise<void> {
    const env: Env = { context: this, dialog: undefined, item: undefined, scope };
    for (const element of elementsOf(page.root)) {
      if (!['var', 'script', 'data'].includes(element.local)) continue;
      this.shared.budget.step();
      try {
        await execute([element], env);
      } catch (error) {
        if (!(error instanceof PageEvent)) throw error;
        await this.#handleEarly(error, scope);
      }
    }
  }
}

/** @throws Leave */
export function leaveByBuiltIn(event: PageEvent): void {
  const action = builtInAction(event.event);
  if (action === 'exit') throw leaveByExit();
  if (action === 'fail') {
    throw new Leave({ kind: 'uncaught', event: event.event, message: event.said ?? event.event });
  }
}

function dialogName(page: Page, dialog: XmlElement | undefined): string {
  const id = dialog && attributeOf(dialog, 'id');
  return `${page.url}${id === undefined ? '' : `#${id}`}`;
}
