/** The product's own sounds, as the tests of the far end need them. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readWavFile } from '../../src/embedded/rtp/wav.js';
import type { Sound } from '../../src/farend/recognise.js';
import { writeWav } from '../../src/farend/write-wav.js';

export const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));

export const TREATMENTS = ['connect', 'machine', 'find-agent-fail', 'waiting', 'comfort'] as const;
export const VOICES = ['far-end/hello', 'far-end/greeting', 'far-end/agent'] as const;

/** @param directory ends with a slash */
export async function loadSounds(names: readonly string[], directory = MEDIA): Promise<Sound[]> {
  return Promise.all(
    names.map(async (name) => {
      const read = await readWavFile(`${directory}${name}.wav`);
      if (!read.ok) throw new Error(`${name}: ${read.problem}`);
      return { name, pcm: read.pcm };
    }),
  );
}

/** A folder with the beginnings of the voices, so that nobody waits for a whole greeting. */
export async function shortVoices(ms: number): Promise<string> {
  const directory = `${await mkdtemp(join(tmpdir(), 'farend-media-'))}/`;
  for (const { name, pcm } of await loadSounds(VOICES)) {
    await writeWav(`${directory}${name}.wav`, pcm.subarray(0, ms * 8));
  }
  return directory;
}
