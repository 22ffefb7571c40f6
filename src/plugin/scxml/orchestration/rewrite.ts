/**
 * Spellings of the draft of May 2009 to those of SCXML 1.0. Quoted attributes are expressions, names
 * are names: `event="'reply'"` and `event="reply"` both work, as they do on the original. Nothing is
 * rewritten whose meaning would be a guess.
 */
import { SCXML_NAMESPACE } from '../document/model.js';
import { attributeOf, type XmlAttribute, type XmlElement } from '../document/xml.js';

/** A quote, a bracket, a call or a sum: no name and no address looks like that. */
const LOOKS_LIKE_CODE = /^\s*['"(]|[[\]()+]/;
const DURATION = /^\s*(\d+(\.\d+)?|\.\d+)\s*(ms|s|m|h)?\s*$/;
const ADDRESS = /^(#_|[a-z][a-z0-9+.-]*:)/i;

export function rewriteSpellings(element: XmlElement): XmlElement {
  const children = element.children.map((child) =>
    child.kind === 'element' ? rewriteSpellings(child) : child,
  );
  const isCore = element.uri === SCXML_NAMESPACE || element.uri === '';
  if (!isCore) return { ...element, children };
  switch (element.local) {
    case 'event':
      // <event name="x"/> is what <raise event="x"/> was called.
      return { ...renamed(element, 'name', 'event'), local: 'raise', children };
    case 'content':
      return { ...renamed(element, '_expr', 'expr'), children };
    case 'send':
      return { ...withCode(element, ['event', 'target', 'type', 'delay']), children };
    case 'cancel':
      return { ...withCode(element, ['sendid']), children };
    default:
      return { ...element, children };
  }
}

function withCode(element: XmlElement, names: readonly string[]): XmlElement {
  return names.reduce((made, name) => {
    const value = attributeOf(made, name);
    return value !== undefined && isCode(name, value) ? renamed(made, name, `${name}expr`) : made;
  }, element);
}

function isCode(name: string, value: string): boolean {
  if (name === 'delay') return !DURATION.test(value);
  if (name === 'target') return !ADDRESS.test(value);
  if (name === 'type' && ADDRESS.test(value)) return false;
  // `obj.id` names a variable; ids with dots are written in quotes by Composer.
  if (name === 'sendid' && value.includes('.')) return true;
  return LOOKS_LIKE_CODE.test(value);
}

function renamed(element: XmlElement, from: string, to: string): XmlElement {
  const attributes = element.attributes.map((attribute): XmlAttribute =>
    attribute.uri === '' && attribute.local === from
      ? { ...attribute, name: to, local: to }
      : attribute,
  );
  return { ...element, attributes };
}
