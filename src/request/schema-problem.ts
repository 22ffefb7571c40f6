/**
 * What a route's JSON Schema refuses, as the error JSON that everything else has: the first fault, with
 * the field's name, what it was, and what it has to be.
 */

import type { FastifyRequest } from 'fastify';
import { nearestName } from '../config/nearest-name.js';
import { RequestProblem, shownNumber, shownValue } from './problem.js';

/** As far as it is read here. Source: fastify, "Validation and Serialization". */
interface SchemaFault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const CONTEXTS = {
  body: 'body',
  querystring: 'query',
  params: 'params',
  headers: 'headers',
} as const;

/** @returns undefined when it was no schema that refused the request */
export function schemaProblem(error: unknown, request: FastifyRequest): RequestProblem | undefined {
  const { validation, validationContext } = error as {
    readonly validation?: readonly SchemaFault[];
    readonly validationContext?: keyof typeof CONTEXTS;
  };
  const [fault] = validation ?? [];
  if (fault === undefined || validationContext === undefined) return undefined;
  const path = fault.instancePath.split('/').slice(1).map(unescapePointer);
  const missing = fault.params['missingProperty'];
  if (fault.keyword === 'required' && typeof missing === 'string') {
    const field = [...path, missing].join('.');
    return new RequestProblem('CBD_REQUEST_MISSING_KEY', `invalid option: ${field} is missing.`, {
      fault: { field, rule: 'has to be there' },
    });
  }
  const unknown = fault.params['additionalProperty'];
  if (fault.keyword === 'additionalProperties' && typeof unknown === 'string') {
    return unknownName([...path, unknown].join('.'), namesIn(request, validationContext));
  }
  const field = path.join('.') || validationContext;
  const value = path.reduce(partOf, request[CONTEXTS[validationContext]]);
  const rule = ruleOf(fault);
  return new RequestProblem('CBD_REQUEST_MALFORMED', `${shownValue(field)} ${rule}.`, {
    fault: {
      field: shownValue(field),
      ...(path.length > 0 && { value: isNumber(field) ? shownNumber(value) : shownValue(value) }),
      rule,
    },
  });
}

function unknownName(name: string, known: readonly string[]): RequestProblem {
  const field = shownValue(name);
  const nearest = nearestName(name, known);
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  const rule = known.length === 0 ? 'is not known here' : `one of ${known.join(', ')}`;
  return new RequestProblem('CBD_REQUEST_MALFORMED', `${field} is not known here.${hint}`, {
    fault: { field, rule },
  });
}

/** What the route's schema has by name, at its top. */
function namesIn({ routeOptions }: FastifyRequest, context: keyof typeof CONTEXTS): string[] {
  const schema = routeOptions.schema?.[context];
  const { properties = {} } = (schema ?? {}) as { readonly properties?: object };
  return Object.keys(properties);
}

function ruleOf({ keyword, message = 'is not valid', params }: SchemaFault): string {
  const allowed = params['allowedValues'];
  return keyword === 'enum' && Array.isArray(allowed)
    ? `must be one of ${allowed.join(', ')}`
    : message;
}

function isNumber(field: string): boolean {
  return /number|phone/i.test(field);
}

function partOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** RFC 6901, section 4. */
function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
