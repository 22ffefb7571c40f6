/** Sound files as samples, looked up the way the player looks them up. */
import { isAbsolute, join } from 'node:path';
import { readWavFile } from '../embedded/rtp/wav.js';

const SAMPLES_PER_MS = 8;

/**
 * @param folders tried in this order unless the name is absolute
 * @returns 8 kHz mono samples; undefined when no folder has a playable file of that name
 */
export async function readSound(
  name: string,
  folders: readonly string[],
): Promise<Int16Array | undefined> {
  const paths = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name));
  for (const path of paths) {
    const sound = await readWavFile(path);
    if (sound.ok) return sound.pcm;
  }
  return undefined;
}

export async function soundDurationMs(
  name: string,
  folders: readonly string[],
): Promise<number | undefined> {
  const pcm = await readSound(name, folders);
  return pcm && pcm.length / SAMPLES_PER_MS;
}
