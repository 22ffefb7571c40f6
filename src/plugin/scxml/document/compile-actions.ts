/**
 * Executable content, data and payloads: XML elements to the actions of model.ts. An element of
 * another namespace goes to the extension that claims it; what nobody claims is refused by name.
 */
import { DocumentError } from '../errors.js';
import type { CompileContext, Dialect, ElementExtension } from '../extension.js';
import { both, isCore, missing, oneOf, required, words } from './attributes.js';
import type {
  Action,
  Block,
  Code,
  Content,
  DataItem,
  ForeachAction,
  IfAction,
  Invoke,
  Param,
  Payload,
  ScriptAction,
  SendAction,
  Value,
} from './model.js';
import { attributeOf, elementsOf, textOf, type XmlElement } from './xml.js';

const NO_PAYLOAD: Payload = { names: [], params: [], content: null };

export class ActionCompiler implements CompileContext {
  /** Everything with a `src` that has to be there before the session starts. */
  readonly resources: { readonly url: string; readonly isScript: boolean }[] = [];
  readonly #dialect: Dialect;
  readonly #extensions = new Map<string, ElementExtension>();

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
    for (const extension of dialect.elements)
      for (const uri of extension.namespaces)
        this.#extensions.set(`${uri} ${extension.local}`, extension);
  }

  block(element: XmlElement): Block {
    return this.actions(element);
  }

  actions(element: XmlElement): readonly Action[] {
    return elementsOf(element).map((child) => this.#action(child));
  }

  payload(element: XmlElement): Payload {
    const namelist = attributeOf(element, 'namelist');
    const params: Param[] = [];
    let content: Content | null = null;
    for (const child of elementsOf(element)) {
      if (!isCore(child)) continue;
      if (child.local === 'param') params.push(this.#param(child));
      else if (child.local === 'content') content = this.#content(child);
    }
    if (!content && params.length === 0 && namelist === undefined) return NO_PAYLOAD;
    const names = words(namelist ?? '').map((code) => ({ code, at: element.at }));
    return { names, params, content };
  }

  code(element: XmlElement, attribute: string): Code | null {
    const code = attributeOf(element, attribute);
    return code === undefined ? null : { code, at: element.at };
  }

  script(element: XmlElement): ScriptAction {
    const url = attributeOf(element, 'src');
    if (url === undefined)
      return { kind: 'script', source: { kind: 'inline', text: textOf(element) }, at: element.at };
    this.resources.push({ url, isScript: true });
    return { kind: 'script', source: { kind: 'url', url }, at: element.at };
  }

  dataItems(datamodel: XmlElement, isTopLevel: boolean): DataItem[] {
    return elementsOf(datamodel).map((element) => {
      if (element.local !== 'data' || !isCore(element)) throw unknown(element, datamodel);
      const id = required(element, 'id');
      return { id, value: this.#dataValue(element), isTopLevel, at: element.at };
    });
  }

  invoke(element: XmlElement): Invoke {
    const finalize = elementsOf(element).find((child) => child.local === 'finalize');
    for (const child of elementsOf(element))
      if (!isCore(child) || !['param', 'content', 'finalize'].includes(child.local))
        throw unknown(child, element);
    return {
      type: this.#value(element, 'type', 'typeexpr'),
      src: this.#value(element, 'src', 'srcexpr'),
      ...this.#identity(element),
      autoForward: oneOf(element, 'autoforward', ['true', 'false']) === 'true',
      payload: this.payload(element),
      finalize: finalize ? this.block(finalize) : null,
      at: element.at,
    };
  }

  #action(element: XmlElement): Action {
    if (!isCore(element)) return this.#extension(element);
    const { at } = element;
    switch (element.local) {
      case 'raise':
        return {
          kind: 'raise',
          event: required(element, 'event'),
          payload: this.payload(element),
          at,
        };
      case 'log': {
        const value = attributeOf(element, 'expr') === '' ? null : this.code(element, 'expr');
        return { kind: 'log', label: attributeOf(element, 'label'), value, at };
      }
      case 'assign':
        return this.#assign(element);
      case 'script':
        return this.script(element);
      case 'if':
        return this.#if(element);
      case 'foreach':
        return this.#foreach(element);
      case 'send':
        return this.#send(element);
      case 'cancel': {
        const sendId = this.#value(element, 'sendid', 'sendidexpr');
        if (!sendId) throw missing(element, 'sendid');
        return { kind: 'cancel', sendId, at };
      }
      default:
        throw new DocumentError(
          'SCXML_UNKNOWN_ELEMENT',
          `<${element.name}> is not executable content`,
          at,
        );
    }
  }

  #extension(element: XmlElement): Action {
    const extension = this.#extensions.get(`${element.uri} ${element.local}`);
    if (!extension)
      throw new DocumentError(
        'SCXML_UNKNOWN_ELEMENT',
        `<${element.name}> of "${element.uri}" is not supported`,
        element.at,
      );
    const execute = extension.compile(element, this);
    return { kind: 'extension', name: element.name, execute, at: element.at };
  }

  #assign(element: XmlElement): Action {
    const code = this.code(element, 'expr');
    const value: Content = code ? { kind: 'code', code } : inline(element);
    return { kind: 'assign', location: required(element, 'location'), value, at: element.at };
  }

  #if(element: XmlElement): IfAction {
    const branches: { cond: Code | null; body: Action[] }[] = [];
    let body: Action[] = [];
    branches.push({ cond: { code: required(element, 'cond'), at: element.at }, body });
    for (const child of elementsOf(element)) {
      const isElse = isCore(child) && child.local === 'else';
      if (!isElse && !(isCore(child) && child.local === 'elseif')) {
        body.push(this.#action(child));
        continue;
      }
      if (branches.at(-1)?.cond === null)
        throw new DocumentError(
          'SCXML_UNKNOWN_ELEMENT',
          `<${child.name}> is not allowed after <else>`,
          child.at,
        );
      body = [];
      const cond = isElse ? null : { code: required(child, 'cond'), at: child.at };
      branches.push({ cond, body });
    }
    return { kind: 'if', branches, at: element.at };
  }

  #foreach(element: XmlElement): ForeachAction {
    return {
      kind: 'foreach',
      array: { code: required(element, 'array'), at: element.at },
      item: required(element, 'item'),
      index: attributeOf(element, 'index'),
      body: this.actions(element),
      at: element.at,
    };
  }

  #send(element: XmlElement): SendAction {
    for (const child of elementsOf(element))
      if (!isCore(child) || !['param', 'content'].includes(child.local))
        throw unknown(child, element);
    const payload = this.payload(element);
    if (payload.content && payload.names.length + payload.params.length > 0)
      throw both(element, 'content', 'params or a namelist');
    return {
      kind: 'send',
      event: this.#value(element, 'event', 'eventexpr'),
      target: this.#value(element, 'target', 'targetexpr'),
      type: this.#value(element, 'type', 'typeexpr'),
      delay: this.#value(element, 'delay', 'delayexpr'),
      ...this.#identity(element),
      payload,
      at: element.at,
    };
  }

  #identity(element: XmlElement): { id: string | undefined; idLocation: string | undefined } {
    const id = attributeOf(element, 'id');
    const idLocation = attributeOf(element, 'idlocation');
    if (id !== undefined && idLocation !== undefined) throw both(element, 'id', 'idlocation');
    return { id, idLocation };
  }

  /** An attribute and its `expr` sister, of which at most one may be there. */
  #value(element: XmlElement, attribute: string, codeAttribute: string): Value | null {
    const text = attributeOf(element, attribute);
    const code = this.code(element, codeAttribute);
    if (text !== undefined && code) throw both(element, attribute, codeAttribute);
    if (code) return { kind: 'code', code };
    if (text === undefined) return null;
    if (this.#dialect.isCode?.(element, attribute))
      return { kind: 'code', code: { code: text, at: element.at } };
    return { kind: 'text', text };
  }

  #param(element: XmlElement): Param {
    const expression = this.code(element, 'expr');
    const location = this.code(element, 'location');
    const value = expression ?? location;
    if (!value) throw missing(element, 'expr');
    if (expression && location) throw both(element, 'expr', 'location');
    return { name: required(element, 'name'), value, isLocation: location !== null };
  }

  #content(element: XmlElement): Content {
    const code = this.code(element, 'expr');
    return code ? { kind: 'code', code } : inline(element);
  }

  #dataValue(element: XmlElement): DataItem['value'] {
    const url = attributeOf(element, 'src');
    const code = this.code(element, 'expr');
    if (url !== undefined && code) throw both(element, 'src', 'expr');
    if (url !== undefined) {
      this.resources.push({ url, isScript: false });
      return { kind: 'url', url };
    }
    if (code) return { kind: 'code', code };
    const content = inline(element);
    return content.kind === 'text' && content.text.trim() === '' ? null : content;
  }
}

/** What stands inside an element: one child element makes it XML. */
function inline(element: XmlElement): Content {
  const [child] = elementsOf(element);
  return child ? { kind: 'xml', element: child } : { kind: 'text', text: textOf(element) };
}

function unknown(element: XmlElement, parent: XmlElement): DocumentError {
  const message = `<${element.name}> is not allowed in <${parent.name}>`;
  return new DocumentError('SCXML_UNKNOWN_ELEMENT', message, element.at);
}
