/**
 * Plays what a GMS client sends, request by request, and compares what comes back with what GMS'
 * documentation and tests say. Used by `npm run gms-replay` and by the test beside it.
 */

import { isDeepStrictEqual } from 'node:util';

/** What an answer has to be: texts and numbers as they are, patterns, lists of a length, keys that are there. */
export type Expected =
  | string
  | number
  | boolean
  | null
  | RegExp
  | readonly Expected[]
  | { readonly [key: string]: Expected };

export interface Sent {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly multipart?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Exchange {
  readonly title: string;
  /** Where the answer is known from. */
  readonly source: 'documentation' | 'GMS 8.5.11x' | 'mobile client' | 'ours';
  /** @param ids what earlier exchanges kept */
  send(ids: Readonly<Record<string, string>>): Sent;
  readonly status: number;
  /** Text is compared as text, everything else as JSON. */
  readonly answer?: Expected;
  /** Keys that may not be there. */
  readonly without?: readonly string[];
  /** `_id` of the answer is kept under this name. */
  readonly keep?: string;
}

export interface Played {
  readonly exchange: Exchange;
  readonly sent: Sent;
  readonly status: number;
  readonly body: unknown;
  /** Empty = as expected. */
  readonly differences: readonly string[];
}

/** @param base URL of a running service */
export async function* replay(
  base: string,
  exchanges: readonly Exchange[],
): AsyncGenerator<Played> {
  const ids: Record<string, string> = {};
  for (const exchange of exchanges) {
    const sent = exchange.send(ids);
    const { status, body } = await send(base, sent);
    if (exchange.keep !== undefined) ids[exchange.keep] = String(Reflect.get(Object(body), '_id'));
    const differences = [
      ...(status === exchange.status ? [] : [`status ${status}, not ${exchange.status}`]),
      ...(exchange.answer === undefined ? [] : compare(body, exchange.answer, '')),
      ...(exchange.without ?? [])
        .filter((key) => Object.hasOwn(Object(body) as object, key))
        .map((key) => `${key} is there`),
    ];
    yield { exchange, sent, status, body, differences };
  }
}

async function send(base: string, { method, path, headers, ...sent }: Sent) {
  const body =
    sent.json !== undefined
      ? JSON.stringify(sent.json)
      : sent.form
        ? new URLSearchParams(sent.form)
        : sent.multipart && formOf(sent.multipart);
  const type: Record<string, string> =
    sent.json === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(base + path, { method, headers: { ...type, ...headers }, body });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json');
  return { status: answer.status, body: isJson ? (JSON.parse(text) as unknown) : text };
}

function formOf(fields: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

function compare(got: unknown, expected: Expected, at: string): string[] {
  const where = at === '' ? 'the answer' : at;
  const shown = JSON.stringify(got) ?? 'nothing';
  if (expected instanceof RegExp) {
    return typeof got === 'string' && expected.test(got)
      ? []
      : [`${where} is ${shown}, not ${expected}`];
  }
  if (Array.isArray(expected)) {
    const list: readonly Expected[] = expected;
    if (!Array.isArray(got) || got.length !== list.length) {
      return [`${where} is ${shown}, not a list of ${list.length}`];
    }
    return list.flatMap((one, index) => compare(got[index], one, `${at}[${index}]`));
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof got !== 'object' || got === null) return [`${where} is ${shown}, not an object`];
    return Object.entries(expected).flatMap(([key, value]) =>
      compare(Reflect.get(got, key), value, at === '' ? key : `${at}.${key}`),
    );
  }
  return isDeepStrictEqual(got, expected)
    ? []
    : [`${where} is ${shown}, not ${JSON.stringify(expected)}`];
}
