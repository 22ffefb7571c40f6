/**
 * XML text to a tree that knows where each element stands. Everything is bounded while parsing, not
 * after it. Refused: document type declarations (entities, outside references) and whatever saxes
 * calls malformed, undefined entities included. Nothing is ever fetched from here.
 */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { DocumentError, type Position } from '../errors.js';
import type { Limits } from '../limits.js';

export interface XmlAttribute {
  /** As written, with its prefix. */
  readonly name: string;
  readonly local: string;
  readonly uri: string;
  readonly value: string;
}

export interface XmlElement {
  readonly kind: 'element';
  readonly local: string;
  /** As written, with its prefix. */
  readonly name: string;
  /** Namespace, empty when none. */
  readonly uri: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlNode[];
  readonly at: Position;
  /** The element as it stands in the source. */
  readonly source: string;
}

export interface XmlText {
  readonly kind: 'text';
  readonly text: string;
}

export type XmlNode = XmlElement | XmlText;

export type XmlLimits = Pick<
  Limits,
  'documentChars' | 'xmlDepth' | 'xmlElements' | 'attributesPerElement'
>;

type Open = Omit<XmlElement, 'children' | 'source'> & {
  readonly children: XmlNode[];
  readonly start: number;
};

/**
 * @param file named in positions and messages only
 * @returns the root element
 * @throws DocumentError `SCXML_XML_...`
 */
export function parseXml(source: string, file: string, limits: XmlLimits): XmlElement {
  if (source.length > limits.documentChars)
    throw new DocumentError(
      'SCXML_XML_TOO_LARGE',
      `${file}: ${source.length} characters, ${limits.documentChars} are allowed`,
    );
  return new TreeBuilder(source, file, limits).parse();
}

/** The value of an attribute without namespace. */
export function attributeOf(element: XmlElement, local: string): string | undefined {
  return element.attributes.find((a) => a.local === local && a.uri === '')?.value;
}

export function elementsOf(element: XmlElement): XmlElement[] {
  return element.children.filter((child) => child.kind === 'element');
}

/** The text directly inside, without that of child elements. */
export function textOf(element: XmlElement): string {
  return element.children.map((child) => (child.kind === 'text' ? child.text : '')).join('');
}

class TreeBuilder {
  readonly #source: string;
  readonly #file: string;
  readonly #limits: XmlLimits;
  readonly #parser = new SaxesParser({ xmlns: true, position: true });
  readonly #open: Open[] = [];
  #count = 0;
  #attributeCount = 0;
  #tagStart = 0;
  #tagAt: Position;
  #root: XmlElement | null = null;

  constructor(source: string, file: string, limits: XmlLimits) {
    this.#source = source;
    this.#file = file;
    this.#limits = limits;
    this.#tagAt = { file, line: 1, column: 1 };
  }

  parse(): XmlElement {
    const parser = this.#parser;
    parser.on('error', (error) => {
      // saxes puts line and column before its sentence.
      const sentence = error.message.replace(/^.*?:?\d+:\d+: /, '');
      throw new DocumentError('SCXML_XML_MALFORMED', sentence, this.#here());
    });
    parser.on('doctype', () => {
      throw new DocumentError(
        'SCXML_XML_DOCTYPE',
        'a document type declaration is not allowed',
        this.#here(),
      );
    });
    parser.on('opentagstart', () => this.#startTag());
    parser.on('attribute', () => this.#countAttribute());
    parser.on('opentag', (tag) => this.#openElement(tag));
    parser.on('closetag', () => this.#closeElement());
    parser.on('text', (text) => this.#addText(text));
    parser.on('cdata', (text) => this.#addText(text));
    parser.write(this.#source).close();
    if (!this.#root)
      throw new DocumentError('SCXML_XML_MALFORMED', 'the document is empty', this.#here());
    return this.#root;
  }

  #startTag(): void {
    // The parser stands behind the tag's name: the tag began at the last '<' before it.
    this.#tagStart = this.#source.lastIndexOf('<', this.#parser.position - 1);
    const behind = this.#parser.position - 1 - this.#tagStart;
    // It has read one character more than the name, which may have been the end of the line.
    const isNextLine = this.#source.startsWith('\n', this.#parser.position - 1);
    const column = isNextLine
      ? this.#tagStart - this.#source.lastIndexOf('\n', this.#tagStart)
      : Math.max(1, this.#parser.column - behind);
    const line = this.#parser.line - (isNextLine ? 1 : 0);
    this.#tagAt = { file: this.#file, line, column };
    this.#attributeCount = 0;
    if (this.#open.length >= this.#limits.xmlDepth)
      throw new DocumentError(
        'SCXML_XML_TOO_DEEP',
        `more than ${this.#limits.xmlDepth} elements inside each other`,
        this.#tagAt,
      );
    if (++this.#count > this.#limits.xmlElements)
      throw new DocumentError(
        'SCXML_XML_TOO_MANY_ELEMENTS',
        `more than ${this.#limits.xmlElements} elements`,
        this.#tagAt,
      );
  }

  #countAttribute(): void {
    if (++this.#attributeCount > this.#limits.attributesPerElement)
      throw new DocumentError(
        'SCXML_XML_TOO_MANY_ATTRIBUTES',
        `more than ${this.#limits.attributesPerElement} attributes`,
        this.#tagAt,
      );
  }

  #openElement(tag: SaxesTagNS): void {
    const attributes: XmlAttribute[] = [];
    for (const { name, local, prefix, uri, value } of Object.values(tag.attributes)) {
      if (prefix !== 'xmlns' && name !== 'xmlns') attributes.push({ name, local, uri, value });
    }
    this.#open.push({
      kind: 'element',
      local: tag.local,
      name: tag.name,
      uri: tag.uri,
      attributes,
      children: [],
      at: this.#tagAt,
      start: this.#tagStart,
    });
  }

  #closeElement(): void {
    const open = this.#open.pop();
    if (!open) return;
    const { start, ...rest } = open;
    const element = { ...rest, source: this.#source.slice(start, this.#parser.position) };
    const parent = this.#open.at(-1);
    if (parent) parent.children.push(element);
    else this.#root = element;
  }

  #addText(text: string): void {
    this.#open.at(-1)?.children.push({ kind: 'text', text });
  }

  #here(): Position {
    return { file: this.#file, line: this.#parser.line, column: this.#parser.column + 1 };
  }
}
