/**
 * From a treatment's name in the configuration to a file that the media server can play. Names live
 * under `media.directory`, URLs are fetched into a cache first. What cannot be played is a value
 * with the reason in it: the flow goes on as if that treatment were off, it never plays a dead line.
 */
import { isAbsolute, join, normalize, relative, sep } from 'node:path';

/** Why a sound cannot be played, told before the media server is asked, which cannot tell them apart. */
export type MediaFaultCode =
  /** No such file, or HTTP 404 and 410. */
  | 'MEDIA_MISSING'
  /** Outside the media directory. */
  | 'MEDIA_OUTSIDE'
  | 'MEDIA_FORMAT'
  /** Not what its name says, or no sound in it. */
  | 'MEDIA_CORRUPT'
  | 'MEDIA_TOO_LARGE'
  | 'MEDIA_UNREADABLE'
  /** An origin that the configuration does not name. */
  | 'MEDIA_NOT_ALLOWED'
  | 'MEDIA_HTTP_STATUS'
  /** A page instead of a sound. */
  | 'MEDIA_NOT_AUDIO'
  | 'MEDIA_REFUSED'
  | 'MEDIA_TIMEOUT'
  | 'MEDIA_UNREACHABLE';

export interface MediaFault {
  readonly code: MediaFaultCode;
  readonly why: string;
}

export function mediaFault(code: MediaFaultCode, why: string): MediaFault {
  return { code, why };
}

export type ResolvedMedia =
  { readonly kind: 'file'; readonly path: string } | ({ readonly kind: 'unplayable' } & MediaFault);

/** Text to a sound file. */
export interface Speech {
  /** @param language such as `en` or `de-DE`; another voice speaks where there is none for it */
  say(text: string, language: string | undefined): Promise<ResolvedMedia>;
}

export interface MediaFiles {
  /** Undefined: this host has no voice. */
  readonly speech?: Speech | undefined;
  /** Is this a sound file the media server will take? The reason when it is not. */
  probe(path: string): Promise<MediaFault | undefined>;
  /** Fetches a URL (cached); the local path or the reason. */
  fetch(url: string): Promise<ResolvedMedia>;
}

export interface MediaPlaces {
  /** Absolute. */
  readonly directory: string;
  /** The product's own media folder, absolute: fallback for the packaged names. */
  readonly packagedDirectory: string;
}

/**
 * @param file as configured: a name or path under the media directory, an absolute path, or an
 *   http(s) URL
 */
export async function resolveMedia(
  file: string,
  places: MediaPlaces,
  files: MediaFiles,
): Promise<ResolvedMedia> {
  if (/^https?:/i.test(file)) return files.fetch(file);
  const candidates = isAbsolute(file)
    ? [normalize(file)]
    : [join(places.directory, file), join(places.packagedDirectory, file)];
  let fault = mediaFault('MEDIA_MISSING', 'no such file');
  for (const path of candidates) {
    if (!isAbsolute(file) && !candidateIsInside(path, places)) {
      return { kind: 'unplayable', code: 'MEDIA_OUTSIDE', why: 'leaves the media directory' };
    }
    const problem = await files.probe(path);
    if (problem === undefined) return { kind: 'file', path };
    // The packaged folder lacks most names: what is wrong with the own file says more.
    if (fault.code === 'MEDIA_MISSING') fault = problem;
  }
  return { kind: 'unplayable', ...fault };
}

/** The files of a sentence, all of them or none: @returns their paths, or why one cannot be played. */
export async function resolveAll(
  names: readonly string[],
  places: MediaPlaces,
  files: MediaFiles,
): Promise<readonly string[] | MediaFault> {
  const paths: string[] = [];
  for (const name of names) {
    const media = await resolveMedia(name, places, files);
    if (media.kind === 'unplayable') return { code: media.code, why: `${name}: ${media.why}` };
    paths.push(media.path);
  }
  return paths;
}

function candidateIsInside(path: string, places: MediaPlaces): boolean {
  return isInside(path, places.directory) || isInside(path, places.packagedDirectory);
}

function isInside(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way !== '' && !way.startsWith(`..${sep}`) && way !== '..' && !isAbsolute(way);
}
