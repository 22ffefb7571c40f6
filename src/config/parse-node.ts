/**
 * YAML nodes to checked values, as the schema says: names, types, ranges, formats, required options.
 * It goes on after a fault, so that one run reports everything. It knows nothing of what the options
 * mean to each other; that is `check`'s business.
 */
import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { nearestName } from './nearest-name.js';
import { describeFound, joinPath, type ParseContext } from './parse-context.js';
import { parseScalar } from './parse-scalar.js';
import { parseTargets } from './parse-targets.js';
import { parseJson, parseTreatment } from './parse-treatment.js';
import {
  ENTRY_NAME,
  findServiceOption,
  ignoredMessage,
  ignoredOptionNames,
  isIgnoredOption,
} from './schema.js';
import { SERVICE_OPTIONS } from './schema.js';
import type { OptionSpec, ValueType } from './schema-types.js';
import { isBlock, type Block, type Value } from './values.js';

/** @returns the block's values by the options' own keys; absent, empty and faulty ones are left out. */
export function parseBlock(
  map: YAMLMap,
  options: readonly OptionSpec[],
  path: string,
  context: ParseContext,
  depth = 0,
): Block {
  const values = new Map<string, Value>();
  const written = new Set<OptionSpec>();
  for (const { name, keyNode, valueNode } of entries(map, path, context)) {
    const list = options.find(({ genesysItems }) => isNumbered(name, genesysItems));
    if (list?.type.kind === 'list') {
      const item = parseValue(valueNode, list.type.of, joinPath(path, name), context, depth + 1);
      if (item !== undefined) values.set(list.key, [...itemsOf(values.get(list.key)), item]);
      continue;
    }
    const spec = findOption(name, options, path, keyNode, context);
    if (spec === undefined) continue;
    if (written.has(spec)) {
      const message = 'The same option under two of its names.';
      context.fault('CONFIG_OPTION_TWICE', keyNode, joinPath(path, name), message, {
        suggestion: spec.key,
      });
      continue;
    }
    written.add(spec);
    const node = valueNode ?? undefined;
    const optionPath = joinPath(path, spec.key);
    const before = context.problems.length;
    const value = parseValue(node, spec.type, optionPath, context, depth + 1);
    if (value === undefined && context.problems.length === before) {
      written.delete(spec);
      continue;
    }
    if (value === undefined) continue;
    const isNumberedToo = spec.genesysItems !== undefined && values.has(spec.key);
    values.set(
      spec.key,
      isNumberedToo ? [...itemsOf(values.get(spec.key)), ...itemsOf(value)] : value,
    );
    context.positions.set(optionPath, context.position(node));
    if (spec.unbuilt !== undefined) {
      context.warn('CONFIG_NOT_IMPLEMENTED', node, optionPath, spec.unbuilt);
    }
    if (spec.ignoredValue?.value === value) {
      context.warn('CONFIG_NOT_IMPLEMENTED', node, optionPath, spec.ignoredValue.says);
    }
  }
  for (const spec of options) {
    if (!spec.isRequired || written.has(spec)) continue;
    const message = 'This option is required.';
    context.fault('CONFIG_MISSING_OPTION', map, joinPath(path, spec.key), message);
  }
  return values;
}

/** `_bh_regular1`, for a list whose items Genesys numbers. */
function isNumbered(name: string, start: string | undefined): boolean {
  return (
    start !== undefined && name.startsWith(start) && /^\d{1,4}$/.test(name.slice(start.length))
  );
}

function itemsOf(list: Value | undefined): readonly Value[] {
  return Array.isArray(list) ? (list as readonly Value[]) : [];
}

/** @returns undefined when the value is absent, or faulty (then a problem was added). */
export function parseValue(
  written: Node | undefined,
  type: ValueType,
  path: string,
  context: ParseContext,
  depth: number,
): Value | undefined {
  const node = context.enter(written, path, depth);
  if (node === undefined) return undefined;
  switch (type.kind) {
    case 'block':
      if (isMap(node)) return parseBlock(node, type.options, path, context, depth);
      if (isNothing(node)) return undefined;
      return wrongType(node, path, 'a block of options', context);
    case 'map':
      if (isMap(node)) return parseEntries(node, type, path, context, depth);
      if (isNothing(node)) return undefined;
      return wrongType(node, path, 'a block of named entries', context);
    case 'list':
      return parseList(node, type, path, context, depth);
    case 'treatment':
      return parseTreatment(node, path, context);
    case 'json':
      return parseJson(node, path, context);
    case 'targets':
      return parseTargets(node, path, context);
    default:
      if (!isScalar(node)) return wrongType(node, path, 'a single value', context);
      return parseScalar(node, type, path, context);
  }
}

function parseEntries(
  map: YAMLMap,
  type: Extract<ValueType, { kind: 'map' }>,
  path: string,
  context: ParseContext,
  depth: number,
): Block {
  const values = new Map<string, Value>();
  for (const { name, keyNode, valueNode } of entries(map, path, context)) {
    const entryPath = joinPath(path, name);
    if (!ENTRY_NAME.pattern.test(name)) {
      context.fault('CONFIG_BAD_FORMAT', keyNode, entryPath, 'Not a usable name.', {
        allowed: ENTRY_NAME.says,
      });
      continue;
    }
    if (values.size >= type.maxItems) {
      context.fault('CONFIG_TOO_MANY', keyNode, path, 'Too many entries.', {
        allowed: `up to ${type.maxItems}`,
      });
      break;
    }
    context.positions.set(entryPath, context.position(keyNode));
    const value = parseValue(valueNode ?? undefined, type.of, entryPath, context, depth + 1);
    if (value !== undefined) values.set(name, value);
    else if (!valueNode || isNothing(valueNode))
      values.set(name, emptyEntry(type.of, keyNode, entryPath, context));
  }
  return values;
}

/** An entry with a name and nothing under it: fine for a service, not where an option is required. */
function emptyEntry(type: ValueType, keyNode: Node, path: string, context: ParseContext): Block {
  for (const spec of type.kind === 'block' ? type.options : []) {
    if (!spec.isRequired) continue;
    const message = 'This option is required.';
    context.fault('CONFIG_MISSING_OPTION', keyNode, joinPath(path, spec.key), message);
  }
  return new Map();
}

function parseList(
  node: Node,
  type: Extract<ValueType, { kind: 'list' }>,
  path: string,
  context: ParseContext,
  depth: number,
): Value | undefined {
  if (isNothing(node)) return undefined;
  if (isMap(node) && type.orSingle) return parseValue(node, type.of, path, context, depth);
  if (isScalar(node) && type.commaText) return parseCommaText(node, type, path, context);
  if (!isSeq(node)) return wrongType(node, path, 'a list', context);
  if (node.items.length > type.maxItems) {
    context.fault('CONFIG_TOO_MANY', node, path, 'Too many items.', {
      allowed: `up to ${type.maxItems}`,
    });
    return undefined;
  }
  const values: Value[] = [];
  const seen = new Set<Value>();
  for (const [index, item] of node.items.entries()) {
    const itemPath = `${path}[${index}]`;
    const itemNode = toNode(item);
    const before = context.problems.length;
    const value = parseValue(itemNode, type.of, itemPath, context, depth + 1);
    if (value === undefined) {
      if (context.problems.length === before) {
        context.fault('CONFIG_WRONG_TYPE', itemNode ?? node, itemPath, 'An empty item.');
      }
      continue;
    }
    context.positions.set(itemPath, context.position(itemNode));
    const name =
      type.uniqueBy !== undefined && isBlock(value) ? value.get(type.uniqueBy) : undefined;
    if (name !== undefined && seen.has(name)) {
      context.fault(
        'CONFIG_DUPLICATE_NAME',
        itemNode,
        `${itemPath}.${type.uniqueBy}`,
        'This name is taken.',
      );
    }
    if (name !== undefined) seen.add(name);
    values.push(value);
  }
  return values;
}

function parseCommaText(
  node: Node,
  type: Extract<ValueType, { kind: 'list' }>,
  path: string,
  context: ParseContext,
): readonly Value[] | undefined {
  const scalar = context.scalar(node, path);
  if (scalar === undefined) return undefined;
  const parts = scalar.text.split(',').map((part) => part.trim());
  const values: Value[] = [];
  for (const part of parts.filter((text) => text !== '').slice(0, type.maxItems)) {
    const value = parseScalar(node, type.of, path, context, part);
    if (value !== undefined) values.push(value);
  }
  return values;
}

interface Entry {
  readonly name: string;
  readonly keyNode: Node;
  readonly valueNode: Node | undefined;
}

function* entries(map: YAMLMap, path: string, context: ParseContext): Generator<Entry> {
  const seen = new Set<string>();
  for (const pair of map.items) {
    const keyNode = toNode(pair.key);
    if (!keyNode || !isScalar(keyNode)) {
      context.fault(
        'CONFIG_WRONG_TYPE',
        keyNode ?? map,
        path,
        'The name of an option is a plain text.',
      );
      continue;
    }
    const name = typeof keyNode.value === 'string' ? keyNode.value : (keyNode.source ?? '');
    if (seen.has(name)) {
      context.fault(
        'CONFIG_DUPLICATE_KEY',
        keyNode,
        joinPath(path, shorten(name)),
        'The same key twice.',
      );
      continue;
    }
    seen.add(name);
    yield { name, keyNode, valueNode: toNode(pair.value) };
  }
}

/** yaml types what it parsed as unknown; everything there is a node or nothing. */
function toNode(item: unknown): Node | undefined {
  return item === null || item === undefined ? undefined : (item as Node);
}

function findOption(
  name: string,
  options: readonly OptionSpec[],
  path: string,
  keyNode: Node,
  context: ParseContext,
): OptionSpec | undefined {
  const spec = options.find(({ key, genesysName, misprint }) =>
    [key, genesysName, misprint].includes(name),
  );
  const place = joinPath(path, shorten(name));
  if (spec !== undefined) {
    if (name === spec.misprint) {
      context.warn(
        'CONFIG_MISPRINT',
        keyNode,
        place,
        'A misprint of the documentation; taken as meant.',
        { suggestion: spec.key },
      );
    }
    return spec;
  }
  const isService = options === SERVICE_OPTIONS;
  if (isService && isIgnoredOption(name)) {
    context.warn('CONFIG_NOT_IMPLEMENTED', keyNode, place, ignoredMessage(name));
    return undefined;
  }
  const known = options.flatMap(({ key, genesysName }) =>
    genesysName ? [key, genesysName] : [key],
  );
  const nearest = nearestName(name, isService ? [...known, ...ignoredOptionNames()] : known);
  const belongs = path === '' ? findServiceOption(name) : undefined;
  const suggestion = belongs ? `defaults.${belongs.key}` : nearest;
  context.fault(
    'CONFIG_UNKNOWN_OPTION',
    keyNode,
    place,
    'There is no such option here.',
    suggestion === undefined ? {} : { suggestion },
  );
  return undefined;
}

function wrongType(node: Node, path: string, allowed: string, context: ParseContext): undefined {
  const found = describeFound(node, true);
  context.fault('CONFIG_WRONG_TYPE', node, path, 'A value of another type.', { found, allowed });
}

/** Null and the empty text count as absent everywhere. */
function isNothing(node: Node): boolean {
  return isScalar(node) && (node.value === null || node.value === '');
}

function shorten(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}...` : name;
}
