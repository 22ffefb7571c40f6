/**
 * Where the service that runs with a configuration listens, left in the folder for temporary files: its file
 * says so only until somebody edits `http.listen`, which waits for a restart.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ADDRESS_MAX_BYTES = 300;

/**
 * @param config file or folder
 * @param url as the listener has it
 * @returns a function that takes it back. @throws Error when it cannot be written
 */
export function leaveAddress(config: string, url: string): () => void {
  const note = noteOf(config);
  rmSync(note, { force: true });
  // Anybody may put files there: never through a link of theirs.
  writeFileSync(note, url, { flag: 'wx', mode: 0o600 });
  return () => rmSync(note, { force: true });
}

/** @returns undefined when none of this user's services has left one */
export function addressLeft(config: string): string | undefined {
  try {
    const note = noteOf(config);
    const status = lstatSync(note);
    const isOurs = status.isFile() && status.uid === process.getuid?.();
    if (!isOurs || status.size > ADDRESS_MAX_BYTES) return undefined;
    return new URL(readFileSync(note, 'utf8')).origin;
  } catch {
    return undefined;
  }
}

function noteOf(config: string): string {
  const name = createHash('sha256').update(realpathSync(config)).digest('hex').slice(0, 24);
  return join(tmpdir(), `dialback-${name}.address`);
}
