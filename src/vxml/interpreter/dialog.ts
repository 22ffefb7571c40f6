/**
 * The form interpretation algorithm (2.0, appendix C): choose an item, play its prompts, visit it,
 * process what came of it, and again. A menu is a form of one item that is never filled.
 */
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import { namesIn } from '../document/check.js';
import { badFetch, PageEvent, semantic } from '../errors.js';
import type { HeldKey, Scope } from '../script/scopes.js';
import { leaveByBuiltIn, type Context } from './context.js';
import type { Env } from './env.js';
import { execute, runHandler } from './executable.js';
import { builtInAction, findHandler } from './handlers.js';
import { EventCounters, itemsOf, type Item } from './items.js';
import { Leave, leaveByExit, type CarriedInput } from './leave.js';
import { queuePrompts } from './prompts.js';
import { fillForm, visit } from './visits.js';

/** What a subdialog is given: evaluated where it was called, once. */
export interface Parameters {
  readonly values: ReadonlyMap<string, HeldKey>;
  /** Something was wrong with them that the called page handles itself. */
  readonly problem?: PageEvent;
}

export class Dialog {
  readonly context: Context;
  readonly element: XmlElement;
  readonly scope: Scope;
  readonly items: readonly Item[];
  readonly #counters = new EventCounters();
  /** Input items that the last input filled. */
  #justFilled = new Set<Item>();
  #nextItem: Item | undefined;
  /** The last turn ended in a handler that did not ask for the prompts again. */
  #isQuiet = false;

  constructor(context: Context, element: XmlElement) {
    this.context = context;
    this.element = element;
    this.scope = context.shared.scopes.open(context.documentScope, 'dialog');
    this.items = itemsOf(element);
  }

  get isMenu(): boolean {
    return this.element.local === 'menu';
  }

  close(): void {
    this.context.shared.scopes.close(this.scope);
  }

  env(item?: Item): Env {
    return { context: this.context, dialog: this, item, scope: this.scope };
  }

  /** @throws Leave always; PageLimit */
  async run(parameters?: Parameters, carried?: CarriedInput): Promise<never> {
    const start = parameters?.problem;
    await this.#guarded(undefined, async () => {
      if (start) throw start;
      await this.#initialise(parameters);
    });
    if (carried) {
      await this.#guarded(undefined, async () => {
        fillForm(this, carried);
        await this.#processFilled();
      });
    }
    for (;;) {
      await this.context.shared.step();
      const item = await this.#selected();
      if (item) await this.#guarded(item, () => this.#turn(item));
    }
  }

  /** An item's variable has a value now, out of what the caller did. */
  markFilled(item: Item): void {
    this.#justFilled.add(item);
    for (const initial of this.items) {
      if (initial.kind === 'initial')
        this.context.shared.scopes.set(this.scope, initial.variable, 'true');
    }
  }

  itemNamed(name: string): Item | undefined {
    return this.items.find((item) => item.name === name);
  }

  /** `clear`. @param names undefined = all items @throws PageEvent error.semantic */
  clear(names: readonly string[] | undefined, env: Env, at: XmlElement): void {
    const { scopes } = this.context.shared;
    const wanted = names ?? this.items.map(({ variable }) => variable);
    for (const name of wanted) {
      const own = name.replace(/^dialog\./, '');
      const item = this.items.find(({ variable }) => variable === own);
      // A nearer variable of that name is the one that is meant.
      const isMeant =
        names === undefined || own !== name || scopes.isOf(env.scope, name, this.scope);
      if (item && isMeant) {
        scopes.set(this.scope, item.variable, undefined);
        item.reset();
      } else scopes.assign(env.scope, name, 'undefined', at.at);
    }
  }

  /** `goto nextitem`. @throws PageEvent error.badfetch, Leave */
  goToItem(name: string): never {
    if (!this.itemNamed(name)) throw badFetch(`the form has no item ${name.slice(0, 60)}`);
    throw new Leave({ kind: 'item', name });
  }

  async #initialise(parameters: Parameters | undefined): Promise<void> {
    const { scopes, budget } = this.context.shared;
    for (const element of elementsOf(this.element)) {
      budget.step();
      const item = this.items.find((one) => one.element === element);
      if (item) this.#declare(item);
      else if (element.local === 'var') {
        const name = attributeOf(element, 'name') ?? '';
        const given = parameters?.values.get(name);
        if (given === undefined) await execute([element], this.env());
        else {
          scopes.declare(this.scope, name, undefined, element.at);
          scopes.setHeld(this.scope, name, given);
        }
      } else if (element.local === 'script' || element.local === 'data') {
        await execute([element], this.env());
      }
    }
  }

  #declare(item: Item): void {
    const { scopes } = this.context.shared;
    const { element, variable, name } = item;
    if (this.isMenu) return;
    if (name?.includes('.')) throw semantic(`the item's name ${name} is no variable name`);
    const code = attributeOf(element, 'expr');
    scopes.set(this.scope, variable, undefined);
    if (code !== undefined) scopes.declare(this.scope, variable, code, element.at);
  }

  /** Select phase. Undefined: choosing raised an event, which was handled. @throws Leave */
  async #selected(): Promise<Item | undefined> {
    const next = this.#nextItem;
    this.#nextItem = undefined;
    if (next) return next;
    if (this.isMenu) return this.items[0];
    for (const item of this.items) {
      let isOpen = false;
      const isChosen = await this.#guarded(item, () => {
        isOpen = this.#isOpen(item);
        return Promise.resolve();
      });
      if (!isChosen) return undefined;
      if (isOpen) return item;
    }
    await this.context.shared.flushPrompts().catch((error: unknown) => {
      if (!(error instanceof PageEvent)) throw error;
    });
    throw leaveByExit();
  }

  #isOpen(item: Item): boolean {
    const { scopes } = this.context.shared;
    if (scopes.isDefined(this.scope, item.variable)) return false;
    const cond = attributeOf(item.element, 'cond');
    return cond === undefined || scopes.test(this.scope, cond, item.element.at);
  }

  /** Collect and process phases of one item. */
  async #turn(item: Item): Promise<void> {
    const isQuiet = this.#isQuiet;
    this.#isQuiet = false;
    this.#justFilled = new Set();
    if (item.hasPrompts && !isQuiet) {
      queuePrompts(item, this.env(item));
      item.promptCount++;
    }
    await visit(this, item);
    await this.#processFilled();
  }

  /** @returns whether it went through without an event. @throws Leave, PageLimit */
  async #guarded(item: Item | undefined, run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      await this.#caught(error, item);
      return false;
    }
  }

  async #caught(error: unknown, item: Item | undefined): Promise<void> {
    if (error instanceof Leave && error.to.kind === 'item') {
      this.#nextItem = this.itemNamed(error.to.name);
    } else if (error instanceof PageEvent) {
      await this.#handle(error, error.isDialogLevel ? undefined : (itemAt.get(error) ?? item));
    } else throw error;
  }

  async #handle(first: PageEvent, item: Item | undefined): Promise<void> {
    let event = first;
    for (;;) {
      this.context.shared.budget.step();
      this.context.shared.platform.trace('event', event.message);
      const handler = { isReprompted: false };
      const next = await this.#handleOnce(event, item, handler);
      this.#isQuiet = !handler.isReprompted;
      if (!next) return;
      event = next;
    }
  }

  /** @returns the event that the handler threw in its turn */
  async #handleOnce(
    { event, said, message }: PageEvent,
    item: Item | undefined,
    state: { isReprompted: boolean },
  ): Promise<PageEvent | undefined> {
    const counters = item?.counters ?? this.#counters;
    counters.add(event);
    const scopes = [item?.element, this.element, ...this.context.pages().map(({ root }) => root)];
    const elements = [...new Set(scopes.filter((one) => one !== undefined))];
    const env: Env = { ...this.env(item), handler: state };
    try {
      const test = (cond: string, { at }: XmlElement): boolean =>
        this.context.shared.scopes.test(this.scope, cond, at);
      const handler = findHandler(event, elements, counters, test);
      if (handler) await runHandler(handler, { name: event, said }, env);
      else {
        await this.#flushBeforeEnd(event);
        leaveByBuiltIn(new PageEvent(event, said ?? message));
        state.isReprompted = builtInAction(event) === 'reprompt';
      }
      return undefined;
    } catch (error) {
      if (error instanceof PageEvent) return error;
      if (error instanceof Leave && error.to.kind === 'item') {
        this.#nextItem = this.itemNamed(error.to.name);
        return undefined;
      }
      throw error;
    }
  }

  /** What was queued is heard before the page is over. */
  async #flushBeforeEnd(event: string): Promise<void> {
    if (builtInAction(event) !== 'fail') return;
    await this.context.shared.flushPrompts().catch((error: unknown) => {
      if (!(error instanceof PageEvent)) throw error;
    });
  }

  /** Filled actions that the input triggered, in document order. */
  async #processFilled(): Promise<void> {
    if (this.#justFilled.size === 0 || this.isMenu) return;
    for (const element of elementsOf(this.element)) {
      const item = this.items.find((one) => one.element === element);
      if (item && this.#isJustFilled(item)) {
        for (const filled of elementsOf(element)) {
          if (filled.local === 'filled') await this.#runFilled(filled, item);
        }
      } else if (element.local === 'filled' && this.#isTriggered(element)) {
        await this.#runFilled(element, undefined);
      }
    }
  }

  /** Not cleared again by a filled action before. */
  #isJustFilled(item: Item): boolean {
    const { scopes } = this.context.shared;
    return this.#justFilled.has(item) && scopes.isDefined(this.scope, item.variable);
  }

  #isTriggered(filled: XmlElement): boolean {
    const names = namesIn(attributeOf(filled, 'namelist'));
    const all = this.items.filter(
      (item) => item.isInput && (names.length === 0 || names.includes(item.variable)),
    );
    if (!all.some((item) => this.#justFilled.has(item))) return false;
    const { scopes } = this.context.shared;
    const isFilled = (item: Item): boolean => scopes.isDefined(this.scope, item.variable);
    return attributeOf(filled, 'mode') === 'any' ? all.some(isFilled) : all.every(isFilled);
  }

  async #runFilled(filled: XmlElement, item: Item | undefined): Promise<void> {
    const { scopes } = this.context.shared;
    const scope = scopes.open(this.scope, undefined);
    try {
      await execute(filled.children, { ...this.env(item), scope });
    } catch (error) {
      if (error instanceof PageEvent) {
        if (item) itemAt.set(error, item);
        else error.isDialogLevel = true;
      }
      throw error;
    } finally {
      scopes.close(scope);
    }
  }
}

/** The item in whose filled an event was thrown, where that is not the one that was visited. */
const itemAt = new WeakMap<PageEvent, Item>();
