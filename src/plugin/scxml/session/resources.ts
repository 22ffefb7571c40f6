/** Fetches what a document refers to before it starts: a script must load, data may fail later. */
import type { Document } from '../document/model.js';
import { DocumentError } from '../errors.js';
import type { Family } from './family.js';
import type { FetchOutcome } from './host.js';
import type { Resources } from './session.js';

/** @throws DocumentError `SCXML_FETCH_FAILED` when a script cannot be had (SCXML 1.0, 5.8), LimitError */
export async function loadResources(document: Document, family: Family): Promise<Resources> {
  const loaded = new Map<string, FetchOutcome>();
  const wanted = new Map<string, boolean>();
  for (const { url, isScript } of document.resources)
    wanted.set(url, isScript || wanted.get(url) === true);
  await Promise.all(
    [...wanted].map(async ([url, isScript]) => {
      const outcome = await family.fetch(url, document.file);
      if (outcome.kind === 'failed' && isScript)
        throw new DocumentError('SCXML_FETCH_FAILED', `${url}: ${outcome.why}`, document.root.at);
      loaded.set(url, outcome);
    }),
  );
  return loaded;
}
