/** What all pages and subdialogs of one session share. */
import type { XmlElement } from '../../plugin/scxml/document/xml.js';
import { mayRead } from '../document/access-control.js';
import { parsePage, readXml, resolveUrl, type Page } from '../document/page.js';
import type { CompiledGrammar } from '../dtmf/matcher.js';
import { badFetch, PageEvent, semantic } from '../errors.js';
import type { PageLimits } from '../limits.js';
import type { FetchAudio, PageFetch, Platform, QueuedPrompt } from '../platform.js';
import type { Scope, Scopes } from '../script/scopes.js';
import type { Budget } from './budget.js';
import { leaveByExit, type LoadedPage } from './leave.js';

export class Shared {
  readonly platform: Platform;
  readonly scopes: Scopes;
  readonly limits: PageLimits;
  readonly budget: Budget;
  readonly sessionScope: Scope;
  /** Values of the namelist that the page disconnected with. */
  leftAtDisconnect: Readonly<Record<string, string | undefined>> = {};
  /** Grammars that do not change, by their element. */
  readonly grammars = new WeakMap<XmlElement, Promise<CompiledGrammar>>();
  readonly #texts = new Map<string, string>();
  #prompts: QueuedPrompt[] = [];
  #isHungUp = false;

  constructor(platform: Platform, scopes: Scopes, limits: PageLimits, budget: Budget) {
    this.platform = platform;
    this.scopes = scopes;
    this.limits = limits;
    this.budget = budget;
    this.sessionScope = scopes.open(undefined, 'session');
  }

  /** After a hang-up the page goes on until it would wait for the caller (2.0, 1.5.4). */
  get isHungUp(): boolean {
    return this.#isHungUp;
  }

  /** Counts a step; a page that takes many does not hold up the others. @throws PageLimit */
  async step(): Promise<void> {
    this.budget.step();
    if (this.budget.isRestDue()) await this.platform.rest();
  }

  queue(prompt: QueuedPrompt): void {
    if (this.#isHungUp || prompt.parts.length === 0) return;
    if (this.#prompts.length >= this.limits.queuedPrompts) {
      throw semantic(`more than ${this.limits.queuedPrompts} prompts wait to be heard`);
    }
    this.#prompts.push(prompt);
  }

  takePrompts(): QueuedPrompt[] {
    return this.#prompts.splice(0);
  }

  /** Before every wait for the caller. @throws Leave when there is none any more */
  beginTurn(): void {
    if (this.#isHungUp) throw leaveByExit();
    this.budget.turn();
  }

  /** @throws PageEvent connection.disconnect.hangup, always */
  hungUp(): never {
    this.noteHangUp();
    throw new PageEvent('connection.disconnect.hangup', 'the caller hung up');
  }

  noteHangUp(): void {
    this.#isHungUp = true;
    this.#prompts = [];
  }

  /** Lets what is queued be heard to its end. @throws PageEvent */
  async flushPrompts(): Promise<void> {
    const prompts = this.takePrompts();
    if (prompts.length === 0 || this.#isHungUp) return;
    const outcome = await this.platform.play(prompts);
    if (outcome.kind === 'failed') throw new PageEvent(outcome.event, outcome.why);
    if (outcome.kind === 'hung-up') this.hungUp();
  }

  /**
   * @param audio heard meanwhile; what is queued is heard before (2.0, 4.1.8)
   * @throws PageEvent error.badfetch..., PageLimit
   */
  async text(
    request: PageFetch,
    audio?: FetchAudio,
  ): Promise<{ readonly text: string; readonly url: string }> {
    this.budget.fetch();
    if (audio) await this.flushPrompts();
    this.platform.trace('fetch', request.url);
    const fetched = await this.platform.fetch(request, this.#isHungUp ? undefined : audio);
    if (fetched.kind === 'ok') return fetched;
    throw new PageEvent(`error.badfetch${fetched.suffix}`, fetched.why);
  }

  /** Scripts and grammars: the same address is fetched once in a session. */
  async staticText(url: string, what: 'script' | 'grammar', timeoutMs: number): Promise<string> {
    const known = this.#texts.get(url);
    if (known !== undefined) return known;
    const { text } = await this.text({ url, what, method: 'GET', timeoutMs });
    this.#texts.set(url, text);
    return text;
  }

  /** A document for `data`. @throws PageEvent error.badfetch..., error.noauthorization */
  async xml(request: PageFetch, reader: Page, audio?: FetchAudio): Promise<XmlElement> {
    const { text, url } = await this.text(request, audio);
    if (!mayRead(text, reader.url)) {
      throw new PageEvent('error.noauthorization', `${url} does not let ${reader.url} read it`);
    }
    return readXml(text, url, this.limits);
  }

  async grammarRoot(url: string, timeoutMs: number): Promise<XmlElement> {
    return readXml(await this.staticText(url, 'grammar', timeoutMs), url, this.limits);
  }

  /**
   * A page and, unless it is one of those that are there, its root.
   * @throws PageEvent error.badfetch..., error.semantic
   */
  async page(
    request: Omit<PageFetch, 'what'>,
    known: readonly Page[],
    audio?: FetchAudio,
  ): Promise<LoadedPage> {
    const { text, url } = await this.text({ ...request, what: 'page' }, audio);
    const page = parsePage(text, resolveUrl(url, request.url), this.limits);
    const { application } = page;
    if (application === undefined || application === page.url) return { page, root: undefined };
    const there = known.find((one) => one.url === application);
    const root = there ?? (await this.#root(application, request.timeoutMs, audio));
    if (root.application !== undefined && root.application !== root.url) {
      throw semantic(`${application}, an application root, names a root of its own`);
    }
    return { page, root };
  }

  async #root(url: string, timeoutMs: number | undefined, audio?: FetchAudio): Promise<Page> {
    const fetched = await this.text({ url, what: 'page', method: 'GET', timeoutMs }, audio);
    const root = parsePage(fetched.text, resolveUrl(fetched.url, url), this.limits);
    // The name an application has is the address it was asked for by.
    return { ...root, url };
  }
}

/** The form or menu a fragment names; without one the first. @throws PageEvent error.badfetch */
export function dialogOf(page: Page, fragment: string | undefined): XmlElement | undefined {
  if (fragment === undefined) return page.dialogs[0];
  const dialog = page.dialogs.find((one) =>
    one.attributes.some(({ local, value }) => local === 'id' && value === fragment),
  );
  if (!dialog) throw badFetch(`${page.url} has no dialog ${fragment.slice(0, 100)}`);
  return dialog;
}
