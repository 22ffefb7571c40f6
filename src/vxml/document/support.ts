/** What a page uses that this platform does not have, or only has with a voice for text. */
import type { Position } from '../../plugin/scxml/errors.js';
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import { BUILTIN_TYPES } from '../dtmf/builtins.js';
import { checkFormat } from '../dtmf/srgs.js';
import { PageEvent } from '../errors.js';
import { menuLines } from '../interpreter/choices.js';
import { checkPage } from './check.js';
import { isOwn } from './elements.js';

export interface SupportFinding {
  readonly at: Position;
  readonly severity: 'error' | 'warning';
  /** Stable. */
  readonly code:
    | 'VXML_INVALID'
    | 'VXML_VOICE_GRAMMAR'
    | 'VXML_UNSUPPORTED_ELEMENT'
    | 'VXML_UNSUPPORTED_ATTRIBUTE'
    | 'VXML_UNKNOWN_TYPE'
    | 'VXML_NEEDS_SPEECH'
    | 'VXML_NO_KEY';
  readonly message: string;
}

const UNSUPPORTED: Readonly<Record<string, string>> = {
  object: 'objects are error.unsupported.objectname',
};

/** @returns findings in document order; empty = the page can run without a voice for text */
export function findingsIn(root: XmlElement): SupportFinding[] {
  const invalid = checkPage(root).map(({ at, message }): SupportFinding => ({
    at,
    severity: 'error',
    code: 'VXML_INVALID',
    message,
  }));
  const found: SupportFinding[] = [];
  foreignAttributes(root, found);
  walk(root, found, false);
  return [...invalid, ...found].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
}

function walk(element: XmlElement, found: SupportFinding[], isFallback: boolean): void {
  for (const child of elementsOf(element)) {
    const { at, local } = child;
    if (!isOwn(child)) {
      const message = `<${child.name}> is error.unsupported.${local} when it is reached`;
      found.push({ at, severity: 'warning', code: 'VXML_UNSUPPORTED_ELEMENT', message });
      continue;
    }
    foreignAttributes(child, found);
    if (local === 'grammar') {
      grammar(child, found);
      continue;
    }
    const why = UNSUPPORTED[local];
    if (why !== undefined) {
      found.push({ at, severity: 'error', code: 'VXML_UNSUPPORTED_ELEMENT', message: why });
    }
    if (local === 'field') type(child, found);
    if (local === 'menu' || local === 'field') keyless(child, found);
    if (isSpeech(child) && !isFallback) {
      const message = 'text to be spoken: needs espeak-ng or flite beside Dialback, or audio files';
      found.push({ at, severity: 'warning', code: 'VXML_NEEDS_SPEECH', message });
    }
    walk(child, found, isFallback || local === 'audio');
  }
}

/** `xml:lang` and the like, and what only tells validators where a schema lies. */
const COMMON_NAMESPACES = new Set([
  '',
  'http://www.w3.org/XML/1998/namespace',
  'http://www.w3.org/2001/XMLSchema-instance',
]);

function foreignAttributes({ name: element, attributes, at }: XmlElement, found: SupportFinding[]) {
  for (const { name, uri } of attributes) {
    if (COMMON_NAMESPACES.has(uri)) continue;
    const message = `${name} of <${element}> is an extension of another platform and does nothing here`;
    found.push({ at, severity: 'warning', code: 'VXML_UNSUPPORTED_ATTRIBUTE', message });
  }
}

function grammar(element: XmlElement, found: SupportFinding[]): void {
  try {
    checkFormat(element);
  } catch (error) {
    if (!(error instanceof PageEvent)) throw error;
    const message = `${error.event}: ${error.said ?? ''}`;
    found.push({ at: element.at, severity: 'error', code: 'VXML_VOICE_GRAMMAR', message });
  }
}

function type(field: XmlElement, found: SupportFinding[]): void {
  const name = attributeOf(field, 'type')?.split('?')[0];
  if (name === undefined || BUILTIN_TYPES.some((known) => known === name)) return;
  const message = `type ${name} is none of ${BUILTIN_TYPES.join(', ')}`;
  found.push({ at: field.at, severity: 'error', code: 'VXML_UNKNOWN_TYPE', message });
}

function keyless(menu: XmlElement, found: SupportFinding[]): void {
  for (const { element, dtmf } of menuLines(menu)) {
    const hasGrammar = elementsOf(element).some(({ local }) => local === 'grammar');
    if (dtmf !== undefined || hasGrammar) continue;
    const message = `<${element.name}> has no key: nobody can choose it here`;
    found.push({ at: element.at, severity: 'warning', code: 'VXML_NO_KEY', message });
  }
}

const SPOKEN_IN = new Set([
  'prompt',
  'block',
  'filled',
  'catch',
  'noinput',
  'nomatch',
  'help',
  'error',
]);

/** Text of its own that would be heard; say-as and digits have recorded fragments. */
function isSpeech(element: XmlElement): boolean {
  if (!SPOKEN_IN.has(element.local)) return false;
  return element.children.some((node) => node.kind === 'text' && /[^\s\d*#+()./-]/.test(node.text));
}
