/**
 * What data models begin with, and every one of one page: the functions and objects of its dialect, its data
 * items, undefined, and its expressions compiled. All of it can be made before the session is there,
 * because none of it depends on the session, and nothing of the page runs.
 */
import type { DataItem, Document } from '../document/model.js';
import { ScriptError } from '../errors.js';
import type { Compilable, Script } from '../script/compiled-functions.js';
import type { Mould } from '../script/engine-shelf.js';
import type { ScriptEngine } from '../script/script-engine.js';
import { isIdentifier, isSystemVariable } from '../script/variable-names.js';
import { planEntry, type EntryPlan } from './configuration.js';

/** Of what is compiled ahead, so that a waiting data model stays small. */
const FUNCTIONS_MAX = 100;
const FUNCTION_CHARS_MAX = 1000;
const SCRIPTS_MAX = 50;
const SCRIPT_CHARS_MAX = 100_000;

const TEXT_LITERAL = /^\s*'[^'\\\r\n]*'\s*$/;

/** What every data model has, whatever its page. */
export function outfit(engine: ScriptEngine): void {
  const at = { file: 'outfit', line: 1, column: 1 };
  engine.define(['In'], at);
  engine.furnish(at);
}

const moulds = new WeakMap<Document, PageMould>();

/** The same one each time. */
export function mouldOf(document: Document): PageMould {
  const known = moulds.get(document);
  if (known) return known;
  const mould = new PageMould(document);
  moulds.set(document, mould);
  return mould;
}

export class PageMould implements Mould {
  /** Where every session of the page begins. */
  readonly firstEntry: EntryPlan;
  readonly #document: Document;
  /** Items whose value is the same in every session, and the statement that gives it. */
  #presets: ReadonlyMap<DataItem, string>;
  #functions: readonly Compilable[] | null = null;
  readonly #scripts = new Map<string, Script>();
  #scriptChars = 0;

  constructor(document: Document) {
    this.#document = document;
    this.#presets = presetsOf(document);
    const { initial } = document.root;
    this.firstEntry = planEntry(initial ? [initial] : [], new Map());
  }

  /** What a session of the page has compiled until it first came to rest; the next ones will, too. */
  learn({ compiled }: ScriptEngine): void {
    this.#functions ??= compiled
      .filter(({ code }) => code.length <= FUNCTION_CHARS_MAX)
      .slice(0, FUNCTIONS_MAX);
  }

  /** A session of the page runs this script, perhaps before it first comes to rest. */
  noteScript(script: Script): void {
    if (this.#functions || this.#scripts.has(script.text)) return;
    const chars = this.#scriptChars + script.text.length;
    if (chars > SCRIPT_CHARS_MAX || this.#scripts.size >= SCRIPTS_MAX) return;
    this.#scriptChars = chars;
    this.#scripts.set(script.text, script);
  }

  /** Whether the item has its value from the start. */
  isPreset(item: DataItem): boolean {
    return this.#presets.has(item);
  }

  shape(engine: ScriptEngine): readonly ScriptError[] {
    const { dialect, root } = this.#document;
    const functions = Object.keys(dialect.functions ?? {});
    if (functions.length > 0) engine.define(functions, root.at);
    if (dialect.prelude !== undefined) engine.run(dialect.prelude, root.at);
    const troubles = this.#declareAll(engine);
    this.#preset(engine);
    engine.compileAhead(this.#functions ?? [], [...this.#scripts.values()], root.at);
    return troubles;
  }

  #preset(engine: ScriptEngine): void {
    if (this.#presets.size === 0) return;
    const code = `(function(){"use strict";${[...this.#presets.values()].join('')}})()`;
    const [trouble] = attempted(() => engine.run(code, this.#document.root.at));
    // An item that cannot be had: the session finds out which, and is told.
    if (trouble) this.#presets = new Map();
  }

  /** Every item exists, undefined, from the start, also with late binding. */
  #declareAll(engine: ScriptEngine): readonly ScriptError[] {
    const { dialect, root, states } = this.#document;
    const items = states.flatMap(({ data }) => data);
    const ids = items.map(({ id }) => id);
    if (ids.length === 0) return [];
    const code = dialect.declare?.(ids);
    if (code !== undefined) return attempted(() => engine.run(code, root.at));
    if (attempted(() => engine.declare(ids, root.at)).length === 0) return [];
    return items.flatMap(({ id, at }) => attempted(() => engine.declare([id], at)));
  }
}

/**
 * The first items as far as they are literals: nothing can tell when they were given their values.
 * Behind the first that is computed it can be told: that one may have read them before.
 */
function presetsOf({ binding, dialect, root, states }: Document): ReadonlyMap<DataItem, string> {
  const items = (binding === 'early' ? states : [root]).flatMap(({ data }) => data);
  const presets = new Map<DataItem, string>();
  for (const item of items) {
    const { id, value } = item;
    if (value === null) continue;
    const location =
      dialect.dataLocation?.(id) ?? (isIdentifier(id) && !isSystemVariable(id) ? id : null);
    if (location === null || value.kind !== 'code' || !isLiteral(value.code.code)) break;
    presets.set(item, `${location}=(${value.code.code}\n);`);
  }
  return presets;
}

function isLiteral(code: string): boolean {
  if (code.length > FUNCTION_CHARS_MAX) return false;
  if (TEXT_LITERAL.test(code)) return true;
  try {
    JSON.parse(code);
    return true;
  } catch {
    return false;
  }
}

function attempted(run: () => void): readonly ScriptError[] {
  try {
    run();
    return [];
  } catch (error) {
    if (error instanceof ScriptError) return [error];
    throw error;
  }
}
