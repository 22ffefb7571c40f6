/**
 * Texts of a document or an event as values of the data model: JSON, XML (as a small DOM) or plain
 * text with its white space normalised (SCXML 1.0, 5.9 and B.2). Values travel as JSON text.
 */
import { parseXml, type XmlElement, type XmlLimits } from '../document/xml.js';
import { ScriptError } from '../errors.js';
import { XML_KEY, XML_KEY_IN_JSON } from './prelude.js';

type Tree = readonly [string, Readonly<Record<string, string>>, readonly (Tree | string)[], string];

/** @returns JSON text; undefined when there is nothing but white space */
export function jsonOfText(text: string, limits: XmlLimits): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (isJson(trimmed)) return trimmed;
  if (trimmed.startsWith('<') && parsed(trimmed, limits)) return jsonOfXml(trimmed);
  return JSON.stringify(trimmed.replace(/\s+/g, ' '));
}

/** JSON text that stands for an XML value. */
export function jsonOfXml(source: string): string {
  return JSON.stringify({ [XML_KEY]: source });
}

/** XML values in JSON as the text they were written in, for whoever has no DOM. @throws ScriptError */
export function withoutTrees(json: string): string {
  return mapped(json, (source) => source);
}

/** XML values in JSON as trees, for the data model. @throws ScriptError */
export function withTrees(json: string, limits: XmlLimits): string {
  return mapped(json, (source) => {
    const root = parsed(source, limits);
    return root ? { [XML_KEY]: treeOf(root) } : source;
  });
}

function mapped(json: string, replace: (source: string) => unknown): string {
  if (!json.includes(XML_KEY_IN_JSON)) return json;
  try {
    const value: unknown = JSON.parse(json, (_key, one: unknown) => {
      const source = xmlSourceOf(one);
      return source === undefined ? one : replace(source);
    });
    return JSON.stringify(value);
  } catch (error) {
    // No JSON, or nested deeper than this thread's stack.
    throw new ScriptError(error instanceof Error ? error.message : String(error));
  }
}

/** The source of a JSON text that is one XML value, or null. */
export function xmlOfJson(json: string): string | null {
  if (!json.includes(XML_KEY_IN_JSON)) return null;
  return xmlSourceOf(JSON.parse(json) as unknown) ?? null;
}

function xmlSourceOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !(XML_KEY in value)) return undefined;
  const source = value[XML_KEY];
  return typeof source === 'string' ? source : undefined;
}

function treeOf(element: XmlElement): Tree {
  const attributes = Object.fromEntries(element.attributes.map(({ name, value }) => [name, value]));
  const children = element.children.map((child) =>
    child.kind === 'text' ? child.text : treeOf(child),
  );
  return [element.name, attributes, children, element.source];
}

function parsed(source: string, limits: XmlLimits): XmlElement | null {
  try {
    return parseXml(source, 'value', limits);
  } catch {
    return null;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
