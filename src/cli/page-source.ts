/**
 * Where the terminal gets pages from: files of the page's own folder and the one above it, or the web
 * server that the address names. Whoever gives an address at the terminal means it, so loopback and
 * private addresses are taken; other servers are not.
 */
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createSecureFetcher } from '../adapters/fetch/secure-fetcher.js';
import type { FetchAnswer, Fetcher, FetchOrder } from '../holder/fetcher.js';

const FILE_MAX_BYTES = 2 * 1024 * 1024;
const EVERYWHERE = ['0.0.0.0/0', '::/0'];

export interface PageSource {
  /** Absolute; a path has become a `file:` URL. */
  readonly url: string;
  readonly fetcher: Fetcher;
  /** Requests that have not been answered yet. */
  readonly running: number;
  close(): Promise<void>;
}

/** @param page a path, or an http(s) URL */
export function openPageSource(page: string): PageSource {
  const isUrl = /^(https?|file):/i.test(page) && URL.canParse(page);
  const url = isUrl ? page : pathToFileURL(resolve(page)).href;
  const { origin } = new URL(url);
  const http = createSecureFetcher({
    allowedOrigins: { has: (asked) => asked === origin },
    allowedAddresses: () => EVERYWHERE,
  });
  // Composer's pages stand in one folder and include scripts of the one beside it.
  const folder = url.startsWith('file:') ? dirname(dirname(fileURLToPath(url))) : undefined;
  let running = 0;
  const fetch = (order: FetchOrder): Promise<FetchAnswer> =>
    order.url.startsWith('file:') ? readPage(order.url, folder) : http.fetch(order);
  return {
    url,
    fetcher: {
      async fetch(order) {
        running++;
        try {
          return await fetch(order);
        } finally {
          running--;
        }
      },
    },
    get running() {
      return running;
    },
    close: () => http.close(),
  };
}

async function readPage(url: string, folder: string | undefined): Promise<FetchAnswer> {
  try {
    const path = await realpath(fileURLToPath(url));
    if (folder === undefined || relative(await realpath(folder), path).startsWith('..'))
      return failed('FETCH_NOT_ALLOWED', 'a file outside the folder of the page');
    // A pipe or a device may have no end.
    if (!(await stat(path)).isFile()) return failed('FETCH_UNREACHABLE', 'no file');
    const body = await readFile(path);
    if (body.length > FILE_MAX_BYTES)
      return failed('FETCH_TOO_LARGE', `more than ${FILE_MAX_BYTES} bytes`);
    return { kind: 'answer', status: 200, headers: {}, body, url };
  } catch (error) {
    const { code } = error as { code?: unknown };
    return failed('FETCH_UNREACHABLE', code === 'ENOENT' ? 'no such file' : String(error));
  }
}

function failed(code: 'FETCH_NOT_ALLOWED' | 'FETCH_TOO_LARGE' | 'FETCH_UNREACHABLE', why: string) {
  return { kind: 'failed', code, why } as const;
}
