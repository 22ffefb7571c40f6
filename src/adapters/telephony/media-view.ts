/**
 * How a media server sees our files: on another machine, or in a container, the folder they are in is
 * mounted somewhere else. What is not in the folder it sees where we do, or not at all.
 */
import { isAbsolute, join, relative, sep } from 'node:path';

export interface MediaView {
  /** The folder as we see it, absolute. */
  readonly directory: string;
  /** The same folder as the media server sees it. */
  readonly seenAs: string;
}

/** @param file a path of ours, or anything else that is played (a URL, a stream), which stays as it is */
export function seenBy(view: MediaView | undefined, file: string): string {
  if (!view || !isAbsolute(file)) return file;
  const way = relative(view.directory, file);
  const isInside = way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  return isInside ? join(view.seenAs, way) : file;
}
