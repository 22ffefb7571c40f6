/** Fetches what a document refers to before it starts: a script must load, data may fail later. */
import type { Document } from '../document/model.js';
import { DocumentError } from '../errors.js';
import type { FetchOutcome, SessionHost } from './host.js';
import type { Resources } from './session.js';

/**
 * @param countFetch throws when there were too many
 * @throws DocumentError `SCXML_FETCH_FAILED` when a script cannot be had (SCXML 1.0, 5.8)
 */
export async function loadResources(
  document: Document,
  host: SessionHost,
  countFetch: () => void,
): Promise<Resources> {
  const loaded = new Map<string, FetchOutcome>();
  const wanted = new Map<string, boolean>();
  for (const { url, isScript } of document.resources)
    wanted.set(url, isScript || wanted.get(url) === true);
  await Promise.all(
    [...wanted].map(async ([url, isScript]) => {
      countFetch();
      const outcome = await host.fetch(url, document.file);
      if (outcome.kind === 'failed' && isScript)
        throw new DocumentError('SCXML_FETCH_FAILED', `${url}: ${outcome.why}`, document.root.at);
      loaded.set(url, outcome);
    }),
  );
  return loaded;
}
