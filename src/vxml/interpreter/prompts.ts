/** From prompt elements to what is heard: selection by count and cond, and their content (2.0, 4.1). */
import { attributeOf, type XmlElement, type XmlNode } from '../../plugin/scxml/document/xml.js';
import { isOwn } from '../document/elements.js';
import { resolveUrl, xmlAttribute, xmlBase } from '../document/page.js';
import { PageEvent, semantic, unsupported } from '../errors.js';
import type { PromptPart, QueuedPrompt } from '../platform.js';
import { propertiesOf, type Env } from './env.js';
import type { Item } from './items.js';
import { menuLines } from './choices.js';
import { durationMs } from './time.js';

/** In front of the id of a recording, where a page holds one in a variable. */
export const RECORDING = 'recording:';

const BREAKS: Readonly<Record<string, number>> = {
  none: 0,
  'x-weak': 100,
  weak: 250,
  small: 250,
  medium: 500,
  strong: 1000,
  large: 1000,
  'x-strong': 2000,
};
const SOUNDS = new Set(['audio', 'value', 'enumerate', 'foreach', 'mark']);
const SPEECH = new Set(
  'break emphasis phoneme prosody say-as voice sub p s paragraph sentence'.split(' '),
);
const SILENT = new Set(['desc', 'lexicon', 'metadata', 'meta']);

/** What may be heard without a prompt around it. */
export function isSound(node: XmlNode): boolean {
  if (node.kind === 'text') return node.text.trim() !== '';
  return isOwn(node) && (SOUNDS.has(node.local) || SPEECH.has(node.local));
}

/** The prompts of an item whose count is right now. @throws PageEvent */
export function queuePrompts(item: Item, env: Env): void {
  const { scopes } = env.context.shared;
  const able = promptsOf(item.element).filter(({ element }) => {
    const cond = element && attributeOf(element, 'cond');
    return cond === undefined || scopes.test(env.scope, cond, element?.at ?? item.element.at);
  });
  const counts = able.map(({ count }) => count).filter((count) => count <= item.promptCount);
  const right = Math.max(...counts);
  for (const { element, nodes, count } of able) {
    if (count === right) queuePrompt(element, nodes, env);
  }
}

interface PromptGroup {
  /** Undefined: sounds that stand in the item without a prompt. */
  readonly element: XmlElement | undefined;
  readonly nodes: readonly XmlNode[];
  readonly count: number;
}

function promptsOf(item: XmlElement): PromptGroup[] {
  const groups: PromptGroup[] = [];
  let loose: XmlNode[] = [];
  const close = (): void => {
    if (loose.length > 0) groups.push({ element: undefined, nodes: loose, count: 1 });
    loose = [];
  };
  for (const node of item.children) {
    if (node.kind === 'element' && node.local === 'prompt') {
      close();
      const count = Number(attributeOf(node, 'count') ?? 1);
      groups.push({ element: node, nodes: node.children, count });
    } else if (isSound(node)) loose.push(node);
    else if (node.kind === 'element') close();
  }
  close();
  return groups;
}

/** @param element the prompt, or undefined for bare sounds. @throws PageEvent */
export function queuePrompt(
  element: XmlElement | undefined,
  nodes: readonly XmlNode[],
  env: Env,
): void {
  const { shared, page } = env.context;
  const properties = propertiesOf(env);
  const attribute = (name: string): string | undefined => element && attributeOf(element, name);
  const language = (element && xmlAttribute(element, 'lang')) ?? page.language;
  const timeout = attribute('timeout');
  const bargein = attribute('bargein') ?? properties.word('bargein');
  const type = attribute('bargeintype') ?? properties.word('bargeintype');
  const prompt: QueuedPrompt = {
    parts: partsOf(nodes, env, {
      language,
      base: element ? xmlBase(element, page.base) : page.base,
    }),
    bargein: bargein !== 'false',
    bargeinType: type === 'hotword' ? 'hotword' : 'speech',
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout, 'prompt timeout'),
  };
  shared.queue(prompt);
}

/** What is inherited from the elements around. */
interface Surroundings {
  readonly language: string | undefined;
  /** Addresses are relative to it. */
  readonly base: string;
}

/** @throws PageEvent */
function partsOf(nodes: readonly XmlNode[], env: Env, surroundings: Surroundings): PromptPart[] {
  const builder = new PartBuilder(env, surroundings);
  builder.add(nodes);
  return builder.parts;
}

class PartBuilder {
  readonly parts: PromptPart[] = [];
  readonly #env: Env;
  #around: Surroundings;
  #chars = 0;

  constructor(env: Env, surroundings: Surroundings) {
    this.#env = env;
    this.#around = surroundings;
  }

  get #language(): string | undefined {
    return this.#around.language;
  }

  add(nodes: readonly XmlNode[]): void {
    for (const node of nodes) {
      this.#env.context.shared.budget.step();
      if (node.kind === 'text') this.#text(node.text);
      else this.#element(node);
    }
  }

  #text(text: string): void {
    const words = text.replace(/\s+/g, ' ').trim();
    if (words === '') return;
    const { promptChars } = this.#env.context.shared.limits;
    this.#chars += words.length;
    if (this.#chars > promptChars)
      throw semantic(`a prompt of more than ${promptChars} characters`);
    const last = this.parts.at(-1);
    if (last?.kind === 'text' && last.language === this.#language) {
      this.parts.splice(-1, 1, { ...last, text: `${last.text} ${words}` });
    } else this.parts.push({ kind: 'text', text: words, language: this.#language });
  }

  #element(element: XmlElement): void {
    if (!isOwn(element)) {
      throw unsupported(element.local, `<${element.name}> is not supported in a prompt`);
    }
    if (SILENT.has(element.local)) return;
    switch (element.local) {
      case 'audio':
        return this.#audio(element);
      case 'value':
        return this.#text(this.#evaluated(element, 'expr'));
      case 'break':
        return this.#break(element);
      case 'say-as':
        return this.#sayAs(element);
      case 'sub':
        return this.#text(attributeOf(element, 'alias') ?? '');
      case 'mark':
        return this.#mark(element);
      case 'enumerate':
        return this.#enumerate(element);
      case 'foreach':
        return this.#foreach(element);
      default:
        return this.#within(element);
    }
  }

  #within(element: XmlElement): void {
    const outer = this.#around;
    const language = xmlAttribute(element, 'lang') ?? outer.language;
    this.#around = { language, base: xmlBase(element, outer.base) };
    this.add(element.children);
    this.#around = outer;
  }

  /** 4.1.3: an expression that is undefined takes the whole element away, its content too. */
  #audio(element: XmlElement): void {
    const { context, scope } = this.#env;
    const code = attributeOf(element, 'expr');
    let source = attributeOf(element, 'src');
    if (code !== undefined) {
      source = context.shared.scopes.textIfAny(scope, code, element.at);
      if (source === undefined) return;
    }
    const fallback = partsOf(element.children, this.#env, this.#around);
    if (source?.startsWith(RECORDING)) {
      this.parts.push({ kind: 'recording', id: source.slice(RECORDING.length), fallback });
      return;
    }
    try {
      const url = resolveUrl(source ?? '', this.#around.base);
      this.parts.push({ kind: 'audio', url, fallback });
    } catch (error) {
      if (!(error instanceof PageEvent)) throw error;
      // An address that is none: the content is heard instead.
      if (fallback.length === 0) context.shared.platform.trace('sound-missing', error.message);
      this.parts.push(...fallback);
    }
  }

  #break(element: XmlElement): void {
    const time = attributeOf(element, 'time');
    const name = attributeOf(element, 'strength') ?? attributeOf(element, 'size') ?? 'medium';
    const ms = time === undefined ? (BREAKS[name] ?? 500) : durationMs(time, 'break');
    if (ms > 0) this.parts.push({ kind: 'break', durationMs: Math.min(ms, 60_000) });
  }

  #sayAs(element: XmlElement): void {
    const as = attributeOf(element, 'interpret-as') ?? attributeOf(element, 'type') ?? '';
    const inner = partsOf(element.children, this.#env, this.#around);
    const text = inner.map((part) => (part.kind === 'text' ? part.text : '')).join(' ');
    const format = attributeOf(element, 'format');
    this.parts.push({ kind: 'say-as', as, format, text, language: this.#language });
  }

  #mark(element: XmlElement): void {
    const name = attributeOf(element, 'name') ?? this.#evaluated(element, 'nameexpr');
    this.parts.push({ kind: 'mark', name });
  }

  #evaluated(element: XmlElement, attribute: string): string {
    const { context, scope } = this.#env;
    return context.shared.scopes.text(scope, attributeOf(element, attribute) ?? '', element.at);
  }

  /** 2.2.4: each choice with `_prompt` and `_dtmf`; without content the choices themselves. */
  #enumerate(element: XmlElement): void {
    const { context, dialog, item } = this.#env;
    const { scopes } = context.shared;
    const hasTemplate = element.children.some(
      (node) => node.kind === 'element' || node.text.trim() !== '',
    );
    for (const line of menuLines(item?.element ?? dialog?.element)) {
      if (!hasTemplate) {
        this.#text(line.dtmf === undefined ? line.text : `${line.text}; ${line.dtmf};`);
        continue;
      }
      const scope = scopes.open(this.#env.scope, undefined);
      scopes.set(scope, '_prompt', JSON.stringify(line.text));
      scopes.set(scope, '_dtmf', JSON.stringify(line.dtmf ?? ''));
      this.#append(partsOf(element.children, { ...this.#env, scope }, this.#around));
      scopes.close(scope);
    }
  }

  #foreach(element: XmlElement): void {
    const { context, scope } = this.#env;
    const { scopes } = context.shared;
    const { key, length } = scopes.list(scope, attributeOf(element, 'array') ?? '', element.at);
    const name = attributeOf(element, 'item') ?? '';
    for (let index = 0; index < length; index++) {
      scopes.setItem(key, index, scope, name, element.at);
      this.#append(partsOf(element.children, this.#env, this.#around));
    }
    scopes.dropList(key);
  }

  #append(parts: readonly PromptPart[]): void {
    for (const part of parts) {
      if (part.kind === 'text') this.#text(part.text);
      else this.parts.push(part);
    }
  }
}
