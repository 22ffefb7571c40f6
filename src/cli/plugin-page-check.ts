/** A page fetched and checked, with everything it includes: for `plugin check` and for `check`. */
import type { Fetcher } from '../holder/fetcher.js';
import { SessionDirectory, sessionHost } from '../plugin/embedded/session-directory.js';
import { checkPage, type CheckedPage } from '../plugin/scxml/check-page.js';
import { DEFAULT_LIMITS } from '../plugin/scxml/limits.js';
import { ORCHESTRATION } from '../plugin/scxml/orchestration/dialect.js';

/**
 * @param url absolute
 * @returns undefined when the page cannot be had; `onFailed` has heard why
 */
export async function checkFetchedPage(
  url: string,
  fetcher: Fetcher,
  onFailed: (why: string) => void = () => undefined,
): Promise<CheckedPage | undefined> {
  const host = sessionHost(new SessionDirectory(), fetcher);
  const fetch = (reference: string, base: string) => host.fetch({ sessionId: '', reference, base });
  const page = await fetch(url, url);
  if (page.kind === 'failed') {
    onFailed(page.why);
    return undefined;
  }
  return checkPage(page.text, page.url, {
    limits: DEFAULT_LIMITS,
    dialects: [ORCHESTRATION],
    fetch,
  });
}
