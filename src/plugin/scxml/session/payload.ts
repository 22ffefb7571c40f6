/** Evaluates what goes along with an event or an invocation: names, params and content, to JSON text. */
import type { Content, Payload } from '../document/model.js';
import { ScriptError, type Position } from '../errors.js';
import type { Limits } from '../limits.js';
import type { ScriptEngine } from '../script/script-engine.js';
import { jsonOfText, jsonOfXml } from '../script/xml-value.js';

/** Values under one name, in order; a name may come twice. */
export type ParamValues = ReadonlyMap<string, readonly (string | undefined)[]>;

export interface PayloadContext {
  readonly engine: ScriptEngine;
  readonly limits: Limits;
  /** SCXML 1.0, 5.7.2: a param that fails is reported and left out; the rest goes on. */
  readonly onParamError: (error: ScriptError) => void;
}

/** @throws ScriptError when a name of the namelist has no value */
export function evaluateParams(payload: Payload, context: PayloadContext): ParamValues {
  const values = new Map<string, (string | undefined)[]>();
  const add = (name: string, json: string | undefined): void => {
    values.set(name, [...(values.get(name) ?? []), json]);
  };
  for (const { code, at } of payload.names) add(code, context.engine.evaluate(code, at));
  for (const { name, value } of payload.params) {
    try {
      add(name, context.engine.evaluate(value.code, value.at));
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      context.onParamError(error);
    }
  }
  return values;
}

/** @returns JSON text of the content, or of an object of all params; undefined when there is neither */
export function evaluatePayload(
  payload: Payload,
  context: PayloadContext,
  at: Position,
): string | undefined {
  if (payload.content) return evaluateContent(payload.content, context);
  const values = evaluateParams(payload, context);
  if (values.size === 0) return undefined;
  const members: string[] = [];
  for (const [name, list] of values) {
    const [first, ...more] = list;
    const json = more.length > 0 ? `[${list.map((one) => one ?? 'null').join(',')}]` : first;
    if (json !== undefined) members.push(`${JSON.stringify(name)}:${json}`);
  }
  return bounded(`{${members.join(',')}}`, context.limits, at);
}

export function evaluateContent(
  content: Content,
  { engine, limits }: Pick<PayloadContext, 'engine' | 'limits'>,
): string | undefined {
  switch (content.kind) {
    case 'code':
      return engine.evaluate(content.code.code, content.code.at);
    case 'xml':
      return jsonOfXml(content.element.source);
    case 'text':
      return jsonOfText(content.text, limits);
  }
}

function bounded(json: string, { valueChars }: Limits, at: Position): string {
  if (json.length <= valueChars) return json;
  throw new ScriptError(
    `${at.file}:${at.line}: a value of ${json.length} characters, ${valueChars} are allowed`,
  );
}
