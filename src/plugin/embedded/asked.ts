/**
 * What an extension element asked for, read. The shape is ours (`orchestration/elements.ts` writes it),
 * every value in it is the page's: anything of any type.
 */
import type { ExtensionRequest } from '../scxml/session/host.js';

/** An element inside the one that asks, such as a prompt. */
export interface AskedPart {
  /** Local name. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly children: readonly AskedPart[];
}

export interface Asked extends AskedPart {
  /** Module and element, such as `dialog.play`. */
  readonly name: string;
  readonly requestId: string;
  /** For `session.start`: the id that the page was promised. */
  readonly newSessionId: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
  /** Of a `<content>`; undefined when there is none. */
  readonly content: unknown;
}

export function readAsked({ name, data }: ExtensionRequest): Asked {
  const raw = recordOf(data === undefined ? {} : JSON.parse(data));
  return {
    ...partOf({ ...raw, name }),
    requestId: typeof raw.requestid === 'string' ? raw.requestid : '',
    newSessionId: typeof raw.sessionid === 'string' ? raw.sessionid : undefined,
    params: recordOf(raw.params),
    content: raw.content,
  };
}

function partOf(raw: Readonly<Record<string, unknown>>): AskedPart {
  const children = Array.isArray(raw.children) ? (raw.children as unknown[]) : [];
  return {
    name: String(raw.name),
    attributes: recordOf(raw.attributes),
    children: children.map((child) => partOf(recordOf(child))),
  };
}

/** The first of these attributes that is there, as text; '' counts as not there. */
export function textOf(part: AskedPart, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = part.attributes[name];
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return undefined;
}

export function numberOf(part: AskedPart, ...names: readonly string[]): number | undefined {
  const text = textOf(part, ...names);
  return text !== undefined && /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined;
}

/** Attributes in seconds, as milliseconds. */
export function millisecondsOf(part: AskedPart, ...names: readonly string[]): number | undefined {
  const seconds = numberOf(part, ...names);
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** An attribute that is false, as a value or as a word. */
export function isFalse(part: AskedPart, name: string): boolean {
  const value = part.attributes[name];
  return value === false || value === 'false';
}

/** Parts of that name, at any depth. */
export function partsNamed(part: AskedPart, name: string): readonly AskedPart[] {
  return part.children.flatMap((child) =>
    child.name === name ? [child] : partsNamed(child, name),
  );
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
