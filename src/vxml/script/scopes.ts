/**
 * The variables of a page: scopes inside each other, and code that runs in them. Everything of the
 * page runs in QuickJS (plugin/scxml/script); only JSON text comes out.
 */
import {
  LimitError,
  ScriptError,
  type LimitCode,
  type Position,
} from '../../plugin/scxml/errors.js';
import type { ScriptEngine } from '../../plugin/scxml/script/script-engine.js';
import { PageLimit, semantic, type PageLimitCode } from '../errors.js';
import { HIDDEN } from './prelude.js';

/** One variable scope. */
export type Scope = number & { readonly scope: unique symbol };

/** A list taken for a foreach. */
export type ListKey = number & { readonly list: unique symbol };

/** Values kept while one context gives way to another. */
export type HeldKey = number & { readonly held: unique symbol };

/** A name of a variable, without dots. */
const RESERVED = new Set(
  'break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with'.split(
    ' ',
  ),
);
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

export class Scopes {
  readonly #engine: ScriptEngine;
  #next = 1;

  /** @param engine with the prelude in it (page-engine.ts) */
  constructor(engine: ScriptEngine) {
    this.#engine = engine;
  }

  /** @param sharing a scope whose variables are this one's too (a root document on its own) */
  open(parent: Scope | undefined, name: string | undefined, sharing?: Scope): Scope {
    const id = this.#next++ as Scope;
    this.#call(NOWHERE, 'open', id, parent, name, sharing);
    return id;
  }

  close(scope: Scope): void {
    this.#call(NOWHERE, 'close', scope);
  }

  /** `<var>`. @param code undefined = without a value @throws PageEvent error.semantic */
  declare(scope: Scope, name: string, code: string | undefined, at: Position): void {
    this.#needName(name, at);
    const value = code === undefined ? 'undefined' : `${HIDDEN}.value(${scope},${literal(code)})`;
    this.#run(at, `declare(${scope},${literal(name)},${code !== undefined},${value})`);
  }

  /** @throws PageEvent error.semantic where the variable is not declared */
  assign(scope: Scope, location: string, code: string, at: Position): void {
    this.#call(at, 'assign', scope, location, code);
  }

  /** Sets a variable of exactly this scope. @param json undefined = undefined */
  set(scope: Scope, name: string, json: string | undefined): void {
    this.#run(NOWHERE, `set(${scope},${literal(name)},${json ?? 'undefined'})`);
  }

  /** The same for several variables. @param all JSON text by name */
  setAll(scope: Scope, all: Readonly<Record<string, string | undefined>>): void {
    const pairs = Object.entries(all).map(
      ([name, json]) => `${literal(name)}:${json ?? 'undefined'}`,
    );
    this.#run(NOWHERE, `setAll(${scope},{${pairs.join(',')}})`);
  }

  /** Value as JSON text. @throws PageEvent error.semantic */
  value(scope: Scope, code: string, at: Position): string | undefined {
    return this.#call(at, 'value', scope, code);
  }

  /** Value as ECMAScript makes it a string. @throws PageEvent error.semantic */
  text(scope: Scope, code: string, at: Position): string {
    return this.textIfAny(scope, code, at) ?? 'undefined';
  }

  /** The same; undefined where the value is. @throws PageEvent error.semantic */
  textIfAny(scope: Scope, code: string, at: Position): string | undefined {
    const json = this.#call(at, 'textIfAny', scope, code);
    return json === undefined ? undefined : unquoted(json);
  }

  /** For what is submitted: objects as JSON. @throws PageEvent error.semantic */
  submitted(scope: Scope, code: string, at: Position): string {
    return unquoted(this.#call(at, 'flat', scope, code));
  }

  /** @throws PageEvent error.semantic */
  test(scope: Scope, code: string, at: Position): boolean {
    return this.#call(at, 'test', scope, code) === 'true';
  }

  /** `<script>`. @throws PageEvent error.semantic */
  script(scope: Scope, source: string, at: Position): void {
    this.#call(at, 'script', scope, source);
  }

  /** Whether a variable of exactly this scope has a value. */
  isDefined(scope: Scope, name: string): boolean {
    return this.#call(NOWHERE, 'isDefined', scope, name) === 'true';
  }

  /** Whether a name, read here, is a variable of exactly that scope. */
  isOf(scope: Scope, name: string, owner: Scope): boolean {
    return this.#call(NOWHERE, 'isOf', scope, name, owner) === 'true';
  }

  /** Takes an object of the named variables, for a scope that outlives this one. @throws PageEvent */
  hold(from: Scope, names: readonly string[], at: Position): HeldKey {
    const key = this.#next++ as HeldKey;
    this.#run(at, `hold(${key},${from},${JSON.stringify(names)})`);
    return key;
  }

  /** Takes one value, as it is. @throws PageEvent error.semantic */
  holdValue(from: Scope, code: string, at: Position): HeldKey {
    const key = this.#next++ as HeldKey;
    this.#call(at, 'holdValue', key, from, code);
    return key;
  }

  setHeld(scope: Scope, name: string, key: HeldKey): void {
    this.#call(NOWHERE, 'setHeld', scope, name, key);
  }

  /** @throws PageEvent error.semantic when it is no array */
  list(
    scope: Scope,
    code: string,
    at: Position,
  ): { readonly key: ListKey; readonly length: number } {
    const key = this.#next++ as ListKey;
    return { key, length: Number(this.#call(at, 'list', key, scope, code)) };
  }

  setItem(key: ListKey, index: number, scope: Scope, name: string, at: Position): void {
    this.#needName(name, at);
    this.#call(at, 'item', key, index, scope, name);
  }

  dropList(key: ListKey): void {
    this.#call(NOWHERE, 'drop', key);
  }

  /** An XML document as DOM. @param tree JSON text */
  setDocument(scope: Scope, name: string, tree: string, at: Position): void {
    this.#needName(name, at);
    this.#run(at, `store(${scope},${literal(name)},${HIDDEN}.dom(${tree}))`);
  }

  /** `application.lastresult$`. @param results JSON text of an array @param extra of an object */
  setLastResult(scope: Scope, results: string, extra: string): void {
    this.#run(NOWHERE, `set(${scope},"lastresult$",${HIDDEN}.lastResult(${results},${extra}))`);
  }

  /** What a grammar's tags make of a match, as JSON text. @throws PageEvent error.semantic */
  interpretation(tree: string, at: Position): string | undefined {
    return this.#evaluate(`${HIDDEN}.interpretation(${tree})`, at);
  }

  /** Nobody can write to it any more. */
  makeReadOnly(scope: Scope): void {
    this.#call(NOWHERE, 'readOnly', scope);
  }

  dispose(): void {
    this.#engine.dispose();
  }

  #needName(name: string, at: Position): void {
    if (!NAME.test(name) || RESERVED.has(name))
      throw semantic(`${at.file}:${at.line}: "${name}" is no variable name`);
  }

  #call(
    at: Position,
    name: string,
    ...args: readonly (number | string | undefined)[]
  ): string | undefined {
    const given = args.map((arg) => (typeof arg === 'string' ? literal(arg) : String(arg)));
    return this.#evaluate(`${HIDDEN}.${name}(${given.join(',')})`, at);
  }

  /** For its effect: whatever it returns stays inside. */
  #run(at: Position, call: string): void {
    this.#evaluate(`void ${HIDDEN}.${call}`, at);
  }

  #evaluate(code: string, at: Position): string | undefined {
    try {
      return this.#engine.evaluate(code, at);
    } catch (error) {
      if (error instanceof ScriptError) throw semantic(error.message);
      if (error instanceof LimitError)
        throw new PageLimit(PAGE_CODES[error.code] ?? 'VXML_OUT_OF_MEMORY', error.message);
      throw error;
    }
  }
}

/** The engine's own limits by the names they have for pages. */
const PAGE_CODES: Partial<Record<LimitCode, PageLimitCode>> = {
  SCXML_SCRIPT_TOO_LONG: 'VXML_SCRIPT_TOO_LONG',
  SCXML_TOO_BUSY: 'VXML_TOO_BUSY',
};
const NOWHERE: Position = { file: 'page', line: 1, column: 1 };

function literal(text: string): string {
  return JSON.stringify(text);
}

function unquoted(json: string | undefined): string {
  return json === undefined ? '' : String(JSON.parse(json));
}
