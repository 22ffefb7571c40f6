/** The configuration as it was written, for people: what is secret, or came from a reference, is hidden. */
import type { DialbackConfig } from './config.js';
import { joinPath } from './parse-context.js';
import { writtenOf } from './positions.js';
import { CONFIG_OPTIONS } from './schema.js';
import type { OptionSpec, ValueType } from './schema-types.js';
import { isBlock, toPlain, type Block, type Value } from './values.js';

const HIDDEN = '(hidden)';

export function shownConfig(config: DialbackConfig): object {
  const { values, referenced } = writtenOf(config);
  return shownBlock(values, CONFIG_OPTIONS, '', referenced);
}

function shownBlock(
  block: Block,
  options: readonly OptionSpec[],
  path: string,
  referenced: ReadonlySet<string>,
): object {
  const entries = [...block].map(([key, value]): [string, unknown] => {
    const type = options.find((spec) => spec.key === key)?.type;
    return [key, type ? shown(value, type, joinPath(path, key), referenced) : HIDDEN];
  });
  return Object.fromEntries(entries);
}

function shown(
  value: Value,
  type: ValueType,
  path: string,
  referenced: ReadonlySet<string>,
): unknown {
  if (referenced.has(path) || (type.kind === 'text' && type.isSecret === true)) return HIDDEN;
  if (type.kind === 'block' && isBlock(value)) {
    return shownBlock(value, type.options, path, referenced);
  }
  if (type.kind === 'map' && isBlock(value)) {
    const entries = [...value].map(([name, item]) => [
      name,
      shown(item, type.of, joinPath(path, name), referenced),
    ]);
    return Object.fromEntries(entries) as object;
  }
  if (type.kind === 'list') {
    if (!Array.isArray(value)) return shown(value, type.of, path, referenced);
    return value.map((item: Value, index) => shown(item, type.of, `${path}[${index}]`, referenced));
  }
  const isPartlyReferenced = [...referenced].some(
    (at) => at.startsWith(`${path}.`) || at.startsWith(`${path}[`),
  );
  return isPartlyReferenced ? HIDDEN : toPlain(value);
}
