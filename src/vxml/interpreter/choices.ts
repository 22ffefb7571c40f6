/** Keys of choices and options (2.0, 2.2 and 2.3.1.3). */
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';

export interface MenuLine {
  readonly element: XmlElement;
  /** Undefined: it cannot be chosen by key. */
  readonly dtmf: string | undefined;
  /** What `enumerate` says of it. */
  readonly text: string;
}

/** Choices of a menu, or options of a field, in document order. */
export function menuLines(element: XmlElement | undefined): MenuLine[] {
  if (!element) return [];
  const isNumbered = element.local === 'menu' && attributeOf(element, 'dtmf') === 'true';
  let next = 1;
  return elementsOf(element)
    .filter(({ local }) => local === 'choice' || local === 'option')
    .map((line) => {
      const own = attributeOf(line, 'dtmf')?.replace(/\s+/g, '');
      const dtmf = own ?? (isNumbered && next <= 9 ? String(next++) : undefined);
      return { element: line, dtmf, text: spoken(line) };
    });
}

/** 2.3.1.3: the value, else the text, else the keys; undefined = the field stays open. */
export function optionValue({ element, dtmf, text }: MenuLine): string | undefined {
  const value = attributeOf(element, 'value');
  if (value !== undefined) return value;
  return text === '' ? dtmf : text;
}

function spoken(element: XmlElement): string {
  const words = (node: XmlElement): string =>
    node.children
      .map((child) => {
        if (child.kind === 'text') return child.text;
        return child.local === 'grammar' ? ' ' : words(child);
      })
      .join('');
  return words(element).replace(/\s+/g, ' ').trim();
}
