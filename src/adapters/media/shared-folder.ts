/**
 * Media servers on other machines see one folder of ours, `media.directory`. The sounds that come with
 * the product and those fetched from URLs are put into it, so that they can be played there as well.
 */
import { access, constants, copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Log } from '../../ports.js';

export interface MediaFolders {
  /** Where the sounds are that come with the product. */
  readonly packagedDirectory: string;
  /** Where sounds from URLs are kept. */
  readonly cacheDirectory: string;
}

export interface SharedFolderOptions {
  /** `media.directory` and the product's own media folder, absolute. */
  readonly media: {
    readonly directory: string;
    readonly packagedDirectory: string;
    readonly exchangeDirectory?: string | undefined;
  };
  /** Some media server sees no other folder of this machine. */
  readonly isShared: boolean;
  readonly log: Pick<Log, 'warn'>;
}

/** In `media.directory`; what is in it is ours to overwrite. */
const OWN_FOLDER = '.dialback';
const SOUND = /\.wav$/i;

/** Copies what is missing or older. A folder that cannot be written to is said, and left alone. */
export async function shareMedia(options: SharedFolderOptions): Promise<MediaFolders> {
  const { media, isShared, log } = options;
  const { directory, packagedDirectory, exchangeDirectory = tmpdir() } = media;
  const here = { packagedDirectory, cacheDirectory: join(exchangeDirectory, 'dialback-media') };
  if (media.exchangeDirectory !== undefined) await makeExchange(here.cacheDirectory, log);
  if (!isShared) return here;
  const own = join(directory, OWN_FOLDER);
  const cacheDirectory = join(own, 'fetched');
  try {
    await mkdir(cacheDirectory, { recursive: true });
    if (directory === packagedDirectory) return { packagedDirectory, cacheDirectory };
    await copySounds(packagedDirectory, own);
    return { packagedDirectory: own, cacheDirectory };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.warn(
      { why, directory },
      'media servers elsewhere see neither our own sounds nor fetched ones',
    );
    return here;
  }
}

/** Ours before a media server makes it its own. */
async function makeExchange(
  cacheDirectory: string,
  log: SharedFolderOptions['log'],
): Promise<void> {
  try {
    await mkdir(cacheDirectory, { recursive: true });
    await access(cacheDirectory, constants.W_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.warn({ why, cacheDirectory }, 'media.exchangeDirectory cannot be written to');
  }
}

async function copySounds(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !SOUND.test(entry.name)) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, source));
    if (await isAsNew(source, target)) continue;
    await mkdir(dirname(target), { recursive: true });
    await copyFile(source, target);
  }
}

async function isAsNew(source: string, target: string): Promise<boolean> {
  const [ours, theirs] = await Promise.all([stat(source), stat(target).catch(() => undefined)]);
  return theirs !== undefined && theirs.size === ours.size && theirs.mtimeMs >= ours.mtimeMs;
}
