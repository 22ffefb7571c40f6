/**
 * What `dialback check` finds in the SCXML pages that a configuration names: the same as `dialback
 * plugin check`, fetched the way the service would fetch them. A page that cannot be had is reported
 * with the other URLs.
 */
import { createSecureFetcher } from '../adapters/fetch/secure-fetcher.js';
import { finding } from '../config/check-finding.js';
import type { DialbackConfig } from '../config/config.js';
import { writtenPath } from '../config/positions.js';
import type { Problem } from '../config/problem.js';
import { checkFetchedPage } from './plugin-page-check.js';

export async function checkPluginPages(config: DialbackConfig): Promise<Problem[]> {
  const fetcher = createSecureFetcher({
    allowedOrigins: new Set(config.allowedOrigins),
    allowedAddresses: () => config.allowedAddresses,
  });
  try {
    const found: Problem[] = [];
    for (const { path, url } of pagesOf(config)) {
      const page = await checkFetchedPage(url, fetcher);
      for (const { severity, code, message, at } of page?.problems ?? []) {
        const place = at ? `line ${at.line}: ` : '';
        found.push(
          finding(config, 'CHECK_PLUGIN_PAGE', severity, path, `${place}${code}: ${message}`, {
            found: at?.file ?? url,
          }),
        );
      }
    }
    return found;
  } finally {
    await fetcher.close();
  }
}

/** Each place of the file that names a page once. */
function pagesOf(config: DialbackConfig) {
  const key = '_plugin_on_dial_url';
  const byPath = new Map<string, { readonly path: string; readonly url: string }>();
  for (const { name, options, pluginRunner } of Object.values(config.services)) {
    const url = options.pluginOnDialUrl;
    if (url === undefined || pluginRunner !== 'embedded') continue;
    const path = writtenPath(config, name, key) ?? `services.${name}.${key}`;
    byPath.set(path, { path, url });
  }
  return byPath.values();
}
