/**
 * Text to a page that has been checked: what the specification wants found when a document is loaded
 * is found here, before the page that asked for it is left (VoiceXML 2.0, 2.1: error.badfetch).
 */
import { DocumentError } from '../../plugin/scxml/errors.js';
import type { XmlLimits } from '../../plugin/scxml/document/xml.js';
import {
  attributeOf,
  elementsOf,
  parseXml,
  type XmlElement,
} from '../../plugin/scxml/document/xml.js';
import { badFetch, placed } from '../errors.js';
import { checkPage } from './check.js';

const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';

export interface Page {
  /** Where it came from, without fragment. */
  readonly url: string;
  /** What references in it are resolved against: `xml:base`, or its address. */
  readonly base: string;
  readonly root: XmlElement;
  /** Absolute, without fragment. */
  readonly application: string | undefined;
  readonly language: string | undefined;
  /** Forms and menus in document order. */
  readonly dialogs: readonly XmlElement[];
}

/** @throws PageEvent error.badfetch, with the place in its message */
export function parsePage(text: string, url: string, limits: XmlLimits): Page {
  const root = readXml(text, url, limits);
  const problems = checkPage(root);
  const [first] = problems;
  if (first) throw badFetch(placed(first.at, first.message));
  const base = xmlBase(root, url);
  const application = attributeOf(root, 'application');
  return {
    url,
    base,
    root,
    application: application === undefined ? undefined : resolveUrl(application, base),
    language: xmlAttribute(root, 'lang'),
    dialogs: elementsOf(root).filter(({ local }) => local === 'form' || local === 'menu'),
  };
}

/** @throws PageEvent error.badfetch */
export function readXml(text: string, url: string, limits: XmlLimits): XmlElement {
  try {
    return parseXml(withoutDoctype(text), url, limits);
  } catch (error) {
    if (error instanceof DocumentError) throw badFetch(error.message);
    throw error;
  }
}

/** Without fragment. @throws PageEvent error.badfetch */
export function resolveUrl(reference: string, base: string): string {
  const url = URL.canParse(reference, base) ? new URL(reference, base) : undefined;
  if (url === undefined) throw badFetch(`${reference.slice(0, 200)} is no address`);
  url.hash = '';
  return url.href;
}

/** What stands behind `#`, decoded; undefined = nothing. */
export function fragmentOf(reference: string): string | undefined {
  const at = reference.indexOf('#');
  if (at < 0 || at === reference.length - 1) return undefined;
  const fragment = reference.slice(at + 1);
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** `xml:lang`, `xml:base`. */
export function xmlAttribute(element: XmlElement, local: string): string | undefined {
  return element.attributes.find((a) => a.local === local && a.uri === XML_NAMESPACE)?.value;
}

/** What references in the element are resolved against. @throws PageEvent error.badfetch */
export function xmlBase(element: XmlElement, url: string): string {
  const base = xmlAttribute(element, 'base');
  return base === undefined ? url : resolveUrl(base, url);
}

/**
 * Many pages name the DTD of VoiceXML. It is never read: the declaration is blanked, lines stay where
 * they are. One with an internal subset is left, and the parser refuses it.
 */
function withoutDoctype(text: string): string {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  const declaration = new RegExp(/<!DOCTYPE[^>[]*>/y);
  declaration.lastIndex = behindMisc(plain);
  return plain.replace(declaration, (all) => all.replace(/[^\n]/g, ' '));
}

/** Behind white space, instructions and comments. Read once: a page may begin with thousands of them. */
function behindMisc(text: string): number {
  let at = 0;
  for (;;) {
    while (/\s/.test(text.charAt(at))) at++;
    const close = text.startsWith('<?', at)
      ? '?>'
      : text.startsWith('<!--', at)
        ? '-->'
        : undefined;
    const end = close === undefined ? -1 : text.indexOf(close, at);
    if (close === undefined || end < 0) return at;
    at = end + close.length;
  }
}
