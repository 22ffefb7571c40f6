/**
 * What the parsing of one file shares: where things are, what was found wrong, and the limits that
 * keep a small file from meaning an endless one (aliases of aliases).
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import type { Position, Problem, ProblemCode } from './problem.js';
import { findReferences, replaceReferences, unmaskReferences, type YamlFile } from './read-yaml.js';

const MAX_NODES = 50_000;
const MAX_ALIASES = 200;
const MAX_DEPTH = 32;
const MAX_FOUND_LENGTH = 60;

/** A reference's text (`${env:NAME}`) to its value, or to what is wrong with it. */
export type References = ReadonlyMap<
  string,
  { readonly value: string } | { readonly code: ProblemCode; readonly message: string }
>;

export interface ScalarText {
  /** References replaced. */
  readonly text: string;
  readonly value: string | number | boolean;
  readonly hasReference: boolean;
}

export class ParseContext {
  readonly problems: Problem[] = [];
  /** Place of each value that is not absent, by path. */
  readonly positions = new Map<string, Position>();
  /** Paths of values that a reference is part of: nobody may show them. */
  readonly referenced = new Set<string>();
  #nodes = 0;
  #aliases = 0;

  constructor(
    private readonly source: YamlFile,
    private readonly references: References,
  ) {}

  /** Follows an alias and counts; undefined when a limit is reached (reported once) or nothing is there. */
  enter(node: Node | null | undefined, path: string, depth: number): Node | undefined {
    if (!node) return undefined;
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES || this.#aliases > MAX_ALIASES || depth > MAX_DEPTH) {
      const isFirst = this.problems.every(({ code }) => code !== 'CONFIG_TOO_MANY');
      const message = 'More values, aliases or levels than a configuration needs.';
      if (isFirst) this.fault('CONFIG_TOO_MANY', node, path, message);
      return undefined;
    }
    if (!isAlias(node)) return node;
    this.#aliases += 1;
    const target = node.resolve(this.source.document);
    if (!target) {
      const message =
        'An alias whose anchor was not set before it; quote a value that starts with `*`.';
      this.fault('CONFIG_SYNTAX', node, path, message);
    }
    return target;
  }

  /**
   * The text of a scalar: undefined for what counts as absent (null, empty) and for a reference that
   * cannot be resolved (reported here).
   */
  scalar(node: Node, path: string): ScalarText | undefined {
    if (!isScalar(node) || node.value === null) return undefined;
    const written = writtenText(node);
    const references = findReferences(written);
    if (references.length > 0) this.referenced.add(path);
    for (const reference of references) {
      const resolved = this.references.get(reference.text);
      if (resolved && 'value' in resolved) continue;
      const { code, message } = resolved ?? {
        code: 'CONFIG_UNKNOWN_REFERENCE' as const,
        message: 'References are not accepted here.',
      };
      this.fault(code, node, path, message, { found: reference.text });
      return undefined;
    }
    const text = replaceReferences(written, (reference) => {
      const resolved = this.references.get(reference);
      return resolved && 'value' in resolved ? resolved.value : '';
    });
    if (text === '') return undefined;
    const value =
      typeof node.value === 'number' || typeof node.value === 'boolean' ? node.value : text;
    return { text, value, hasReference: references.length > 0 };
  }

  position(node: Node | null | undefined): Position {
    const offset = node?.range?.[0] ?? 0;
    return { file: this.source.file, ...this.source.locate(offset) };
  }

  fault(
    code: ProblemCode,
    node: Node | null | undefined,
    path: string,
    message: string,
    hints: Pick<Problem, 'found' | 'allowed' | 'suggestion'> = {},
  ): void {
    this.problems.push({
      code,
      severity: 'error',
      ...this.position(node),
      path,
      message,
      ...hints,
    });
  }

  warn(
    code: ProblemCode,
    node: Node | null | undefined,
    path: string,
    message: string,
    hints: Pick<Problem, 'suggestion'> = {},
  ): void {
    this.problems.push({
      code,
      severity: 'warning',
      ...this.position(node),
      path,
      message,
      ...hints,
    });
  }
}

/** A value as a message may show it: short, never a secret, never what a reference stands for. */
export function describeFound(node: Node, isSecret: boolean): string {
  if (isMap(node)) return 'a map';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node)) return 'an alias';
  const written = writtenText(node);
  if (findReferences(written).length === 0 && (isSecret || hasUserInfo(written))) return '(hidden)';
  const shown = unmaskReferences(written);
  const short = shown.length > MAX_FOUND_LENGTH ? `${shown.slice(0, MAX_FOUND_LENGTH)}...` : shown;
  return typeof node.value === 'string' ? JSON.stringify(short) : short;
}

/** Numbers and words as they stand in the file: a number such as +4912 or 007 is a text to some options. */
function writtenText(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : (node.source ?? JSON.stringify(node.value));
}

function hasUserInfo(text: string): boolean {
  return /\/\/[^/]*@/.test(text);
}

export function joinPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
