/**
 * Treatment files on disk and from the web. A file is looked at before the media server is asked to
 * play it, because FreeSWITCH answers "file not found" to missing, corrupt and refused alike. A URL
 * is fetched once into a cache that the media server can read, with limits on size, time and
 * origin; a document that cannot be fetched is a value.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import NodeCache from 'node-cache';
import { readWavHeader } from '../../config/wav-header.js';
import type { FetchCode, Fetcher } from '../../holder/fetcher.js';
import {
  mediaFault,
  type MediaFault,
  type MediaFiles,
  type ResolvedMedia,
  type Speech,
} from '../../treatment/media-file.js';

const FETCH_DEADLINE_MS = 5000;
const FILE_MAX_BYTES = 20 * 1024 * 1024;
/** How long a fetched treatment is played without asking the server again. */
const FRESH_SECONDS = 300;
const CACHED_MAX = 500;
/** How long a file that was playable is taken to be so: a call that was answered does not wait for a disk. */
const SEEN_SECONDS = 5;
const TOO_LARGE = mediaFault('MEDIA_TOO_LARGE', `larger than ${FILE_MAX_BYTES} bytes`);
const NO_SUCH_FILE = mediaFault('MEDIA_MISSING', 'no such file');
/** Formats of a stock FreeSWITCH besides WAV; the embedded engine plays WAV only and says so. */
const OTHER_FORMATS = new Set(['.mp3', '.ogg', '.flac', '.au', '.aiff', '.r8', '.raw', '.gsm']);

export interface MediaFilesOptions {
  readonly cacheDirectory: string;
  /** The way to the web; it knows what may be fetched. */
  readonly fetcher: Fetcher;
  readonly speech?: Speech | undefined;
}

export function createMediaFiles(options: MediaFilesOptions): MediaFiles {
  const cache = new NodeCache({ stdTTL: FRESH_SECONDS, maxKeys: CACHED_MAX, useClones: false });
  const seen = new NodeCache({ stdTTL: SEEN_SECONDS, useClones: false });
  return {
    speech: options.speech,
    async probe(path) {
      if (seen.has(path)) return undefined;
      const why = await probe(path);
      if (why === undefined && seen.getStats().keys < CACHED_MAX) seen.set(path, true);
      return why;
    },
    async fetch(url) {
      const cached = cache.get<Promise<ResolvedMedia>>(url);
      if (cached) return cached;
      const pending = download(url, options);
      if (cache.getStats().keys < CACHED_MAX) cache.set(url, pending);
      const media = await pending;
      if (media.kind === 'unplayable') cache.del(url); // A failure is asked again next time.
      return media;
    },
  };
}

/** @returns undefined when the file looks playable, else why not */
async function probe(path: string): Promise<MediaFault | undefined> {
  const extension = extname(path).toLowerCase();
  if (extension === '.wav') return probeWav(path);
  if (!OTHER_FORMATS.has(extension)) return mediaFault('MEDIA_FORMAT', `unknown ${extension}`);
  try {
    const info = await stat(path);
    if (!info.isFile()) return mediaFault('MEDIA_FORMAT', 'not a file');
    if (info.size > FILE_MAX_BYTES) return TOO_LARGE;
    return info.size > 0 ? undefined : mediaFault('MEDIA_CORRUPT', 'it is empty');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? NO_SUCH_FILE
      : mediaFault('MEDIA_UNREADABLE', code);
  }
}

/** Every chunk is looked at: FreeSWITCH says "file not found" to a damaged one as well. */
async function probeWav(path: string): Promise<MediaFault | undefined> {
  const header = await readWavHeader(path);
  if (header.kind === 'wav') return undefined;
  if (header.kind === 'missing') return NO_SUCH_FILE;
  if (/larger than/.test(header.why)) return TOO_LARGE;
  return mediaFault(
    /cannot be read/.test(header.why) ? 'MEDIA_UNREADABLE' : 'MEDIA_CORRUPT',
    header.why,
  );
}

async function download(url: string, options: MediaFilesOptions): Promise<ResolvedMedia> {
  const answer = await options.fetcher.fetch({
    url,
    headers: { accept: 'audio/*' },
    timeoutMs: FETCH_DEADLINE_MS,
    maxBytes: FILE_MAX_BYTES,
    maxRedirects: 0,
  });
  if (answer.kind === 'failed') return unplayable(faultOfFetch(answer.code, answer.why));
  const fault = faultOfResponse(answer.status, answer.headers['content-type']);
  if (fault) return unplayable(fault);
  try {
    return await keep(url, answer.body, options.cacheDirectory);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return unplayable(mediaFault('MEDIA_UNREADABLE', `cannot be kept (${code})`));
  }
}

function faultOfResponse(status: number, type = ''): MediaFault | undefined {
  if (status === 404 || status === 410) return mediaFault('MEDIA_MISSING', `HTTP ${status}`);
  if (status !== 200) return mediaFault('MEDIA_HTTP_STATUS', `HTTP ${status}`);
  // A page that says "not found" with a 200 is the usual one.
  const isText = /^(text|image|video)\/|^application\/(json|xml|xhtml)/i.test(type);
  return isText ? mediaFault('MEDIA_NOT_AUDIO', `its type is ${type}`) : undefined;
}

function faultOfFetch(code: FetchCode, why: string): MediaFault {
  switch (code) {
    case 'FETCH_BAD_URL':
    case 'FETCH_NOT_ALLOWED':
    case 'FETCH_ADDRESS_REFUSED':
    case 'FETCH_BAD_REQUEST':
      return mediaFault('MEDIA_NOT_ALLOWED', why);
    case 'FETCH_TOO_LARGE':
      return TOO_LARGE;
    case 'FETCH_TIMEOUT':
      return mediaFault('MEDIA_TIMEOUT', `not fetched within ${FETCH_DEADLINE_MS} ms`);
    case 'FETCH_TOO_MANY':
    case 'FETCH_TOO_MANY_REDIRECTS':
    case 'FETCH_BROKEN':
    case 'FETCH_UNREACHABLE':
      if (why === 'ECONNREFUSED') return mediaFault('MEDIA_REFUSED', 'connection refused');
      return mediaFault('MEDIA_UNREACHABLE', `cannot be fetched (${why})`);
  }
}

/**
 * Written beside and renamed, so that the media server never reads half a file. Under a name that nobody can
 * know, as the folder may be open to others (a link there would lead us elsewhere), or be another process's too.
 */
async function keep(url: string, content: Buffer, directory: string): Promise<ResolvedMedia> {
  await mkdir(directory, { recursive: true });
  const known = extname(new URL(url).pathname).toLowerCase();
  const extension = OTHER_FORMATS.has(known) ? known : '.wav';
  const name = createHash('sha256').update(url).digest('hex').slice(0, 32) + extension;
  const path = join(directory, name);
  const partial = `${path}.${randomUUID()}.part`;
  await writeFile(partial, content, { flag: 'wx' });
  await rename(partial, path);
  const fault = await probe(path);
  return fault === undefined ? { kind: 'file', path } : unplayable(fault);
}

function unplayable(fault: MediaFault): ResolvedMedia {
  return { kind: 'unplayable', ...fault };
}
