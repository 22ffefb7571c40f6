/** What all calls of these tests need: the product's sounds, and patience. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readWavFile } from '../../src/embedded/rtp/wav.js';

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const POLL_MS = 50;

/** @param name file under media/ */
export async function sound(name: string): Promise<{ name: string; pcm: Int16Array }> {
  const wav = await readWavFile(join(MEDIA, name));
  assert.ok(wav.ok, `${name} is readable`);
  return { name, pcm: wav.pcm };
}

/** Asks again and again until there is an answer. */
export async function until<T>(
  withinMs: number,
  what: string,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += POLL_MS) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`waited ${withinMs} ms for ${what}`);
}
