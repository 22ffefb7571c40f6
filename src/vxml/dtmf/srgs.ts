/**
 * Speech recognition grammars in XML form, for keys (SRGS 1.0, mode dtmf). Words of a voice grammar are
 * not ours: such a grammar is error.unsupported.format.
 */
import type { Position } from '../../plugin/scxml/errors.js';
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import { badFetch, placed, unsupported } from '../errors.js';
import { builtinOfUri } from './builtins.js';
import { KEYS, type DtmfGrammar, type Expansion } from './grammar.js';

/** Loads what a rule of another document refers to; the root element of that grammar. */
export type LoadGrammar = (reference: string) => Promise<XmlElement>;

const XML_TYPES = new Set(['application/srgs+xml', 'application/grammar+xml', 'text/xml', '']);
const REFERENCES_MAX = 20;

/** Whether a `<grammar>` can be listened to: its mode and its format. @throws PageEvent */
export function checkFormat(grammar: XmlElement): void {
  const type = (attributeOf(grammar, 'type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!XML_TYPES.has(type)) {
    throw unsupported('format', placed(grammar.at, `a grammar of type ${type.slice(0, 60)}`));
  }
  const mode = attributeOf(grammar, 'mode');
  if (mode !== undefined && mode !== 'dtmf' && mode !== 'voice') {
    throw badFetch(placed(grammar.at, `the mode of a grammar is ${mode.slice(0, 20)}`));
  }
  const isVoice = mode === 'voice' || (mode === undefined && !hasKeysOnly(grammar));
  if (isVoice) throw unsupported('format', placed(grammar.at, 'a voice grammar: keys only here'));
}

/** Without a mode a grammar is for voice (SRGS 4.6), unless all it speaks of are keys. */
function hasKeysOnly(grammar: XmlElement): boolean {
  if (attributeOf(grammar, 'src') !== undefined || attributeOf(grammar, 'srcexpr') !== undefined) {
    return true;
  }
  const tokens = tokensIn(grammar);
  return tokens.length > 0 && tokens.every(isKey);
}

function tokensIn(element: XmlElement): string[] {
  return element.children.flatMap((child) => {
    if (child.kind === 'text') return child.text.split(/\s+/).filter((word) => word !== '');
    return child.local === 'tag' || child.local === 'example' ? [] : tokensIn(child);
  });
}

/** @throws PageEvent error.badfetch, error.unsupported.format */
export async function readGrammar(
  root: XmlElement,
  load: LoadGrammar,
  rule = attributeOf(root, 'root'),
): Promise<DtmfGrammar> {
  const others = new Map<string, GrammarDocument>();
  const own = new GrammarDocument(root, others);
  await own.loadReferences(load, others);
  return { root: own.rootRule(rule) };
}

class GrammarDocument {
  readonly #root: XmlElement;
  readonly #rules = new Map<string, XmlElement>();
  readonly #others: ReadonlyMap<string, GrammarDocument>;
  readonly #tagFormat: string | undefined;

  constructor(root: XmlElement, others: ReadonlyMap<string, GrammarDocument>) {
    if (root.local !== 'grammar') throw badFetch(placed(root.at, `<${root.name}> is no grammar`));
    this.#root = root;
    this.#others = others;
    this.#tagFormat = attributeOf(root, 'tag-format');
    for (const rule of elementsOf(root)) {
      if (rule.local !== 'rule') continue;
      const id = attributeOf(rule, 'id');
      if (id === undefined) throw badFetch(placed(rule.at, 'a rule needs an id'));
      if (this.#rules.has(id)) throw badFetch(placed(rule.at, `two rules have the id ${id}`));
      this.#rules.set(id, rule);
    }
  }

  async loadReferences(load: LoadGrammar, others: Map<string, GrammarDocument>): Promise<void> {
    for (const uri of referencesIn(this.#root)) {
      const [address = ''] = uri.split('#');
      if (address === '' || others.has(address) || builtinOfUri(uri)) continue;
      if (others.size >= REFERENCES_MAX) throw badFetch('the grammar refers to too many others');
      const other = new GrammarDocument(await load(address), others);
      others.set(address, other);
      await other.loadReferences(load, others);
    }
  }

  /** @param id undefined = the first rule, where the grammar names none */
  rootRule(id: string | undefined): Expansion {
    const first = this.#rules.keys().next().value;
    const name = id ?? first;
    if (name === undefined) throw badFetch(placed(this.#root.at, 'the grammar has no rule'));
    return this.#rule(name, this.#root.at);
  }

  /** Read when it is compiled, so that what is not reached costs nothing. */
  #rule(name: string, at: Position): Expansion {
    const rule = this.#rules.get(name);
    if (!rule) throw badFetch(placed(at, `there is no rule ${name}`));
    return { kind: 'rule', name, part: () => this.#content(rule) };
  }

  #content(element: XmlElement): Expansion {
    const parts = element.children.flatMap((child): Expansion[] => {
      if (child.kind === 'text') return this.#tokens(child.text, element.at);
      return [this.#element(child)];
    });
    const [only] = parts;
    return only && parts.length === 1 ? only : { kind: 'sequence', parts };
  }

  #element(element: XmlElement): Expansion {
    switch (element.local) {
      case 'item':
        return this.#item(element);
      case 'one-of':
        return {
          kind: 'one-of',
          parts: elementsOf(element)
            .filter(({ local }) => local === 'item')
            .map((item) => this.#item(item)),
        };
      case 'ruleref':
        return this.#reference(element);
      case 'token':
        return this.#content(element);
      case 'tag':
        return this.#tag(element);
      case 'example':
      case 'meta':
      case 'metadata':
        return { kind: 'sequence', parts: [] };
      default:
        throw badFetch(placed(element.at, `<${element.name}> is no element of a grammar`));
    }
  }

  #item(element: XmlElement): Expansion {
    const part = this.#content(element);
    const times = attributeOf(element, 'repeat');
    if (times === undefined) return part;
    const found = /^\s*(\d{1,4})(?:\s*(-)\s*(\d{1,4})?)?\s*$/.exec(times);
    const min = Number(found?.[1] ?? -1);
    const max = found?.[2] === undefined ? min : Number(found[3] ?? Infinity);
    if (min < 0 || max < min) {
      throw badFetch(placed(element.at, `repeat is ${times.slice(0, 30)}, not such as 2 or 1-4`));
    }
    return { kind: 'repeat', part, min, max };
  }

  #reference(element: XmlElement): Expansion {
    const special = attributeOf(element, 'special');
    if (special === 'NULL') return { kind: 'sequence', parts: [] };
    if (special === 'VOID') return { kind: 'void' };
    if (special !== undefined) {
      throw unsupported('format', placed(element.at, `special rule ${special.slice(0, 20)}`));
    }
    const uri = attributeOf(element, 'uri') ?? '';
    const builtin = builtinOfUri(uri);
    if (builtin) return { kind: 'rule', name: 'builtin', part: () => builtin.root };
    const [address = '', rule = ''] = uri.split('#');
    if (address === '') return this.#rule(rule, element.at);
    const other = this.#others.get(address);
    if (!other) throw badFetch(placed(element.at, `${uri.slice(0, 100)} was not loaded`));
    return other.#entry(rule, element.at);
  }

  #entry(rule: string, at: Position): Expansion {
    if (rule !== '') return this.#rule(rule, at);
    return this.rootRule(attributeOf(this.#root, 'root'));
  }

  /** `tag-format` decides; without one, what looks like code is code. */
  #tag(element: XmlElement): Expansion {
    const text = element.children.map((one) => (one.kind === 'text' ? one.text : '')).join('');
    const format = this.#tagFormat ?? '';
    if (format.includes('literals')) return { kind: 'tag', text, isLiteral: true };
    if (format !== '' || text.includes('=')) return { kind: 'tag', text, isLiteral: false };
    const quoted = /^\s*(['"])(.*)\1\s*;?\s*$/s.exec(text);
    return { kind: 'tag', text: quoted?.[2] ?? text.trim(), isLiteral: true };
  }

  #tokens(text: string, at: Position): Expansion[] {
    const words = text.split(/\s+/).filter((word) => word !== '');
    return words.flatMap((word) => {
      const spelled = word.replace(/^"(.*)"$/, '$1').toLowerCase();
      const named = spelled === 'star' ? '*' : spelled === 'pound' ? '#' : spelled;
      const letters = [...named.toUpperCase()];
      if (!letters.every(isKey)) {
        throw badFetch(placed(at, `${word.slice(0, 30)} is no key of a telephone`));
      }
      return letters.map((key): Expansion => ({ kind: 'key', key }));
    });
  }
}

function isKey(word: string): boolean {
  return [...word.toUpperCase()].every((letter) => KEYS.includes(letter));
}

function referencesIn(element: XmlElement): string[] {
  return elementsOf(element).flatMap((child) => {
    const uri = child.local === 'ruleref' ? attributeOf(child, 'uri') : undefined;
    return [...(uri === undefined ? [] : [uri]), ...referencesIn(child)];
  });
}
