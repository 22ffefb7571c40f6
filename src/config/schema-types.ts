/**
 * The words in which the schema describes an option. Pure data: loading, the reference, the JSON
 * Schema and the search for misspelt names all read the same description.
 */

export type ValueType =
  | { readonly kind: 'boolean' }
  | {
      readonly kind: 'integer';
      readonly min: number;
      readonly max: number;
      /** Unit as written in the file. Absent = a count. */
      readonly unit?: 's' | 'ms';
    }
  | {
      readonly kind: 'text';
      readonly maxLength: number;
      readonly format?: TextFormat;
      /** Never shown in a message. */
      readonly isSecret?: boolean;
    }
  | {
      readonly kind: 'choice';
      readonly values: readonly string[];
      /** Values of Genesys that we refuse, with the reason. */
      readonly unsupported?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'url';
      readonly schemes: readonly string[];
      /** Scheme, host and port only. */
      readonly isOrigin?: boolean;
    }
  /** ISO 3166 alpha-2, as far as its telephone numbers are known. */
  | { readonly kind: 'country' }
  /** A name of the IANA time zone database. */
  | { readonly kind: 'timezone' }
  /** A file name, path, URL, `{file, hints, interruptible}`, or `{}`/`false` for off. */
  | { readonly kind: 'treatment' }
  /** An ordered `_target`: a name, or a list of `{ target, timeout, clear }`, as YAML or as JSON text. */
  | { readonly kind: 'targets' }
  /** A JSON object, as YAML or as JSON text. */
  | { readonly kind: 'json' }
  /** `commaText`: one text with commas is taken as a list too, as Genesys writes them. */
  | {
      readonly kind: 'list';
      readonly of: ValueType;
      readonly maxItems: number;
      readonly commaText?: boolean;
      /** Option of each item that has to differ. */
      readonly uniqueBy?: string;
      /** An item without the list around it is a list of one. */
      readonly orSingle?: boolean;
    }
  | { readonly kind: 'map'; readonly of: ValueType; readonly maxItems: number }
  | { readonly kind: 'block'; readonly options: readonly OptionSpec[] };

/** A named rule for a text: the expression, and what a message calls it. */
export interface TextFormat {
  readonly pattern: RegExp;
  readonly says: string;
  /** What the expression cannot tell: does the text mean anything? */
  readonly isMeaningful?: (text: string) => boolean;
}

export interface OptionSpec {
  readonly key: string;
  readonly type: ValueType;
  /** In the option's own unit. Absent = nothing, or see `defaultSays`. */
  readonly default?: string | number | boolean | readonly string[];
  /** What the reference prints as default where a value would not say it. */
  readonly defaultSays?: string;
  readonly isRequired?: boolean;
  readonly doc: string;
  /** Where the option comes from: a Genesys page, a section of the page "Play Treatments", or ours. */
  readonly source: string;
  /** Other names of the same option: Genesys' own, or a misprint (accepted with a warning). */
  readonly genesysName?: string;
  /** Of a list: Genesys writes each item as an option of its own, this name and a number. */
  readonly genesysItems?: string;
  readonly misprint?: string;
  /** Accepted and without effect in this version, with the sentence that says so. */
  readonly unbuilt?: string;
  /** A value that is accepted and has no effect, with the sentence that says so. */
  readonly ignoredValue?: { readonly value: string | boolean; readonly says: string };
}

export interface OptionGroup {
  readonly title: string;
  readonly intro: string;
  readonly options: readonly OptionSpec[];
}

/** Genesys' options start with an underscore, ours do not. */
export function isGenesysOption(spec: OptionSpec): boolean {
  return spec.key.startsWith('_') || spec.genesysName !== undefined;
}
