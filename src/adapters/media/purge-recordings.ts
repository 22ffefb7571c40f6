/**
 * Deletes recordings of conversations that are old, or too many together. What a template of ours cannot
 * have named is never touched; links are not followed.
 */
import type { Dirent } from 'node:fs';
import { lstat, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { PathPart } from '../../handoff/recording-name.js';

/** A file that has changed within this time may still be written to. */
const MAY_GROW_MS = 600_000;
const HOUR_MS = 3_600_000;

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
 * However many there are, never is much done at a time: calls are up meanwhile.
 * @param kinds the names in the paths of each kind of recording, from the root
 * @returns how many files were deleted
 */
export async function purgeRecordings(
  kinds: readonly (readonly PathPart[])[],
  { ageMaxMs, bytesMax }: RecordingLimits,
  nowMs: number,
): Promise<number> {
  const kept = new Map<string, Recording>();
  let [count, bytes] = [0, 0];
  for (const parts of kinds) {
    for await (const recording of findIn('/', parts)) {
      const ageMs = nowMs - recording.changedAtMs;
      const isOld = ageMaxMs > 0 && ageMs > ageMaxMs && ageMs >= MAY_GROW_MS;
      if (isOld && (await remove(recording.path))) count += 1;
      else if (bytesMax > 0 && !kept.has(recording.path)) {
        kept.set(recording.path, recording);
        bytes += recording.bytes;
      }
    }
  }
  if (bytes <= bytesMax) return count;
  for (const recording of oldestFirst(kept.values())) {
    if (bytes <= bytesMax || nowMs - recording.changedAtMs < MAY_GROW_MS) break;
    if (!(await remove(recording.path))) continue;
    bytes -= recording.bytes;
    count += 1;
  }
  return count;
}

/** Those of an hour are sorted when it is their turn. */
function* oldestFirst(recordings: Iterable<Recording>): Generator<Recording> {
  const byHour = new Map<number, Recording[]>();
  for (const recording of recordings) {
    const hour = Math.floor(recording.changedAtMs / HOUR_MS);
    const known = byHour.get(hour);
    if (known) known.push(recording);
    else byHour.set(hour, [recording]);
  }
  for (const hour of [...byHour.keys()].sort((a, b) => a - b)) {
    yield* (byHour.get(hour) ?? []).sort((a, b) => a.changedAtMs - b.changedAtMs);
  }
}

async function* findIn(
  folder: string,
  [part, ...rest]: readonly PathPart[],
): AsyncGenerator<Recording> {
  if (part === undefined) return;
  const isLast = rest.length === 0;
  if (typeof part === 'string') {
    const path = join(folder, part);
    yield* isLast ? recordingAt(path) : findIn(path, rest);
    return;
  }
  for await (const entry of entriesOf(folder)) {
    if (!part.test(entry.name)) continue;
    const path = join(folder, entry.name);
    if (isLast) yield* recordingAt(path);
    else if (entry.isDirectory()) yield* findIn(path, rest);
  }
}

async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(folder);
  } catch {
    // On the media server's host, or nothing has been recorded yet.
  }
}

async function* recordingAt(path: string): AsyncGenerator<Recording> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile()) yield { path, bytes: found.size, changedAtMs: found.mtimeMs };
}

/** Gone, or not ours to remove: the next round sees it again. */
function remove(path: string): Promise<boolean> {
  return unlink(path).then(
    () => true,
    () => false,
  );
}
