/**
 * Deletes recordings of conversations that are old, or too many together. What a template of ours cannot
 * have named is never touched; links are not followed.
 */
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { PathPart } from '../../handoff/recording-name.js';

/** A file that has changed within this time may still be written to. */
const MAY_GROW_MS = 600_000;

export interface RecordingLimits {
  /** 0 = any age. */
  readonly ageMaxMs: number;
  /** Of all together; 0 = any size. */
  readonly bytesMax: number;
}

interface Recording {
  readonly path: string;
  readonly bytes: number;
  readonly changedAtMs: number;
}

/**
 * @param kinds the names in the paths of each kind of recording, from the root
 * @returns how many files were deleted
 */
export async function purgeRecordings(
  kinds: readonly (readonly PathPart[])[],
  { ageMaxMs, bytesMax }: RecordingLimits,
  nowMs: number,
): Promise<number> {
  const found = new Map<string, Recording>();
  for (const parts of kinds) {
    for (const recording of await findIn('/', parts)) found.set(recording.path, recording);
  }
  const oldestFirst = [...found.values()].sort((a, b) => a.changedAtMs - b.changedAtMs);
  let bytes = oldestFirst.reduce((sum, one) => sum + one.bytes, 0);
  let count = 0;
  for (const recording of oldestFirst) {
    const ageMs = nowMs - recording.changedAtMs;
    const isTooMuch = bytesMax > 0 && bytes > bytesMax;
    if (ageMs < MAY_GROW_MS || !(isTooMuch || (ageMaxMs > 0 && ageMs > ageMaxMs))) continue;
    if (!(await remove(recording.path))) continue;
    bytes -= recording.bytes;
    count += 1;
  }
  return count;
}

async function findIn(folder: string, [part, ...rest]: readonly PathPart[]): Promise<Recording[]> {
  if (part === undefined) return [];
  const isLast = rest.length === 0;
  if (typeof part === 'string') {
    return isLast ? recordingAt(join(folder, part)) : findIn(join(folder, part), rest);
  }
  const found: Recording[] = [];
  for (const entry of await entriesOf(folder)) {
    if (!part.test(entry.name)) continue;
    const path = join(folder, entry.name);
    if (isLast && entry.isFile()) found.push(...(await recordingAt(path)));
    if (!isLast && entry.isDirectory()) found.push(...(await findIn(path, rest)));
  }
  return found;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    // On the media server's host, or nothing has been recorded yet.
    return [];
  }
}

async function recordingAt(path: string): Promise<Recording[]> {
  try {
    const { size: bytes, mtimeMs: changedAtMs } = await stat(path);
    return [{ path, bytes, changedAtMs }];
  } catch {
    return [];
  }
}

/** Gone, or not ours to remove: the next round sees it again. */
function remove(path: string): Promise<boolean> {
  return unlink(path).then(
    () => true,
    () => false,
  );
}
