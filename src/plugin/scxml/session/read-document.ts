/**
 * From the text of a page to its checked document: which dialect it is written in, what it includes,
 * and whether every rule is kept. The same way for pages that are started and pages that are invoked.
 */
import { compileDocument } from '../document/compile.js';
import type { Document } from '../document/model.js';
import { parseXml, type XmlElement } from '../document/xml.js';
import { NO_DIALECT, type Dialect } from '../extension.js';
import type { Family } from './family.js';
import type { FetchOutcome } from './host.js';

/** The first dialect that claims the page; plain SCXML otherwise. */
export function dialectOf(root: XmlElement, dialects: readonly Dialect[]): Dialect {
  return dialects.find((dialect) => dialect.claims?.(root) ?? true) ?? NO_DIALECT;
}

/** A text that was drawn into a page while it was read. */
export interface Included {
  readonly reference: string;
  readonly base: string;
  readonly outcome: FetchOutcome;
}

/** A page and everything it was made of. */
export interface ReadPage {
  readonly document: Document;
  readonly included: readonly Included[];
}

/**
 * @param file the page's address, which its includes are relative to
 * @param fresh includes that have been fetched just now
 * @throws DocumentError, LimitError
 */
export async function readDocument(
  text: string,
  file: string,
  family: Family,
  fresh: readonly Included[] = [],
): Promise<ReadPage> {
  const root = parseXml(text, file, family.limits);
  const dialect = dialectOf(root, family.dialects);
  const included: Included[] = [];
  const prepared = await dialect.prepare?.(root, {
    limits: family.limits,
    fetch: async (reference, base) => {
      const known = fresh.find((one) => one.reference === reference && one.base === base);
      const outcome = known?.outcome ?? (await family.fetch(reference, base));
      included.push({ reference, base, outcome });
      return outcome;
    },
  });
  return { document: compileDocument(prepared ?? root, dialect), included };
}

/** What a page includes, as it is now. @throws LimitError */
export function refetch({ included }: ReadPage, family: Family): Promise<readonly Included[]> {
  return Promise.all(
    included.map(async ({ reference, base }) => {
      const outcome = await family.fetch(reference, base);
      return { reference, base, outcome };
    }),
  );
}

/** Whether what a page includes is what it was. */
export function isUnchanged({ included }: ReadPage, now: readonly Included[]): boolean {
  return now.every(({ outcome }, index) => {
    const before = included[index]?.outcome;
    return outcome.kind === 'ok' && before?.kind === 'ok' && outcome.text === before.text;
  });
}
