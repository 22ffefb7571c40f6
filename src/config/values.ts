/** Checked values between the YAML and the finished configuration, still in the options' own units. */
import type { Treatment } from '../callflow/service-options.js';
import type { OptionSpec, ValueType } from './schema-types.js';

export type Block = ReadonlyMap<string, Value>;

/** `undefined` inside is the off switch, not absence. */
export class TreatmentValue {
  constructor(readonly treatment: Treatment | undefined) {}
}

export class JsonValue {
  constructor(readonly json: Readonly<Record<string, unknown>>) {}
}

/** One entry of an ordered `_target`. */
export interface TargetEntry {
  readonly queue: string;
  /** Seconds; 0 = none. */
  readonly timeoutS: number;
  readonly clear: boolean;
}

export class TargetsValue {
  constructor(readonly entries: readonly TargetEntry[]) {}
}

export type Value =
  string | number | boolean | TreatmentValue | JsonValue | TargetsValue | readonly Value[] | Block;

/**
 * Reads options from layers, the first that has one wins, the schema's default comes last. Durations
 * are converted to milliseconds here and nowhere else.
 *
 * Its errors are faults of the program (a name that is not in the schema), never of the file.
 */
export class OptionReader {
  readonly #specs: ReadonlyMap<string, OptionSpec>;

  constructor(
    specs: readonly OptionSpec[],
    private readonly layers: readonly (Block | undefined)[],
  ) {
    this.#specs = new Map(specs.map((spec) => [spec.key, spec]));
  }

  text(key: string): string {
    const value = this.#value(key);
    return typeof value === 'string' ? value : fault(key);
  }

  optionalText(key: string): string | undefined {
    const value = this.#value(key);
    return value === undefined || typeof value === 'string' ? value : fault(key);
  }

  /** A count, or a number in the option's own unit. */
  number(key: string): number {
    return this.optionalNumber(key) ?? fault(key);
  }

  optionalNumber(key: string): number | undefined {
    const value = this.#value(key);
    return value === undefined || typeof value === 'number' ? value : fault(key);
  }

  /** Milliseconds, whatever unit the option has. */
  durationMs(key: string): number {
    const type = this.spec(key).type;
    if (type.kind !== 'integer' || type.unit === undefined) return fault(key);
    return this.number(key) * (type.unit === 's' ? 1000 : 1);
  }

  flag(key: string): boolean {
    const value = this.#value(key);
    return typeof value === 'boolean' ? value : fault(key);
  }

  choice<T extends string>(key: string, allowed: readonly T[]): T {
    const value = this.#value(key);
    return allowed.find((candidate) => candidate === value) ?? fault(key);
  }

  texts(key: string): readonly string[] {
    const value = this.#value(key);
    if (!Array.isArray(value)) return fault(key);
    return value.filter((item: Value) => typeof item === 'string');
  }

  json(key: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#value(key);
    return value instanceof JsonValue ? value.json : undefined;
  }

  targets(key: string): readonly TargetEntry[] | undefined {
    const value = this.#value(key);
    return value instanceof TargetsValue ? value.entries : undefined;
  }

  /** Does the file say anything, an empty list included? */
  isSet(key: string): boolean {
    return this.layers.some((layer) => layer?.has(key));
  }

  /** @returns undefined when no layer says anything; a TreatmentValue without treatment is "off". */
  treatment(key: string): TreatmentValue | undefined {
    const value = this.#value(key);
    return value instanceof TreatmentValue ? value : undefined;
  }

  block(key: string): Block | undefined {
    const value = this.#value(key);
    return isBlock(value) ? value : undefined;
  }

  /** The blocks of a list or map, with their names or indexes. */
  blocks(key: string): [string, Block][] {
    const value = this.#value(key);
    if (isBlock(value))
      return [...value].filter((entry): entry is [string, Block] => isBlock(entry[1]));
    if (!Array.isArray(value)) return [];
    return value.flatMap((item: Value, index): [string, Block][] =>
      isBlock(item) ? [[String(index), item]] : [],
    );
  }

  #value(key: string): Value | undefined {
    const spec = this.spec(key);
    for (const layer of this.layers) {
      const value = layer?.get(key);
      if (value !== undefined) return value;
    }
    return spec.default;
  }

  spec(key: string): OptionSpec {
    return this.#specs.get(key) ?? fault(key);
  }
}

export function isBlock(value: Value | undefined): value is Block {
  return value instanceof Map;
}

/** As plain data, for `raw`: an off treatment is `false`. */
export function toPlain(value: Value): unknown {
  if (value instanceof TreatmentValue) return value.treatment ?? false;
  if (value instanceof JsonValue) return value.json;
  if (value instanceof TargetsValue) return value.entries;
  if (isBlock(value))
    return Object.fromEntries([...value].map(([key, item]) => [key, toPlain(item)]));
  return Array.isArray(value) ? value.map(toPlain) : value;
}

/** What `toPlain` made, back again; undefined for what it never makes. */
export function fromPlain(plain: unknown, type: ValueType): Value | undefined {
  if (type.kind === 'treatment') {
    if (plain === false) return new TreatmentValue(undefined);
    return isRecord(plain) ? new TreatmentValue(plain as unknown as Treatment) : undefined;
  }
  if (type.kind === 'targets') {
    return Array.isArray(plain) ? new TargetsValue(plain as readonly TargetEntry[]) : undefined;
  }
  if (type.kind === 'json') return isRecord(plain) ? new JsonValue(plain) : undefined;
  if (type.kind === 'block') {
    if (!isRecord(plain)) return undefined;
    const entries = type.options.map(
      ({ key, type: of }) => [key, fromPlain(plain[key], of)] as const,
    );
    return new Map(entries.filter((entry): entry is [string, Value] => entry[1] !== undefined));
  }
  if (Array.isArray(plain)) return plain.filter((item) => typeof item === 'string');
  const isSingle = ['string', 'number', 'boolean'].includes(typeof plain);
  return isSingle ? (plain as string | number | boolean) : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(key: string): never {
  throw new Error(`the schema does not describe the option ${key} as it is read`);
}
