/**
 * The ECMAScript data model of one session. Code of the document runs here and nowhere else; only
 * JSON text crosses, no object of the host ever does. Time and memory are bounded: over the bound the
 * session is over (`LimitError`); any other failure is the document's own (`ScriptError`).
 * Promises never run: nobody pumps their jobs.
 */
import type { QuickJSContext, QuickJSHandle, QuickJSRuntime } from 'quickjs-emscripten-core';
import { LimitError, ScriptError, type Position } from '../errors.js';
import type { Limits } from '../limits.js';
import {
  CompiledFunctions,
  sourceOf,
  type Compilable,
  type Script,
  type Wrap,
} from './compiled-functions.js';
import type { EngineInstance } from './engine-pool.js';
import type { CallHost, Gift, PlatformValues, ScriptBudget, Snapshot } from './engine-contract.js';
import { PRELUDE } from './prelude.js';
import { INTERRUPTS_PER_TICK } from './quickjs-module.js';
import { isIdentifier, isSystemVariable } from './variable-names.js';
import { withTrees } from './xml-value.js';

type Built = Record<
  'evaluate' | 'give' | 'furnish' | 'begin' | 'setEvent' | 'snapshot' | 'wrap' | 'describe',
  QuickJSHandle
>;

export class ScriptEngine {
  readonly instance: EngineInstance;
  readonly #limits: Limits;
  #budget: ScriptBudget;
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #compiled = new CompiledFunctions();
  /** Scripts that are to run once, compiled ahead. */
  readonly #scripts = new Map<string, QuickJSHandle>();
  readonly #built: Built;
  #callHost: CallHost = () => undefined;
  #interrupts = 0;
  #isDisposed = false;
  #isBroken = false;

  constructor(instance: EngineInstance, limits: Limits, budget: ScriptBudget) {
    this.instance = instance;
    this.#limits = limits;
    this.#budget = budget;
    this.#runtime = instance.open();
    this.#runtime.setMemoryLimit(limits.scriptMemoryBytes);
    this.#runtime.setMaxStackSize(limits.scriptStackBytes);
    this.#runtime.setInterruptHandler(() => this.#isOver());
    this.#context = this.#runtime.newContext();
    this.#built = this.#build();
  }

  #isOver(): boolean {
    this.#interrupts = (this.#interrupts + 1) % INTERRUPTS_PER_TICK;
    return this.#interrupts === 0 ? this.#budget.tick() : this.#budget.isScriptOver;
  }

  /** Whose it is from now on: for an engine that was made before its session. */
  adopt(budget: ScriptBudget, callHost: CallHost): void {
    this.#budget = budget;
    this.#callHost = callHost;
  }

  /** Functions compiled so far, by which another engine may compile them ahead. */
  get compiled(): readonly Compilable[] {
    return this.#compiled.list();
  }

  /** Compiles what another engine has compiled, and scripts for their first run. */
  compileAhead(functions: readonly Compilable[], scripts: readonly Script[], at: Position): void {
    for (const { wrap, code } of functions) this.#compile(wrap, code, at);
    for (const { text, file } of scripts) {
      if (this.#scripts.has(text)) continue;
      const options = { type: 'global', compileOnly: true } as const;
      try {
        const script = this.#guarded(at, () => this.#context.evalCode(text, file, options));
        this.#scripts.set(text, script);
      } catch (error) {
        // Whoever runs it will be told.
        if (!(error instanceof ScriptError)) throw error;
      }
    }
  }

  /** @returns JSON text, or undefined for undefined and functions. @throws ScriptError, LimitError */
  evaluate(code: string, at: Position): string | undefined {
    return this.#text(this.#call(this.#built.evaluate, at, this.#expression(code, at)));
  }

  /** The value of a condition as a boolean. @throws ScriptError, LimitError */
  test(code: string, at: Position): boolean {
    const value = this.#call(this.#compile('test', code, at), at);
    const isTrue = this.#context.getNumber(value) === 1;
    value.dispose();
    return isTrue;
  }

  /** Runs a script in the global scope. @throws ScriptError, LimitError */
  run(script: string, at: Position): void {
    const ready = this.#scripts.get(script);
    if (!ready) return this.#evalCode(script, at).dispose();
    this.#scripts.delete(script);
    try {
      this.#call(ready, at).dispose();
    } finally {
      ready.dispose();
    }
  }

  /** Reads code without running it. @throws ScriptError when it is none */
  check(code: string, kind: 'expression' | 'script', at: Position): void {
    if (kind === 'expression') this.#expression(code, at);
    else this.#evalCode(`(function(){${code}\n})`, at).dispose();
  }

  /** Assigns the value of an expression, as it is, to a location. @throws ScriptError, LimitError */
  assignCode(location: string, code: string, at: Position): void {
    refuseSystemVariable(location, at);
    this.#call(this.#compile('assignment', `${location}=(${code}`, at), at).dispose();
  }

  /** @param json text, or undefined. @throws ScriptError, LimitError */
  assignJson(location: string, json: string | undefined, at: Position): void {
    this.#give(this.#setter(location, at), json, at);
  }

  /** Calls a function of the data model with a value. @throws ScriptError, LimitError */
  give(callee: string, json: string, at: Position): void {
    this.#give(this.#compile('call', callee, at), json, at);
  }

  /** Makes global variables of those that there are not yet. @throws ScriptError when one is no identifier */
  declare(names: readonly string[], at: Position): void {
    for (const name of names)
      if (!isIdentifier(name))
        throw new ScriptError(`${place(at)}"${name}" is not a variable name`);
    this.run(`var ${names.join(',')};`, at);
  }

  /** @throws ScriptError when the value is no array */
  snapshot(code: string, at: Position): Snapshot {
    const value = this.#call(this.#expression(code, at), at);
    let items: QuickJSHandle;
    try {
      items = this.#call(this.#built.snapshot, at, value);
    } finally {
      value.dispose();
    }
    const length = this.#context
      .getProp(items, 'length')
      .consume((h) => this.#context.getNumber(h));
    return {
      length,
      assign: (index, location, where) => {
        this.#context.getProp(items, index).consume((item) => this.#assign(location, item, where));
      },
      dispose: () => {
        if (!this.#isDisposed) items.dispose();
      },
    };
  }

  /**
   * @param fields JSON text of the event without its data
   * @param data JSON text, or undefined. @throws ScriptError when it is none
   */
  setEvent(fields: string, data: string | undefined, at: Position): void {
    const trees = data === undefined ? undefined : withTrees(data, this.#limits);
    this.#callWith(this.#built.setEvent, at, [fields, trees]).dispose();
  }

  /** Makes the variables of the platform, which the document cannot change. */
  furnish(at: Position): void {
    this.#call(this.#built.furnish, at).dispose();
  }

  /**
   * Gives the variables of the platform their values, and the session what it starts with.
   *
   * @returns why the parameters could not be taken. @throws ScriptError, LimitError
   */
  begin(
    { id, name, http }: PlatformValues,
    { facts, params }: { readonly facts?: Gift | undefined; readonly params?: Gift | undefined },
    at: Position,
  ): ScriptError | undefined {
    const learn = facts && this.#compile('call', facts.callee, at);
    const take = params && this.#compile('call', params.callee, at);
    const told = facts && withTrees(facts.json, this.#limits);
    const args = [id, name, http, learn, told];
    try {
      args.push(take, params && withTrees(params.json, this.#limits));
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      this.#callWith(this.#built.begin, at, args).dispose();
      return error;
    }
    const trouble = this.#text(this.#callWith(this.#built.begin, at, args));
    if (trouble === undefined) return undefined;
    const error = this.#errorOf(trouble, at);
    if (error instanceof ScriptError) return error;
    throw error;
  }

  /** Global functions that ask the session. */
  define(names: readonly string[], at: Position): void {
    const context = this.#context;
    const host = context.newFunction('host', (name, ...args) => {
      const result = this.#callHost(
        this.#peek(name) ?? '',
        args.map((arg) => this.#peek(arg)),
      );
      return result === undefined ? context.undefined : context.newString(result);
    });
    const list = context.newString(JSON.stringify(names));
    this.#call(this.#built.wrap, at, list, host).dispose();
    list.dispose();
    host.dispose();
  }

  /** Ends the data model. May be called twice. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (!this.#isBroken) {
      try {
        this.#compiled.dispose();
        for (const handle of this.#scripts.values()) handle.dispose();
        for (const handle of Object.values(this.#built)) handle.dispose();
        this.#context.dispose();
        this.#runtime.dispose();
      } catch {
        this.instance.markBroken();
      }
    }
    this.instance.close();
  }

  #build(): Built {
    const at = { file: 'prelude', line: 1, column: 1 };
    const max = this.#context.newNumber(this.#limits.valueChars);
    const make = this.#evalCode(PRELUDE, at);
    const built = this.#call(make, at, max);
    const get = (name: string): QuickJSHandle => this.#context.getProp(built, name);
    const functions = {
      evaluate: get('evaluate'),
      give: get('give'),
      furnish: get('furnish'),
      begin: get('begin'),
      setEvent: get('setEvent'),
      snapshot: get('snapshot'),
      wrap: get('wrap'),
      describe: get('describe'),
    };
    for (const handle of [max, make, built]) handle.dispose();
    return functions;
  }

  #assign(location: string, value: QuickJSHandle, at: Position): void {
    this.#call(this.#setter(location, at), at, value).dispose();
  }

  #give(take: QuickJSHandle, json: string | undefined, at: Position): void {
    const trees = json === undefined ? undefined : withTrees(json, this.#limits);
    this.#callWith(this.#built.give, at, [take, trees]).dispose();
  }

  #setter(location: string, at: Position): QuickJSHandle {
    refuseSystemVariable(location, at);
    return this.#compile('setter', location, at);
  }

  #expression(code: string, at: Position): QuickJSHandle {
    return this.#compile('value', code, at);
  }

  #compile(wrap: Wrap, code: string, at: Position): QuickJSHandle {
    const known = this.#compiled.get(wrap, code);
    if (known) return known;
    const made = this.#evalCode(sourceOf({ wrap, code }), at);
    this.#compiled.add({ wrap, code }, made);
    return made;
  }

  /** @param args texts are made for the call, functions are there already */
  #callWith(
    callee: QuickJSHandle,
    at: Position,
    args: readonly (string | QuickJSHandle | undefined)[],
  ): QuickJSHandle {
    const made: QuickJSHandle[] = [];
    const handles = args.map((arg) => {
      if (typeof arg !== 'string') return arg ?? this.#context.undefined;
      const text = this.#context.newString(arg);
      made.push(text);
      return text;
    });
    try {
      return this.#call(callee, at, ...handles);
    } finally {
      for (const text of made) text.dispose();
    }
  }

  #evalCode(code: string, at: Position): QuickJSHandle {
    return this.#guarded(at, () => this.#context.evalCode(code, at.file));
  }

  #call(callee: QuickJSHandle, at: Position, ...args: QuickJSHandle[]): QuickJSHandle {
    return this.#guarded(at, () =>
      this.#context.callFunction(callee, this.#context.global, ...args),
    );
  }

  #guarded(at: Position, run: () => ReturnType<QuickJSContext['evalCode']>): QuickJSHandle {
    let result: ReturnType<QuickJSContext['evalCode']>;
    try {
      result = run();
    } catch (error) {
      throw this.#broken(error instanceof Error ? error.message : String(error));
    }
    if (!result.error) return result.value;
    throw this.#failure(result.error, at);
  }

  #failure(error: QuickJSHandle, at: Position): Error {
    let described: string | undefined;
    try {
      const result = this.#context.callFunction(
        this.#built.describe,
        this.#context.undefined,
        error,
      );
      if (result.error) result.error.dispose();
      else described = this.#text(result.value);
      error.dispose();
    } catch {
      // Left undescribed.
    }
    // Also when what ran too long was a getter of the error itself.
    if (this.#budget.isScriptOver)
      return new LimitError(
        this.#budget.overCode ?? 'SCXML_SCRIPT_TOO_LONG',
        `${place(at)}the script ran too long`,
      );
    return this.#errorOf(described, at);
  }

  #errorOf(described: string | undefined, at: Position): LimitError | ScriptError {
    return this.#isExhausted(described)
      ? this.#broken(`${place(at)}out of memory`)
      : new ScriptError(`${place(at)}${described}`);
  }

  /**
   * QuickJS says so, or throws null for want of memory for an error, or can do nothing at all any more.
   * A script may throw null as well: then there is room for a probe.
   */
  #isExhausted(described: string | undefined): boolean {
    if (described === undefined || described === 'InternalError: out of memory') return true;
    if (described !== 'null was thrown') return false;
    const probe = this.#context.evalCode('new Array(65536).fill(0)');
    (probe.error ?? probe.value).dispose();
    return probe.error !== undefined;
  }

  #broken(message: string): LimitError {
    this.#isBroken = true;
    this.instance.markBroken();
    return new LimitError('SCXML_OUT_OF_MEMORY', message);
  }

  #text(handle: QuickJSHandle): string | undefined {
    const text = this.#peek(handle);
    handle.dispose();
    return text;
  }

  #peek(handle: QuickJSHandle): string | undefined {
    return this.#context.typeof(handle) === 'string' ? this.#context.getString(handle) : undefined;
  }
}

function refuseSystemVariable(location: string, at: Position): void {
  if (isSystemVariable(location))
    throw new ScriptError(`${place(at)}"${location.trim()}" belongs to the platform`);
}

function place(at: Position): string {
  return `${at.file}:${at.line}: `;
}
