/** Single values: texts, numbers, booleans, choices, URLs, countries. */
import { isSupportedCountry } from 'libphonenumber-js/max';
import type { Node } from 'yaml';
import { isZoneName } from '../schedule/hours/zone.js';
import { nearestName } from './nearest-name.js';
import { describeFound, type ParseContext, type ScalarText } from './parse-context.js';
import type { ProblemCode } from './problem.js';
import type { ValueType } from './schema-types.js';

type Checked =
  | { readonly value: string | number | boolean }
  | {
      readonly code: ProblemCode;
      readonly message: string;
      readonly allowed: string;
      readonly suggestion?: string;
    };

/**
 * @param part one part of a text with commas; the node then only says where
 * @returns undefined when absent or faulty
 */
export function parseScalar(
  node: Node,
  type: ValueType,
  path: string,
  context: ParseContext,
  part?: string,
): string | number | boolean | undefined {
  const scalar =
    part === undefined
      ? context.scalar(node, path)
      : { text: part, value: part, hasReference: false };
  if (scalar === undefined) return undefined;
  const checked = checkScalar(scalar, type);
  if ('value' in checked) return checked.value;
  const { code, message, ...hints } = checked;
  const found = describeFound(node, type.kind === 'text' && type.isSecret === true);
  context.fault(code, node, path, message, { found, ...hints });
  return undefined;
}

function checkScalar(scalar: ScalarText, type: ValueType): Checked {
  switch (type.kind) {
    case 'boolean':
      return checkBoolean(scalar);
    case 'integer':
      return checkInteger(scalar, type);
    case 'text':
      return checkText(scalar.text, type);
    case 'choice':
      return checkChoice(scalar.text, type);
    case 'url':
      return checkUrl(scalar.text, type);
    case 'country':
      return checkCountry(scalar.text);
    case 'timezone':
      return checkTimezone(scalar.text);
    case 'block':
    case 'map':
    case 'list':
    case 'json':
    case 'targets':
    case 'treatment':
      return wrongType('no single value');
  }
}

/** Genesys writes booleans as texts; so does an environment variable. */
function checkBoolean({ value, text }: ScalarText): Checked {
  if (typeof value === 'boolean') return { value };
  const word = text.toLowerCase();
  if (word === 'true' || word === 'false') return { value: word === 'true' };
  if (['yes', 'on', '1'].includes(word)) return wrongType('true or false', 'true');
  if (['no', 'off', '0'].includes(word)) return wrongType('true or false', 'false');
  return wrongType('true or false');
}

function checkInteger(
  { value, text }: ScalarText,
  type: Extract<ValueType, { kind: 'integer' }>,
): Checked {
  const number =
    typeof value === 'number' ? value : /^[+-]?\d{1,15}$/.test(text) ? Number(text) : NaN;
  const allowed = describeRange(type);
  if (!Number.isInteger(number)) return wrongType(allowed);
  if (number >= type.min && number <= type.max) return { value: number };
  return { code: 'CONFIG_OUT_OF_RANGE', message: 'A number outside its range.', allowed };
}

export function describeRange({ min, max, unit }: Extract<ValueType, { kind: 'integer' }>): string {
  const what = unit === 's' ? ' of seconds' : unit === 'ms' ? ' of milliseconds' : '';
  return `a whole number${what} from ${min} to ${max}`;
}

function checkText(text: string, type: Extract<ValueType, { kind: 'text' }>): Checked {
  const allowed = type.format?.says ?? 'text';
  if (text.length > type.maxLength) {
    return badFormat('Too long.', `up to ${type.maxLength} characters`);
  }
  const { pattern, isMeaningful } = type.format ?? {};
  if (pattern?.test(text) === false || isMeaningful?.(text) === false) {
    return badFormat('Not what this option takes.', allowed);
  }
  return { value: text };
}

function checkChoice(text: string, type: Extract<ValueType, { kind: 'choice' }>): Checked {
  if (type.values.includes(text)) return { value: text };
  const allowed = type.values.join(', ');
  const reason = type.unsupported?.[text];
  if (reason !== undefined) {
    return { code: 'CONFIG_NOT_SUPPORTED', message: `Not supported: ${reason}.`, allowed };
  }
  const suggestion = nearestName(text, type.values);
  const message = 'Not one of the allowed words.';
  return { code: 'CONFIG_NOT_ALLOWED', message, allowed, ...(suggestion && { suggestion }) };
}

/** Credentials in a URL would end up in logs and in what plugins are told. */
function checkUrl(text: string, type: Extract<ValueType, { kind: 'url' }>): Checked {
  const { schemes, isOrigin } = type;
  const allowed = `a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  const url = text.length <= 2048 && !/[\s\p{Cc}]/u.test(text) ? parseUrl(text) : undefined;
  if (!url || !schemes.includes(url.protocol.slice(0, -1)))
    return badFormat('Not a usable URL.', allowed);
  if (url.username !== '' || url.password !== '') {
    return badFormat('A URL with a user or password in it.', 'a URL without credentials');
  }
  if (isOrigin && !`${url.origin}/`.startsWith(text.toLowerCase())) {
    return badFormat(
      'Not an origin.',
      'scheme, host and port, such as https://plugins.example.net',
    );
  }
  return { value: text };
}

function checkCountry(text: string): Checked {
  if (isSupportedCountry(text)) return { value: text };
  const upper = text === 'UK' || text === 'uk' ? 'GB' : text.toUpperCase();
  const allowed = 'two capitals of ISO 3166, such as US or GB';
  const message = 'Not a country with a telephone network we know.';
  return {
    code: 'CONFIG_NOT_ALLOWED',
    message,
    allowed,
    ...(isSupportedCountry(upper) && { suggestion: upper }),
  };
}

function checkTimezone(text: string): Checked {
  if (isZoneName(text)) return { value: text };
  const allowed = 'a zone of the IANA database, such as Europe/Berlin or UTC';
  const suggestion = nearestName(text, Intl.supportedValuesOf('timeZone'));
  const message = 'Not a time zone we know.';
  return { code: 'CONFIG_NOT_ALLOWED', message, allowed, ...(suggestion && { suggestion }) };
}

function wrongType(allowed: string, suggestion?: string): Checked {
  const message = 'A value of another type.';
  return { code: 'CONFIG_WRONG_TYPE', message, allowed, ...(suggestion && { suggestion }) };
}

function badFormat(message: string, allowed: string): Checked {
  return { code: 'CONFIG_BAD_FORMAT', message, allowed };
}

export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
