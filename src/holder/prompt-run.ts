/**
 * Prompts of a holder on a real call: looked at first, then handed to the media server as one list, so
 * that no gap is between them. How much of them was heard comes from the media server's count of
 * samples, and which of them that was from their lengths.
 */
import type { Clock, MediaEndpoint, Playback, PlayEnd } from '../ports.js';
import { findSound, type Sound, type SoundContext } from './find-sound.js';
import type { HeldRefusal, PlayOptions, Prompt, PromptPlayback, PromptsEnd } from './held-call.js';
import { refusal } from './refusal.js';

export interface PromptContext extends SoundContext {
  readonly clock: Clock;
  /** Makes room for the sound. @returns undefined when the call is gone */
  beforeSound(): Promise<MediaEndpoint | undefined>;
}

interface Measured {
  readonly lengthMs: number | undefined;
}

const PROMPTS_MAX = 100;
const SILENCE_MAX_MS = 600_000;
const SPEECH_CHARS_MAX = 2000;

/** @returns why these cannot be prompts at all */
export function refusePrompts(prompts: readonly Prompt[]): HeldRefusal | undefined {
  if (prompts.length === 0 || prompts.length > PROMPTS_MAX) {
    return refusal('HELD_BAD_ARGUMENT', `1 to ${PROMPTS_MAX} prompts`);
  }
  for (const prompt of prompts) {
    if (prompt.kind === 'speech' && prompt.text.length > SPEECH_CHARS_MAX) {
      return refusal('HELD_BAD_ARGUMENT', `at most ${SPEECH_CHARS_MAX} characters are spoken`);
    }
    if (prompt.kind !== 'silence') continue;
    const { durationMs } = prompt;
    if (Number.isInteger(durationMs) && durationMs >= 1 && durationMs <= SILENCE_MAX_MS) continue;
    return refusal('HELD_BAD_ARGUMENT', `a silence lasts 1 to ${SILENCE_MAX_MS} ms`);
  }
  return undefined;
}

export class PromptRun implements PromptPlayback {
  readonly done: Promise<PromptsEnd>;
  #isStopped = false;
  #playback: Playback | undefined;

  constructor(
    private readonly context: PromptContext,
    private readonly prompts: readonly Prompt[],
    private readonly options: PlayOptions,
  ) {
    this.done = this.#run().catch((error: unknown) =>
      refusal('HELD_MEDIA_ERROR', error instanceof Error ? error.message : String(error)),
    );
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#playback?.stop();
    await this.done;
  }

  async #run(): Promise<PromptsEnd> {
    const sounds: Sound[] = [];
    for (const found of await Promise.all(
      this.prompts.map((prompt) => findSound(prompt, this.context)),
    )) {
      if ('kind' in found) return found;
      sounds.push(found);
    }
    if (this.#isStopped) return NOTHING_HEARD;
    const endpoint = await this.context.beforeSound();
    if (this.#isStopped) return NOTHING_HEARD;
    if (!endpoint) return refusal('HELD_REVOKED', 'the call is gone');
    const names = sounds.map(({ name }) => name);
    const startedAtMs = this.context.clock.nowMs();
    const { loop = false, stopsAtKey } = this.options;
    this.#playback = endpoint.play(names, { loop, stopsAtKey, isGapless: true });
    const end = await this.#playback.done;
    const elapsedMs = this.context.clock.nowMs() - startedAtMs;
    const lengths = await Promise.all(sounds.map(({ lengthMs }) => lengthMs));
    const measured = lengths.map((lengthMs) => ({ lengthMs }));
    return outcomeOf(end, measured, elapsedMs);
  }
}

const NOTHING_HEARD = {
  kind: 'stopped',
  playedMs: 0,
  promptIndex: 0,
  promptPlayedMs: 0,
} as const satisfies PromptsEnd;

function outcomeOf(end: PlayEnd, sounds: readonly Measured[], elapsedMs: number): PromptsEnd {
  if (end.kind === 'ended') {
    const whole = sounds.reduce((sum, { lengthMs }) => sum + (lengthMs ?? NaN), 0);
    return { kind: 'ended', playedMs: Number.isNaN(whole) ? (end.playedMs ?? elapsedMs) : whole };
  }
  if (end.kind === 'failed' && !end.why.startsWith('ENDPOINT_ENDED')) {
    // Not one of the files could be opened: a format it does not know, or no sound under its name.
    const isUnplayable = end.why.startsWith('PLAY_NOT_FOUND');
    return refusal(isUnplayable ? 'HELD_UNPLAYABLE' : 'HELD_MEDIA_ERROR', end.why);
  }
  // Taken away with the call: only the clock knows how long it was heard.
  const playedMs = end.kind === 'stopped' ? end.playedMs : undefined;
  return { kind: 'stopped', ...locate(sounds, playedMs ?? elapsedMs) };
}

/** Where in a list the sound was after so much of it; in the last one when that is more than there is. */
export function locate(
  sounds: readonly Measured[],
  playedMs: number,
): { playedMs: number; promptIndex: number; promptPlayedMs: number } {
  let promptPlayedMs = playedMs;
  for (const [promptIndex, { lengthMs = Infinity }] of sounds.entries()) {
    const isLast = promptIndex === sounds.length - 1;
    if (promptPlayedMs < lengthMs || isLast) {
      const heardMs = Math.min(promptPlayedMs, lengthMs);
      return {
        playedMs: playedMs - promptPlayedMs + heardMs,
        promptIndex,
        promptPlayedMs: heardMs,
      };
    }
    promptPlayedMs -= lengthMs;
  }
  return { playedMs: 0, promptIndex: 0, promptPlayedMs: 0 };
}
