/**
 * The body of a request as flat text parameters, however it came (JSON or urlencoded). Parameters
 * whose name starts with `_` control the callback; every other one is user data kept with it.
 *
 * Limits keep one request from filling the store or the headers that user data later travels in.
 */

import { RequestProblem, shownValue } from './problem.js';

export type Parameters = ReadonlyMap<string, string>;

const PARAMETER_COUNT_MAX = 100;
const NAME_LENGTH_MAX = 100;
const VALUE_LENGTH_MAX = 4000;

/** Control characters are never part of a name; NUL is never part of a text. */
const NAME = /^\P{Cc}+$/u;

/**
 * Numbers and booleans become text, objects and lists JSON text, null is left out.
 * @throws RequestProblem `CBD_REQUEST_MALFORMED` past the limits, or when the body is no object
 */
export function readParameters(body: unknown): Parameters {
  const parameters = new Map<string, string>();
  if (body === undefined || body === null) return parameters;
  if (typeof body !== 'object' || Array.isArray(body)) throw malformed('body', 'an object');
  const entries = Object.entries(body);
  if (entries.length > PARAMETER_COUNT_MAX) {
    throw malformed('body', `at most ${PARAMETER_COUNT_MAX} parameters`);
  }
  for (const [name, value] of entries) {
    if (value === null || value === undefined) continue;
    const text = typeof value === 'string' ? value : toJson(value, name);
    if (name.length > NAME_LENGTH_MAX || !NAME.test(name)) {
      throw malformed(name, `a name of 1 to ${NAME_LENGTH_MAX} printable characters`);
    }
    if (text.length > VALUE_LENGTH_MAX || text.includes('\0')) {
      throw malformed(name, `text of at most ${VALUE_LENGTH_MAX} characters`);
    }
    parameters.set(name, text);
  }
  return parameters;
}

/** Nested deeper than the runtime can follow is more than anybody means. */
function toJson(value: unknown, name: string): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw malformed(name, 'nested less deeply');
  }
}

export function isControl(name: string): boolean {
  return name.startsWith('_');
}

/** What the value was is left out: it is user data, and long. */
function malformed(field: string, rule: string): RequestProblem {
  const shown = field === '' ? 'a parameter' : shownValue(field);
  return new RequestProblem('CBD_REQUEST_MALFORMED', `${shown} has to be ${rule}.`, {
    fault: { field: shown, rule },
  });
}
