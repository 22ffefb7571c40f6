/**
 * What changed from one configuration to the next, option by option, as a person would say it:
 * `services.sales._max_dial_attempts: 3 -> 5`. Pure. Services are compared by what holds for them,
 * `defaults` included. It shows no secret: neither what the schema calls one, nor anything that came
 * from a reference.
 */
import type { DialbackConfig } from './config.js';
import { joinPath } from './parse-context.js';
import { writtenOf } from './positions.js';
import { SERVER_OPTIONS, SERVICE_OPTIONS } from './schema.js';
import type { OptionSpec, ValueType } from './schema-types.js';
import { isBlock, toPlain, type Block, type Value } from './values.js';

export interface ConfigChange {
  /** Such as `services.sales._ttl` or `trunks.primary.priority`: entries go by name where they have one. */
  readonly path: string;
  /** As shown, in the option's own unit; `absent` and `present` for a whole entry. */
  readonly from: string;
  readonly to: string;
}

/** What takes hold of ports, files or connections at the start, and keeps them. */
const FIXED_AT_START =
  /^(?:engine|embedded|media\.exchangeDirectory|speech|store|http\.(?:listen|tls|maxBodyBytes))(?:$|[.[])/;

const MAX_SHOWN_LENGTH = 80;

/** Can this not change while the service runs? */
export function needsRestart({ path }: ConfigChange): boolean {
  return FIXED_AT_START.test(path);
}

export function formatChange({ path, from, to }: ConfigChange): string {
  return `${path}: ${from} -> ${to}`;
}

/** @param before @param after as `loadConfig` made them */
export function compareConfigs(before: DialbackConfig, after: DialbackConfig): ConfigChange[] {
  const old = sideOf(before);
  const fresh = sideOf(after);
  return [
    ...compareBlocks(SERVER_OPTIONS, '', old, fresh),
    ...compareEntries(serviceSides(before), serviceSides(after), 'services', SERVICE_OPTIONS),
  ];
}

/** One configuration's values at one place. */
interface Side {
  /** The first that has an option wins; `path` is where the layer stands in the document. */
  readonly layers: readonly { readonly block: Block; readonly path: string }[];
  readonly referenced: ReadonlySet<string>;
}

function sideOf(config: DialbackConfig): Side {
  const { values, referenced } = writtenOf(config);
  return { layers: [{ block: values, path: '' }], referenced };
}

function serviceSides(config: DialbackConfig): Map<string, Side> {
  const { values, referenced } = writtenOf(config);
  const defaults = values.get('defaults');
  const services = values.get('services');
  const below = isBlock(defaults) ? [{ block: defaults, path: 'defaults' }] : [];
  const sides = new Map<string, Side>();
  for (const [name, block] of isBlock(services) ? services : []) {
    if (!isBlock(block)) continue;
    sides.set(name, { layers: [{ block, path: `services.${name}` }, ...below], referenced });
  }
  return sides;
}

function compareBlocks(
  options: readonly OptionSpec[],
  path: string,
  before: Side,
  after: Side,
): ConfigChange[] {
  return options.flatMap((spec) => {
    const at = joinPath(path, spec.key);
    const nested = nestedOptions(spec.type);
    if (nested === undefined) return compareLeaf(spec, at, before, after);
    if (spec.type.kind === 'block' || (isSingle(spec, before) && isSingle(spec, after))) {
      return compareBlocks(nested, at, inside(before, spec.key), inside(after, spec.key));
    }
    return compareEntries(entriesOf(before, spec), entriesOf(after, spec), at, nested);
  });
}

function compareEntries(
  before: ReadonlyMap<string, Side>,
  after: ReadonlyMap<string, Side>,
  path: string,
  options: readonly OptionSpec[],
): ConfigChange[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) => {
    const [old, fresh] = [before.get(name), after.get(name)];
    const at = joinPath(path, name);
    if (old && fresh) return compareBlocks(options, at, old, fresh);
    return [{ path: at, from: presence(old), to: presence(fresh) }];
  });
}

/** A block in place of a list of one. */
function isSingle({ key, type }: OptionSpec, { layers }: Side): boolean {
  return type.kind === 'list' && isBlock(layers[0]?.block.get(key));
}

function presence(side: Side | undefined): string {
  return side ? 'present' : 'absent';
}

function compareLeaf(spec: OptionSpec, path: string, before: Side, after: Side): ConfigChange[] {
  const [old, fresh] = [leafOf(spec, before), leafOf(spec, after)];
  return old.value === fresh.value ? [] : [{ path, from: old.shown, to: fresh.shown }];
}

function leafOf(spec: OptionSpec, side: Side): { value: string; shown: string } {
  for (const { block, path } of side.layers) {
    const value = block.get(spec.key);
    if (value === undefined) continue;
    const plain: unknown = toPlain(value);
    const text = JSON.stringify(plain);
    const isHidden = isSecret(spec.type) || isReferenced(side, joinPath(path, spec.key));
    return { value: text, shown: isHidden ? '(hidden)' : shown(plain, spec.type) };
  }
  if (spec.default === undefined) return { value: '', shown: spec.defaultSays ?? 'none' };
  return {
    value: JSON.stringify(spec.default),
    shown: `${shown(spec.default, spec.type)} (default)`,
  };
}

function shown(plain: unknown, type: ValueType): string {
  if (type.kind === 'treatment') return shownTreatment(plain);
  const text = typeof plain === 'string' && plain !== '' ? plain : JSON.stringify(plain);
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH - 3)}...` : text;
}

function shownTreatment(plain: unknown): string {
  if (typeof plain !== 'object' || plain === null) return 'off';
  const { file, afterBeep, interruptible } = plain as Partial<Record<string, unknown>>;
  const notes = [afterBeep === true && 'after the beep', interruptible === true && 'interruptible'];
  return [String(file), ...notes.filter((note) => note !== false)].join(', ');
}

function isSecret(type: ValueType): boolean {
  return type.kind === 'text' && type.isSecret === true;
}

/** Also when only a part of the value came from a reference. */
function isReferenced({ referenced }: Side, path: string): boolean {
  return [...referenced].some(
    (at) => at === path || at.startsWith(`${path}.`) || at.startsWith(`${path}[`),
  );
}

function inside(side: Side, key: string): Side {
  return { ...side, layers: side.layers.flatMap((layer) => layerOf(layer, key)) };
}

function layerOf({ block, path }: Side['layers'][number], key: string): Side['layers'] {
  const value = block.get(key);
  return isBlock(value) ? [{ block: value, path: joinPath(path, key) }] : [];
}

/** The entries of a map by name; those of a list by the option that tells them apart, or by number. */
function entriesOf(side: Side, { key, type }: OptionSpec): Map<string, Side> {
  const [layer] = side.layers;
  const value = layer?.block.get(key);
  const at = joinPath(layer?.path ?? '', key);
  const entries = new Map<string, Side>();
  const add = (name: string, block: Value, path: string) => {
    if (isBlock(block)) entries.set(name, { ...side, layers: [{ block, path }] });
  };
  if (isBlock(value) && type.kind === 'list') add('0', value, at);
  else if (isBlock(value)) for (const [name, block] of value) add(name, block, joinPath(at, name));
  if (Array.isArray(value)) {
    const nameKey = type.kind === 'list' ? type.uniqueBy : undefined;
    value.forEach((block: Value, index) => {
      const name = nameKey !== undefined && isBlock(block) ? block.get(nameKey) : undefined;
      add(typeof name === 'string' ? name : String(index), block, `${at}[${index}]`);
    });
  }
  return entries;
}

function nestedOptions(type: ValueType): readonly OptionSpec[] | undefined {
  if (type.kind === 'block') return type.options;
  return type.kind === 'list' || type.kind === 'map' ? nestedOptions(type.of) : undefined;
}
