/**
 * The schema as JSON Schema (draft-07, what yaml-language-server reads), so that editors complete
 * options and mark faults while one types. It describes YAML as written: references and empty values
 * are allowed everywhere. It is a help; `loadConfig` decides.
 */
import {
  CONFIG_OPTIONS,
  ignoredMessage,
  ignoredOptionNames,
  SERVICE_OPTIONS,
  ENTRY_NAME,
} from './schema.js';
import type { OptionSpec, ValueType } from './schema-types.js';

type Json = Readonly<Record<string, unknown>>;

const REFERENCE = { $ref: '#/definitions/reference' };
const ABSENT = { $ref: '#/definitions/absent' };

const TARGET = {
  type: 'object',
  properties: {
    target: { type: 'string' },
    timeout: {
      anyOf: [
        { type: 'integer', minimum: 0 },
        { type: 'string', pattern: '^\\d{1,9}$' },
      ],
    },
    clear: { enum: [true, false, 'true', 'false'] },
  },
  required: ['target'],
  additionalProperties: false,
};

const DEFINITIONS: Json = {
  absent: { enum: ['', null], description: 'Counts as not set.' },
  reference: {
    type: 'string',
    pattern: '\\$\\{(?:env|file):[^{}]+\\}',
    description: 'An environment variable or the text of a file.',
  },
  targets: {
    anyOf: [
      { type: ['string', 'null'] },
      TARGET,
      { type: 'array', maxItems: 15, items: { anyOf: [{ type: 'string' }, TARGET] } },
    ],
  },
  treatment: {
    anyOf: [
      {
        type: 'string',
        description: 'A file name under media.directory, a path or an http(s) URL.',
      },
      { const: false, description: 'Off.' },
      { type: 'null' },
      {
        type: 'object',
        description: 'A file with hints; {} is off.',
        properties: {
          file: { type: 'string' },
          hints: {
            type: 'object',
            properties: { 'am-beep-detection': { enum: ['on', 'off', true, false] } },
          },
          interruptible: { type: 'boolean' },
        },
        additionalProperties: false,
      },
    ],
  },
};

export function makeJsonSchema(): Json {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Dialback configuration',
    ...describeBlock(CONFIG_OPTIONS),
    definitions: { ...DEFINITIONS, service: describeBlock(SERVICE_OPTIONS) },
  };
}

function describeBlock(options: readonly OptionSpec[]): Json {
  const properties: Record<string, unknown> = {};
  for (const spec of options) {
    properties[spec.key] = describeOption(spec);
    const { genesysName, misprint } = spec;
    if (genesysName !== undefined) properties[genesysName] = describeOption(spec);
    if (misprint !== undefined)
      properties[misprint] = { deprecationMessage: `Misprint of ${spec.key}` };
  }
  if (options === SERVICE_OPTIONS) {
    for (const name of ignoredOptionNames()) {
      properties[name] = { deprecationMessage: ignoredMessage(name) };
    }
  }
  const patternProperties: Record<string, unknown> = {};
  for (const { genesysItems, type } of options) {
    if (genesysItems === undefined || type.kind !== 'list') continue;
    patternProperties[`^${genesysItems}\\d{1,4}$`] = describeType(type.of);
  }
  const required = options.filter(({ isRequired }) => isRequired).map(({ key }) => key);
  return {
    type: ['object', 'null'],
    properties,
    ...(Object.keys(patternProperties).length > 0 && { patternProperties }),
    additionalProperties: false,
    ...(required.length > 0 && { required }),
  };
}

function describeOption(spec: OptionSpec): Json {
  const defaultSays = spec.defaultSays === undefined ? '' : ` Default: ${spec.defaultSays}.`;
  return {
    description: `${spec.doc}${defaultSays}`,
    ...(spec.default !== undefined && { default: spec.default }),
    ...describeType(spec.type),
  };
}

function describeType(type: ValueType): Json {
  switch (type.kind) {
    case 'block':
      return type.options === SERVICE_OPTIONS
        ? { $ref: '#/definitions/service' }
        : describeBlock(type.options);
    case 'map':
      return {
        type: ['object', 'null'],
        propertyNames: { pattern: ENTRY_NAME.pattern.source },
        additionalProperties: describeType(type.of),
      };
    case 'list':
      return describeList(type);
    case 'treatment':
      return { $ref: '#/definitions/treatment' };
    case 'json':
      return { type: ['object', 'string', 'null'] };
    case 'targets':
      return { $ref: '#/definitions/targets' };
    default:
      return { anyOf: [describeScalar(type), REFERENCE, ABSENT] };
  }
}

function describeList(type: Extract<ValueType, { kind: 'list' }>): Json {
  const array = { type: 'array', items: describeType(type.of), maxItems: type.maxItems };
  if (type.orSingle) return { anyOf: [array, describeType(type.of), ABSENT] };
  const text = { type: 'string', description: 'The same, separated by commas.' };
  return { anyOf: type.commaText ? [array, text, ABSENT] : [array, ABSENT] };
}

function describeScalar(
  type: Exclude<ValueType, { kind: 'block' | 'map' | 'list' | 'treatment' | 'json' | 'targets' }>,
): Json {
  switch (type.kind) {
    case 'boolean':
      return { anyOf: [{ type: 'boolean' }, { enum: ['true', 'false'] }] };
    case 'integer': {
      const number = { type: 'integer', minimum: type.min, maximum: type.max };
      return { anyOf: [number, { type: 'string', pattern: '^[+-]?\\d{1,15}$' }] };
    }
    case 'text': {
      const pattern =
        type.format && !type.format.pattern.flags ? type.format.pattern.source : undefined;
      const isBounded = { type: ['string', 'number'], maxLength: type.maxLength };
      return pattern === undefined ? isBounded : { ...isBounded, pattern };
    }
    case 'choice':
      return { enum: type.values };
    case 'url':
      return { type: 'string', pattern: `^(?:${type.schemes.join('|')})://` };
    case 'country':
      return { type: 'string', pattern: '^[A-Z]{2}$' };
    case 'timezone':
      return { type: 'string', pattern: '^(?:UTC|[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2})$' };
  }
}
