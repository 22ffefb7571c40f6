/**
 * XInclude as Composer uses it: scripts as text, and parts of other pages as XML, where `resolveid`
 * puts a prefix before the ids and stands for `$$_MY_PREFIX_$$` and `_my_prefix` in the text. Depth
 * and number are bounded; everything else about includes (fallback, encoding, ranges) is not read.
 */
import {
  attributeOf,
  elementsOf,
  parseXml,
  type XmlElement,
  type XmlNode,
} from '../document/xml.js';
import { DocumentError } from '../errors.js';
import type { PrepareContext } from '../extension.js';

const XINCLUDE = 'http://www.w3.org/2001/XInclude';
/** Composer's own nest two deep; a page that includes itself would not end. */
const DEPTH_MAX = 8;
const STATES = ['state', 'parallel', 'final', 'history'];

/** @throws DocumentError `SCXML_FETCH_FAILED`, `SCXML_INCLUDE_TOO_DEEP`, and those of reading XML */
export function includePages(root: XmlElement, context: PrepareContext): Promise<XmlElement> {
  return new Includer(context).expand(root, 0);
}

class Includer {
  readonly #context: PrepareContext;
  #chars = 0;
  #elements = 0;

  constructor(context: PrepareContext) {
    this.#context = context;
  }

  async expand(element: XmlElement, depth: number): Promise<XmlElement> {
    this.#countElement(element);
    const children: XmlNode[] = [];
    // One after the other: the bounds then hold at every moment.
    for (const child of element.children) {
      if (child.kind === 'text') children.push(child);
      else if (child.uri === XINCLUDE && child.local === 'include')
        children.push(await this.#include(child, depth + 1));
      else children.push(await this.expand(child, depth));
    }
    return { ...element, children };
  }

  async #include(element: XmlElement, depth: number): Promise<XmlNode> {
    if (depth > DEPTH_MAX)
      throw new DocumentError(
        'SCXML_INCLUDE_TOO_DEEP',
        `pages include each other more than ${DEPTH_MAX} deep`,
        element.at,
      );
    const href = attributeOf(element, 'href') ?? '';
    const outcome = await this.#context.fetch(href, element.at.file);
    if (outcome.kind === 'failed')
      throw new DocumentError('SCXML_FETCH_FAILED', `${href}: ${outcome.why}`, element.at);
    this.#countChars(outcome.text, element);
    if (attributeOf(element, 'parse') === 'text') return { kind: 'text', text: outcome.text };
    const prefix = attributeOf(element, 'resolveid');
    const text = prefix === undefined ? outcome.text : withPrefix(outcome.text, prefix);
    const page = parseXml(text, outcome.url, this.#context.limits);
    const id = attributeOf(element, 'xpointer');
    const part = id === undefined ? page : find(page, id);
    if (!part)
      throw new DocumentError('SCXML_FETCH_FAILED', `${href} has no element "${id}"`, element.at);
    return this.expand(prefix === undefined ? part : withPrefixedIds(part, prefix), depth);
  }

  #countChars(text: string, { at }: XmlElement): void {
    const max = this.#context.limits.documentChars;
    this.#chars += text.length;
    if (this.#chars > max)
      throw new DocumentError(
        'SCXML_XML_TOO_LARGE',
        `a page and what it includes are more than ${max} characters`,
        at,
      );
  }

  #countElement({ at }: XmlElement): void {
    const max = this.#context.limits.xmlElements;
    if (++this.#elements > max)
      throw new DocumentError(
        'SCXML_XML_TOO_MANY_ELEMENTS',
        `a page and what it includes are more than ${max} elements`,
        at,
      );
  }
}

function withPrefix(text: string, prefix: string): string {
  return text
    .replaceAll('$$_MY_PREFIX_$$', () => prefix)
    .replace(/\b_my_prefix\b/g, () => `'${prefix.replace(/[^\w.-]/g, '')}'`);
}

function find(element: XmlElement, id: string): XmlElement | undefined {
  if (attributeOf(element, 'id') === id) return element;
  for (const child of elementsOf(element)) {
    const found = find(child, id);
    if (found) return found;
  }
  return undefined;
}

function withPrefixedIds(element: XmlElement, prefix: string): XmlElement {
  const isState = STATES.includes(element.local);
  return {
    ...element,
    attributes: element.attributes.map((attribute) =>
      isState && attribute.local === 'id' && !attribute.value.startsWith(`${prefix}.`)
        ? { ...attribute, value: `${prefix}.${attribute.value}` }
        : attribute,
    ),
    children: element.children.map((child) =>
      child.kind === 'element' ? withPrefixedIds(child, prefix) : child,
    ),
  };
}
