/**
 * The variables of a session: those of the platform, and the document's `<data>` with early or late
 * binding (SCXML 1.0, 5.3 and 5.10). A data item that cannot be had stays undefined and raises an error.
 */
import type { DataItem, State } from '../document/model.js';
import { ScriptError } from '../errors.js';
import type { Gift } from '../script/engine-contract.js';
import { jsonOfText } from '../script/xml-value.js';
import { mouldOf } from './page-mould.js';
import { evaluateContent, type ParamValues } from './payload.js';
import type { Session } from './session.js';

export class DataModel {
  readonly #session: Session;
  readonly #params: ParamValues;
  readonly #hasData = new Set<State>();

  /** @param params values given from outside for top-level items */
  constructor(session: Session, params: ParamValues) {
    this.#session = session;
    this.#params = params;
  }

  /**
   * The variables of the platform, what the host knows of the outside, and the parameters: where a dialect
   * has a place for them all of them are stored, declared or not.
   */
  begin(): void {
    const { engine, id, document, family } = this.#session;
    const { dialect, name, root } = document;
    const http = family.host.httpLocation(id) ?? undefined;
    const { learn, takeParameters } = dialect;
    const facts = gift(learn, family.facts);
    const list = [...this.#params].map(([name, values]) => pair(name, values.at(-1)));
    const params = gift(takeParameters, list.length > 0 ? `[${list.join(',')}]` : undefined);
    const trouble = engine.begin({ id, name, http }, { facts, params }, root.at);
    if (trouble) this.#session.raiseError(trouble);
  }

  /** Gives the items of a state their values, the first time only. @throws LimitError */
  initialise(state: State): void {
    if (this.#hasData.has(state)) return;
    this.#hasData.add(state);
    for (const item of state.data) this.#attempt(() => this.#initialiseItem(item));
  }

  #initialiseItem(item: DataItem): void {
    const { engine, family, resources, payloadContext } = this.#session;
    const given = item.isTopLevel ? this.#params.get(item.id) : undefined;
    if (given) return this.#assign(item, given.at(-1));
    const { value } = item;
    if (value === null || mouldOf(this.#session.document).isPreset(item)) return;
    if (value.kind === 'code') {
      engine.assignCode(this.#location(item.id), value.code.code, value.code.at);
    } else if (value.kind === 'url') {
      const loaded = resources.get(value.url);
      if (loaded?.kind !== 'ok') throw new ScriptError(`${value.url} could not be loaded`);
      this.#assign(item, jsonOfText(loaded.text, family.limits));
    } else this.#assign(item, evaluateContent(value, payloadContext));
  }

  #assign(item: DataItem, json: string | undefined): void {
    this.#session.engine.assignJson(this.#location(item.id), json, item.at);
  }

  #location(id: string): string {
    return this.#session.document.dialect.dataLocation?.(id) ?? id;
  }

  #attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      this.#session.raiseError(error);
    }
  }
}

function gift(callee: string | undefined, json: string | undefined): Gift | undefined {
  return callee === undefined || json === undefined ? undefined : { callee, json };
}

/** @param json undefined: the name alone, which is there without a value */
function pair(name: string, json: string | undefined): string {
  return json === undefined ? `[${JSON.stringify(name)}]` : `[${JSON.stringify(name)},${json}]`;
}
