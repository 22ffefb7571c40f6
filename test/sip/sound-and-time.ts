/** What all calls of these tests need: the product's sounds, and patience. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { readWavFile } from '../../src/embedded/rtp/wav.js';
import { recognise, type Recognised } from '../../src/farend/recognise.js';

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const POLL_MS = 50;

/** @param name file under media/ */
export async function sound(name: string): Promise<{ name: string; pcm: Int16Array }> {
  const wav = await readWavFile(join(MEDIA, name));
  assert.ok(wav.ok, `${name} is readable`);
  return { name, pcm: wav.pcm };
}

/**
 * Which of these files were heard, in order of time. A moment without sound (the machine stood still)
 * cuts a play in two: neighbours of one name are told as one, with all that was heard of it.
 */
export async function heardIn(
  recording: Int16Array,
  names: readonly string[],
): Promise<readonly Recognised[]> {
  const plays: Recognised[] = [];
  for (const play of recognise(recording, await Promise.all(names.map(sound)))) {
    const before = plays.at(-1);
    if (before?.name !== play.name) plays.push(play);
    else {
      const heardFraction = before.heardFraction + play.heardFraction;
      const score = Math.min(before.score, play.score);
      plays[plays.length - 1] = { ...before, endMs: play.endMs, heardFraction, score };
    }
  }
  return plays;
}

const STALL_RESOLUTION_MS = 10;

/** Watches how long this process, service and far end in one, was held up by whatever else the machine does. */
export function watchStalls(): { longestMs(): number } {
  const delays = monitorEventLoopDelay({ resolution: STALL_RESOLUTION_MS });
  delays.enable();
  return {
    /** The longest so far; ends the watch. */
    longestMs: () => {
      delays.disable();
      return Math.max(0, Math.round(delays.max / 1e6) - STALL_RESOLUTION_MS);
    },
  };
}

/** Asks again and again until there is an answer other than `false`. */
export async function until<T>(
  withinMs: number,
  what: string,
  ask: () => Promise<T | false | undefined>,
): Promise<T> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += POLL_MS) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`waited ${withinMs} ms for ${what}`);
}
