/** Where goto, submit, choice, link, subdialog and data lead, and what they send along (2.0, 5.3.7 and 5.3.8). */
import { attributeOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import { namesIn } from '../document/check.js';
import type { Page } from '../document/page.js';
import { badFetch, semantic } from '../errors.js';
import type { MultipartField, PageFetch, SubmitBody } from '../platform.js';
import type { Env } from './env.js';
import { fetchTimeoutMs } from './executable.js';
import { fetchAudioOf } from './fetch-audio.js';
import type { DialogDestination } from './leave.js';
import { RECORDING } from './prompts.js';

/** The attribute as it is, or the value of the other one. @throws PageEvent error.semantic */
export function attributeOrExpression(
  element: XmlElement,
  plain: string,
  code: string,
  env: Env,
): string {
  return textAttribute(element, plain, code, env) ?? '';
}

/** Undefined: neither is there. @throws PageEvent error.semantic, also when the value is undefined */
export function textAttribute(
  element: XmlElement,
  plain: string,
  code: string,
  env: Env,
): string | undefined {
  const text = attributeOf(element, plain);
  const expression = attributeOf(element, code);
  if (text !== undefined || expression === undefined) return text;
  const value = env.context.shared.scopes.textIfAny(env.scope, expression, element.at);
  if (value === undefined) {
    throw semantic(
      `${element.at.file}:${element.at.line}: ${code} of <${element.name}> is undefined`,
    );
  }
  return value;
}

/** Names that a submit sends when it has no namelist: the form's named input items. */
export function formNames(env: Env): string[] {
  return (env.dialog?.items ?? []).flatMap(({ isInput, name }) =>
    isInput && name !== undefined ? [name] : [],
  );
}

export interface FollowOptions {
  readonly isSubmit: boolean;
  /** Variables that are sent where there is no namelist. */
  readonly names: readonly string[];
  /** The page the reference stands in; undefined = the current one. */
  readonly from?: Page;
}

/** The destination of `next` or `expr`, loaded. @throws PageEvent */
export async function follow(
  element: XmlElement,
  env: Env,
  { isSubmit, names, from }: FollowOptions,
): Promise<DialogDestination> {
  const reference = attributeOrExpression(element, 'next', 'expr', env);
  const list = attributeOf(element, 'namelist');
  const request = requestFor(element, env, list === undefined ? names : namesIn(list));
  const timeoutMs = fetchTimeoutMs(element, env);
  const target = request.withQuery(reference);
  const audio = fetchAudioOf(element, env, from);
  return env.context.destination(target, { ...request.how, timeoutMs }, { isSubmit, from, audio });
}

export interface Request {
  readonly how: Pick<PageFetch, 'method' | 'body'>;
  /** For GET: the reference with what is sent; else as it is. */
  withQuery(reference: string): string;
}

/** @param names variables that are sent. @throws PageEvent error.semantic, error.badfetch */
export function requestFor(element: XmlElement, env: Env, names: readonly string[]): Request {
  const method = (attributeOf(element, 'method') ?? 'get').toLowerCase();
  if (method !== 'get' && method !== 'post') throw badFetch(`method ${method.slice(0, 20)}`);
  const { scopes, limits } = env.context.shared;
  const values = names.map(
    (name) => [name, scopes.submitted(env.scope, name, element.at)] as const,
  );
  const chars = values.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (chars > limits.submitChars)
    throw badFetch(`more than ${limits.submitChars} characters to send`);
  const query = new URLSearchParams(
    values.map(([name, value]): [string, string] => [name, value]),
  ).toString();
  if (method === 'post') {
    const body = bodyOf(attributeOf(element, 'enctype'), values, query);
    return { how: { method: 'POST', body }, withQuery: (reference) => reference };
  }
  return {
    how: { method: 'GET' },
    withQuery: (reference) => (query === '' ? reference : addQuery(reference, query)),
  };
}

function bodyOf(
  enctype: string | undefined,
  values: readonly (readonly [string, string])[],
  query: string,
): SubmitBody {
  if (enctype !== 'multipart/form-data') return { kind: 'urlencoded', text: query };
  const fields = values.map(([name, text]): MultipartField => {
    if (!text.startsWith(RECORDING)) return { name, value: { kind: 'text', text } };
    return { name, value: { kind: 'recording', id: text.slice(RECORDING.length) } };
  });
  return { kind: 'multipart', fields };
}

function addQuery(reference: string, query: string): string {
  const [address = '', ...fragment] = reference.split('#');
  const joint = address.includes('?') ? '&' : '?';
  return [`${address}${joint}${query}`, ...fragment].join('#');
}
