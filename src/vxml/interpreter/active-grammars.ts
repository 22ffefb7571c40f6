/**
 * Which grammars listen while an item waits, in order of precedence: those of the item, its form, the
 * page, the application root (2.0, 3.1.3 and 3.1.4).
 */
import {
  attributeOf,
  elementsOf,
  textOf,
  type XmlElement,
} from '../../plugin/scxml/document/xml.js';
import { resolveUrl, type Page } from '../document/page.js';
import { builtinOfType, builtinOfUri } from '../dtmf/builtins.js';
import { keys, type DtmfGrammar } from '../dtmf/grammar.js';
import { CompiledGrammar } from '../dtmf/matcher.js';
import { checkFormat, readGrammar } from '../dtmf/srgs.js';
import { placed, unsupported } from '../errors.js';
import { menuLines, optionValue, type MenuLine } from './choices.js';
import type { Dialog } from './dialog.js';
import { propertiesOf, type Env } from './env.js';
import { fetchTimeoutMs } from './executable.js';
import type { Item } from './items.js';
import { attributeOrExpression } from './references.js';

/** Whose grammar was matched. */
export type Owner =
  | { readonly kind: 'item' }
  | { readonly kind: 'option'; readonly value: string | undefined }
  /** A form: the one of the item, or another one that listens throughout the page. */
  | { readonly kind: 'form'; readonly dialog: XmlElement; readonly isRoot: boolean }
  /** A choice or a link, and the page it stands in: the root's lead on from the root. */
  | { readonly kind: 'target'; readonly element: XmlElement; readonly page: Page };

export interface ActiveGrammar {
  readonly grammar: CompiledGrammar;
  readonly owner: Owner;
}

/**
 * Those of equal precedence are in document order, which decides between them.
 * @throws PageEvent error.unsupported.format, error.badfetch...
 */
export async function activeGrammars(dialog: Dialog, item: Item): Promise<ActiveGrammar[]> {
  const env = dialog.env(item);
  const found: ActiveGrammar[] = [];
  const collector = new GrammarCollector(env, env.context.page, found);
  await collector.item(item);
  const modal = attributeOf(item.element, 'modal') ?? String(item.kind === 'record');
  if (modal === 'true' || item.kind === 'transfer') return found;
  if (!dialog.isMenu) await collector.form(dialog.element, true);
  for (const page of env.context.pages()) {
    await new GrammarCollector(env, page, found).page(dialog.element);
  }
  return found;
}

class GrammarCollector {
  readonly #env: Env;
  /** Where the elements stand: what they refer to is relative to it. */
  readonly #page: Page;
  readonly #found: ActiveGrammar[];
  readonly #isVoiceOff: boolean;

  constructor(env: Env, page: Page, found: ActiveGrammar[]) {
    this.#env = env;
    this.#page = page;
    this.#found = found;
    this.#isVoiceOff = !propertiesOf(env).listensTo('voice');
  }

  async item(item: Item): Promise<void> {
    const { element } = item;
    if (item.kind === 'menu') return this.#lines(element);
    const type = item.kind === 'field' ? attributeOf(element, 'type') : undefined;
    if (type !== undefined) this.#add(builtinOfType(type), { kind: 'item' });
    const lines = menuLines(item.kind === 'field' ? element : undefined);
    for (const child of elementsOf(element)) {
      const line = lines.find((one) => one.element === child);
      if (line) await this.#line(line);
      else if (child.local === 'grammar') await this.#grammar(child, { kind: 'item' });
      else if (child.local === 'link') await this.#link(child);
    }
  }

  /** A form itself. @param isActive the form of the item, whose grammars count whatever their scope */
  async form(form: XmlElement, isActive: boolean): Promise<void> {
    const isWide = attributeOf(form, 'scope') === 'document';
    const isRoot = this.#page !== this.#env.context.page;
    for (const child of elementsOf(form)) {
      if (child.local === 'link' && isActive) await this.#link(child);
      if (child.local !== 'grammar') continue;
      const scope = attributeOf(child, 'scope') ?? (isWide ? 'document' : 'dialog');
      if (!isActive && scope !== 'document') continue;
      await this.#grammar(child, { kind: 'form', dialog: form, isRoot });
    }
  }

  /** Links of the page, and its forms and menus that listen throughout it. */
  async page(active: XmlElement): Promise<void> {
    for (const child of elementsOf(this.#page.root)) {
      if (child === active) continue;
      if (child.local === 'link') await this.#link(child);
      else if (child.local === 'form') await this.form(child, false);
      else if (child.local === 'menu' && attributeOf(child, 'scope') === 'document') {
        await this.#lines(child);
      }
    }
  }

  async #link(link: XmlElement): Promise<void> {
    const owner: Owner = { kind: 'target', element: link, page: this.#page };
    const dtmf = attributeOf(link, 'dtmf');
    if (dtmf !== undefined) this.#add({ root: keys(dtmf.replace(/\s+/g, '')) }, owner);
    await this.#own(link, owner);
  }

  async #own(element: XmlElement, owner: Owner): Promise<void> {
    for (const grammar of elementsOf(element).filter(({ local }) => local === 'grammar')) {
      await this.#grammar(grammar, owner);
    }
  }

  /** Choices of a menu. */
  async #lines(menu: XmlElement): Promise<void> {
    for (const line of menuLines(menu)) await this.#line(line);
  }

  async #line(line: MenuLine): Promise<void> {
    const { element, dtmf } = line;
    const owner: Owner =
      element.local === 'option'
        ? { kind: 'option', value: optionValue(line) }
        : { kind: 'target', element, page: this.#page };
    // Its words are a grammar too, of which no key is part.
    this.#add({ root: dtmf === undefined ? { kind: 'void' } : keys(dtmf) }, owner);
    if (element.local === 'choice') await this.#own(element, owner);
  }

  async #grammar(element: XmlElement, owner: Owner): Promise<void> {
    if (this.#isVoiceOff && attributeOf(element, 'mode') === 'voice') return;
    const { shared } = this.#env.context;
    const isFixed = attributeOf(element, 'srcexpr') === undefined;
    const known = isFixed ? shared.grammars.get(element) : undefined;
    const grammar = known ?? this.#load(element);
    if (isFixed) shared.grammars.set(element, grammar);
    try {
      this.#found.push({ grammar: await grammar, owner });
    } catch (error) {
      // Another visit may have more luck.
      shared.grammars.delete(element);
      throw error;
    }
  }

  async #load(element: XmlElement): Promise<CompiledGrammar> {
    const { shared } = this.#env.context;
    const { base } = this.#page;
    checkFormat(element);
    const timeoutMs = fetchTimeoutMs(element, this.#env);
    const isInline =
      attributeOf(element, 'src') === undefined && attributeOf(element, 'srcexpr') === undefined;
    if (isInline) {
      if (elementsOf(element).length === 0 && textOf(element).trim() !== '') {
        throw unsupported('format', placed(element.at, 'a grammar that is not in XML form'));
      }
      return this.#read(element, base, timeoutMs);
    }
    const reference = attributeOrExpression(element, 'src', 'srcexpr', this.#env);
    const builtin = builtinOfUri(reference);
    if (builtin) return new CompiledGrammar(builtin, shared.limits.grammarStates);
    if (reference.startsWith('builtin:')) {
      throw unsupported('builtin', placed(element.at, `${reference.slice(0, 80)} is not known`));
    }
    const url = resolveUrl(reference, base);
    const root = await shared.grammarRoot(url, timeoutMs);
    // Where the reference says that it is for keys, the grammar need not say so again.
    if (attributeOf(element, 'mode') === undefined || attributeOf(root, 'mode') !== undefined) {
      checkFormat(root);
    }
    const fragment = reference.split('#')[1];
    return this.#read(root, url, timeoutMs, fragment);
  }

  async #read(
    root: XmlElement,
    base: string,
    timeoutMs: number,
    rule?: string,
  ): Promise<CompiledGrammar> {
    const { shared } = this.#env.context;
    const load = (reference: string): Promise<XmlElement> =>
      shared.grammarRoot(resolveUrl(reference, base), timeoutMs);
    return new CompiledGrammar(await readGrammar(root, load, rule), shared.limits.grammarStates);
  }

  #add(grammar: DtmfGrammar, owner: Owner): void {
    const { grammarStates } = this.#env.context.shared.limits;
    this.#found.push({ grammar: new CompiledGrammar(grammar, grammarStates), owner });
  }
}
