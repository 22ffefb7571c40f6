/**
 * Treatment files on disk and from the web. A file is looked at before the media server is asked to
 * play it, because FreeSWITCH answers "file not found" to missing, corrupt and refused alike. A URL
 * is fetched once into a cache that the media server can read, with limits on size, time and
 * origin; a document that cannot be fetched is a value.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, rename, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import NodeCache from 'node-cache';
import { request } from 'undici';
import type { MediaFiles, ResolvedMedia } from '../../treatment/media-file.js';

const FETCH_DEADLINE_MS = 5000;
const FILE_MAX_BYTES = 20 * 1024 * 1024;
/** How long a fetched treatment is played without asking the server again. */
const FRESH_SECONDS = 300;
const CACHED_MAX = 500;
/** How long a file that was playable is taken to be so: a call that was answered does not wait for a disk. */
const SEEN_SECONDS = 5;
/** Formats of a stock FreeSWITCH besides WAV; the embedded engine plays WAV only and says so. */
const OTHER_FORMATS = new Set(['.mp3', '.ogg', '.flac', '.au', '.aiff', '.r8', '.raw', '.gsm']);

export interface MediaFilesOptions {
  readonly cacheDirectory: string;
  /** Origins (`https://media.example.net`) that may be fetched from. */
  readonly allowedOrigins: Pick<ReadonlySet<string>, 'has'>;
}

export function createMediaFiles(options: MediaFilesOptions): MediaFiles {
  const cache = new NodeCache({ stdTTL: FRESH_SECONDS, maxKeys: CACHED_MAX, useClones: false });
  const seen = new NodeCache({ stdTTL: SEEN_SECONDS, useClones: false });
  return {
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
async function probe(path: string): Promise<string | undefined> {
  const extension = extname(path).toLowerCase();
  if (extension !== '.wav' && !OTHER_FORMATS.has(extension)) return `unknown format ${extension}`;
  try {
    const file = await open(path, 'r');
    try {
      const info = await file.stat();
      if (!info.isFile()) return 'not a file';
      if (info.size > FILE_MAX_BYTES) return `larger than ${FILE_MAX_BYTES} bytes`;
      if (extension !== '.wav') return info.size > 0 ? undefined : 'empty';
      const head = Buffer.alloc(12);
      const { bytesRead } = await file.read(head, 0, 12, 0);
      const isWave =
        bytesRead === 12 &&
        head.toString('latin1', 0, 4) === 'RIFF' &&
        head.toString('latin1', 8, 12) === 'WAVE';
      return isWave && info.size > 44 ? undefined : 'not a WAV file';
    } finally {
      await file.close();
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? 'no such file'
      : `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
  }
}

async function download(url: string, options: MediaFilesOptions): Promise<ResolvedMedia> {
  let origin: string;
  try {
    origin = new URL(url).origin;
  } catch {
    return unplayable('not a URL');
  }
  if (!options.allowedOrigins.has(origin)) return unplayable(`${origin} is not allowed`);
  try {
    const { statusCode, body } = await request(url, {
      signal: AbortSignal.timeout(FETCH_DEADLINE_MS),
      headers: { accept: 'audio/*' },
    });
    // Destroying a body emits an error that nobody else waits for.
    body.on('error', () => {});
    if (statusCode !== 200) {
      body.destroy();
      return unplayable(`HTTP ${statusCode}`);
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > FILE_MAX_BYTES) {
        body.destroy();
        return unplayable(`larger than ${FILE_MAX_BYTES} bytes`);
      }
      chunks.push(chunk);
    }
    return await keep(url, Buffer.concat(chunks), options.cacheDirectory);
  } catch (error) {
    return unplayable(`cannot be fetched (${error instanceof Error ? error.name : 'error'})`);
  }
}

/** Written beside and renamed, so that the media server never reads half a file. */
async function keep(url: string, content: Buffer, directory: string): Promise<ResolvedMedia> {
  await mkdir(directory, { recursive: true });
  const known = extname(new URL(url).pathname).toLowerCase();
  const extension = OTHER_FORMATS.has(known) ? known : '.wav';
  const name = createHash('sha256').update(url).digest('hex').slice(0, 32) + extension;
  const path = join(directory, name);
  const partial = `${path}.${process.pid}.part`;
  await writeFile(partial, content);
  await rename(partial, path);
  const why = await probe(path);
  return why === undefined ? { kind: 'file', path } : unplayable(why);
}

function unplayable(why: string): ResolvedMedia {
  return { kind: 'unplayable', why };
}
