/**
 * From the text of a page to its checked document: which dialect it is written in, what it includes,
 * and whether every rule is kept. The same way for pages that are started and pages that are invoked.
 */
import { compileDocument } from '../document/compile.js';
import type { Document } from '../document/model.js';
import { parseXml, type XmlElement } from '../document/xml.js';
import { NO_DIALECT, type Dialect } from '../extension.js';
import type { Family } from './family.js';

/** The first dialect that claims the page; plain SCXML otherwise. */
export function dialectOf(root: XmlElement, dialects: readonly Dialect[]): Dialect {
  return dialects.find((dialect) => dialect.claims?.(root) ?? true) ?? NO_DIALECT;
}

/**
 * @param file the page's address, which its includes are relative to
 * @throws DocumentError, LimitError
 */
export async function readDocument(text: string, file: string, family: Family): Promise<Document> {
  const root = parseXml(text, file, family.limits);
  const dialect = dialectOf(root, family.dialects);
  if (!dialect.prepare) return compileDocument(root, dialect);
  const prepared = await dialect.prepare(root, {
    limits: family.limits,
    fetch: (reference, base) => family.fetch(reference, base),
  });
  return compileDocument(prepared, dialect);
}
