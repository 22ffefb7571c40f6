/**
 * An ordered `_target`: a name, or a list of `{ target, timeout, clear }`, in YAML or as the JSON text
 * that Genesys stores; numbers and booleans may be texts there. Statistics server and type, as in
 * `gold@StatServer.GA`, say nothing here and are left out.
 * Source: `_target` in the Callback Service Options Reference (list of up to 15).
 */
import { isMap, isScalar, isSeq, type Node } from 'yaml';
import { describeFound, joinPath, type ParseContext } from './parse-context.js';
import { plainMap } from './parse-treatment.js';
import { QUEUE_NAME, YEAR_S } from './schema-terms.js';
import { TargetsValue, type TargetEntry } from './values.js';

const MAX_ENTRIES = 15;
const MAX_JSON_LENGTH = 8192;
const ALLOWED = 'the name of a queue, or a list of { target, timeout, clear }';
const KEYS = ['target', 'timeout', 'clear'];
/** `name@StatServer.TYPE`. */
const GENESYS_TARGET = /^(.+)@[^@]*\.[A-Z]{1,4}$/;

export function parseTargets(
  node: Node,
  path: string,
  context: ParseContext,
): TargetsValue | undefined {
  const before = context.problems.length;
  const items = itemsOf(node, path, context);
  if (items === undefined) {
    const isAbsent = isScalar(node) && context.scalar(node, path) === undefined;
    if (!isAbsent && context.problems.length === before) wrong(node, path, context);
    return undefined;
  }
  if (items.length === 0 || items.length > MAX_ENTRIES) {
    const allowed = `1 to ${MAX_ENTRIES} entries`;
    context.fault('CONFIG_TOO_MANY', node, path, 'Not that many entries.', { allowed });
    return undefined;
  }
  const entries: TargetEntry[] = [];
  for (const [index, item] of items.entries()) {
    const entry = entryOf(item, node, `${path}[${index}]`, context);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return new TargetsValue(entries);
}

/** Each a name or an object; undefined when it is neither list nor name. */
function itemsOf(node: Node, path: string, context: ParseContext): unknown[] | undefined {
  if (isMap(node)) return [plainMap(node, path, context, 0)];
  if (isSeq(node)) {
    return node.items.slice(0, MAX_ENTRIES + 1).map((item, index) => {
      const inner = item as Node;
      if (isMap(inner)) return plainMap(inner, `${path}[${index}]`, context, 0);
      return isScalar(inner) ? context.scalar(inner, `${path}[${index}]`)?.text : undefined;
    });
  }
  const text = isScalar(node) ? context.scalar(node, path)?.text : undefined;
  if (text === undefined || !/^[[{]/.test(text)) return text === undefined ? undefined : [text];
  if (text.length > MAX_JSON_LENGTH) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    return Array.isArray(json) ? (json as unknown[]) : [json];
  } catch {
    return undefined;
  }
}

function entryOf(
  item: unknown,
  node: Node,
  path: string,
  context: ParseContext,
): TargetEntry | undefined {
  if (typeof item === 'string') return entryOf({ target: item }, node, path, context);
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return wrong(node, path, context);
  }
  const { target, timeout = 0, clear = false } = item as Record<string, unknown>;
  const unknown = Object.keys(item).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    const message = 'There is no such option here.';
    const at = joinPath(path, unknown.slice(0, 80));
    context.fault('CONFIG_UNKNOWN_OPTION', node, at, message, { allowed: KEYS.join(', ') });
    return undefined;
  }
  if (typeof target !== 'string') return missingTarget(node, path, context);
  const queue = GENESYS_TARGET.exec(target)?.[1] ?? target;
  if (!QUEUE_NAME.pattern.test(queue)) return wrong(node, joinPath(path, 'target'), context);
  const timeoutS = Number(timeout);
  if (!Number.isInteger(timeoutS) || timeoutS < 0 || timeoutS > YEAR_S) {
    const allowed = `0 to ${YEAR_S} s`;
    const at = joinPath(path, 'timeout');
    context.fault('CONFIG_OUT_OF_RANGE', node, at, 'Not a number of seconds.', { allowed });
    return undefined;
  }
  if (!['true', 'false'].includes(String(clear))) {
    const at = joinPath(path, 'clear');
    context.fault('CONFIG_WRONG_TYPE', node, at, 'A value of another type.', {
      allowed: 'true or false',
    });
    return undefined;
  }
  return { queue, timeoutS, clear: String(clear) === 'true' };
}

function missingTarget(node: Node, path: string, context: ParseContext): undefined {
  const at = joinPath(path, 'target');
  context.fault('CONFIG_MISSING_OPTION', node, at, 'This option is required.');
}

function wrong(node: Node, path: string, context: ParseContext): undefined {
  const hints = { found: describeFound(node, false), allowed: ALLOWED };
  context.fault('CONFIG_WRONG_TYPE', node, path, 'A value of another type.', hints);
}
