/**
 * What every data model of one page begins with: the functions and objects of its dialect, its data
 * items, undefined, and its expressions compiled. All of it can be made before the session is there,
 * because none of it depends on the session, and nothing of the page runs.
 */
import type { Document } from '../document/model.js';
import { ScriptError } from '../errors.js';
import type { Mould } from '../script/engine-shelf.js';
import type { ScriptEngine } from '../script/script-engine.js';

/** Of the expressions that are compiled ahead, so that a waiting data model stays small. */
const EXPRESSIONS_MAX = 100;
const EXPRESSION_CHARS_MAX = 1000;

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
  readonly #document: Document;
  #expressions: readonly string[] | null = null;

  constructor(document: Document) {
    this.#document = document;
  }

  /** What a session of the page has compiled until it first came to rest; the next ones will, too. */
  learn({ compiled }: ScriptEngine): void {
    this.#expressions ??= compiled
      .filter(({ length }) => length <= EXPRESSION_CHARS_MAX)
      .slice(0, EXPRESSIONS_MAX);
  }

  shape(engine: ScriptEngine): readonly ScriptError[] {
    const { dialect, root } = this.#document;
    engine.define(['In', ...Object.keys(dialect.functions ?? {})], root.at);
    if (dialect.prelude !== undefined) engine.run(dialect.prelude, root.at);
    const troubles = this.#declareAll(engine);
    engine.compileAhead(this.#expressions ?? [], root.at);
    return troubles;
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

function attempted(run: () => void): readonly ScriptError[] {
  try {
    run();
    return [];
  } catch (error) {
    if (error instanceof ScriptError) return [error];
    throw error;
  }
}
