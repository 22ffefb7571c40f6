/**
 * Treatments and JSON options. Genesys stores both as text: a URI, or a JSON object such as
 * `{"file": "beep.wav", "hints": {"am-beep-detection": "on"}}`; in YAML the object may be written as
 * one. `{}` is Genesys' off switch, `false` ours.
 * Source: `_treatment_*` in the Callback Service Options Reference.
 */
import { isMap, isScalar, type Node, type YAMLMap } from 'yaml';
import { describeFound, joinPath, type ParseContext } from './parse-context.js';
import { parseUrl } from './parse-scalar.js';
import { JsonValue, TreatmentValue } from './values.js';

const MAX_FILE_LENGTH = 1024;
const MAX_JSON_LENGTH = 4096;
const MAX_JSON_DEPTH = 8;
const BEEP_HINT = 'am-beep-detection';
const ALLOWED = 'a file name, path, http(s) URL, { file, hints, interruptible }, {} or false';

export function parseTreatment(
  node: Node,
  path: string,
  context: ParseContext,
): TreatmentValue | undefined {
  if (isMap(node)) {
    const json = plainMap(node, path, context, 0);
    return json && fromObject(json, node, path, context);
  }
  const scalar = isScalar(node) ? context.scalar(node, path) : undefined;
  if (scalar === undefined) return isScalar(node) ? undefined : wrongType(node, path, context);
  if (scalar.value === false || scalar.text === 'false') return new TreatmentValue(undefined);
  if (scalar.text.startsWith('{')) {
    const json = parseJsonText(scalar.text);
    return json ? fromObject(json, node, path, context) : wrongType(node, path, context);
  }
  if (scalar.value === true) return wrongType(node, path, context);
  return withFile(scalar.text, node, path, context, { afterBeep: false, interruptible: false });
}

/** A JSON object, as YAML or as the text that Genesys stores. */
export function parseJson(node: Node, path: string, context: ParseContext): JsonValue | undefined {
  if (isMap(node)) {
    const json = plainMap(node, path, context, 0);
    return json && new JsonValue(json);
  }
  const scalar = isScalar(node) ? context.scalar(node, path) : undefined;
  if (scalar === undefined && isScalar(node)) return undefined;
  const json = scalar && parseJsonText(scalar.text);
  if (json) return new JsonValue(json);
  const hints = { found: describeFound(node, false), allowed: 'a JSON object' };
  context.fault('CONFIG_WRONG_TYPE', node, path, 'A value of another type.', hints);
  return undefined;
}

function fromObject(
  json: Readonly<Record<string, unknown>>,
  node: Node,
  path: string,
  context: ParseContext,
): TreatmentValue | undefined {
  if (Object.keys(json).length === 0) return new TreatmentValue(undefined);
  const { file, hints = {}, interruptible = false, ...rest } = json;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    const allowed = 'file, hints, interruptible';
    const message = 'There is no such option here.';
    context.fault('CONFIG_UNKNOWN_OPTION', node, joinPath(path, unknown.slice(0, 80)), message, {
      allowed,
    });
    return undefined;
  }
  if (typeof interruptible !== 'boolean') {
    const allowed = 'true or false';
    context.fault(
      'CONFIG_WRONG_TYPE',
      node,
      joinPath(path, 'interruptible'),
      'A value of another type.',
      { allowed },
    );
    return undefined;
  }
  if (typeof file !== 'string' || file === '') {
    context.fault(
      'CONFIG_MISSING_OPTION',
      node,
      joinPath(path, 'file'),
      'This option is required.',
    );
    return undefined;
  }
  const afterBeep = readHints(hints, node, path, context);
  if (afterBeep === undefined) return undefined;
  return withFile(file, node, path, context, { afterBeep, interruptible });
}

/** @returns whether the message waits for the beep; other hints are named in a warning. */
function readHints(
  hints: unknown,
  node: Node,
  path: string,
  context: ParseContext,
): boolean | undefined {
  const place = joinPath(path, 'hints');
  if (typeof hints !== 'object' || hints === null || Array.isArray(hints)) {
    context.fault('CONFIG_WRONG_TYPE', node, place, 'A value of another type.', {
      allowed: 'a JSON object',
    });
    return undefined;
  }
  let afterBeep = false;
  for (const [name, value] of Object.entries(hints)) {
    if (name !== BEEP_HINT) {
      const message = 'Not implemented, ignored.';
      context.warn('CONFIG_NOT_IMPLEMENTED', node, joinPath(place, name.slice(0, 80)), message);
      continue;
    }
    const isOn = value === 'on' || value === true;
    if (!isOn && value !== 'off' && value !== false) {
      context.fault(
        'CONFIG_NOT_ALLOWED',
        node,
        joinPath(place, name),
        'Not one of the allowed words.',
        { allowed: 'on, off' },
      );
      return undefined;
    }
    afterBeep = isOn;
  }
  return afterBeep;
}

function withFile(
  file: string,
  node: Node,
  path: string,
  context: ParseContext,
  more: { readonly afterBeep: boolean; readonly interruptible: boolean },
): TreatmentValue | undefined {
  if (isPlayableName(file)) return new TreatmentValue({ file, ...more });
  const hints = { found: describeFound(node, false), allowed: ALLOWED };
  context.fault('CONFIG_BAD_FORMAT', node, path, 'Not a usable file name or URL.', hints);
  return undefined;
}

/** Nothing that FreeSWITCH would read as more than a name: variables, lists of files, other formats. */
function isPlayableName(file: string): boolean {
  if (file.length > MAX_FILE_LENGTH || /[\p{Cc}!|"'`\\]|\$\{/u.test(file)) return false;
  if (/^https?:\/\//i.test(file)) {
    const url = parseUrl(file);
    return url !== undefined && url.username === '' && url.password === '' && !/\s/.test(file);
  }
  return !/^[A-Za-z][A-Za-z0-9+._-]*:/.test(file) && !file.split('/').includes('..');
}

function parseJsonText(text: string): Record<string, unknown> | undefined {
  if (text.length > MAX_JSON_LENGTH) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
    return isObject ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A map of plain values, for what may be written as a JSON object too. */
export function plainMap(
  map: YAMLMap,
  path: string,
  context: ParseContext,
  depth: number,
): Record<string, unknown> | undefined {
  const plain: [string, unknown][] = [];
  for (const pair of map.items) {
    if (!isScalar(pair.key)) {
      context.fault('CONFIG_WRONG_TYPE', map, path, 'The name of an option is a plain text.');
      return undefined;
    }
    const key = String(pair.key.value);
    const itemPath = joinPath(path, key.slice(0, 80));
    if (plain.some(([name]) => name === key) || plain.length > 50 || depth > MAX_JSON_DEPTH) {
      context.fault(
        'CONFIG_DUPLICATE_KEY',
        map,
        itemPath,
        'The same key twice, or too many of them.',
      );
      return undefined;
    }
    const before = context.problems.length;
    const node = context.enter((pair.value ?? undefined) as Node | undefined, itemPath, depth);
    const value = isMap(node)
      ? plainMap(node, itemPath, context, depth + 1)
      : plainScalar(node, itemPath, context);
    if (context.problems.length > before) return undefined;
    if (value !== undefined) plain.push([key, value]);
  }
  return Object.fromEntries(plain);
}

function plainScalar(node: Node | undefined, path: string, context: ParseContext): unknown {
  if (node === undefined) return undefined;
  if (isScalar(node)) return context.scalar(node, path)?.value;
  const hints = { found: describeFound(node, false) };
  context.fault('CONFIG_WRONG_TYPE', node, path, 'A value of another type.', hints);
  return undefined;
}

function wrongType(node: Node, path: string, context: ParseContext): undefined {
  const hints = { found: describeFound(node, false), allowed: ALLOWED };
  context.fault('CONFIG_WRONG_TYPE', node, path, 'A value of another type.', hints);
}
