/**
 * What listens to a channel beside its applications: recordings and audio forks. In FreeSWITCH these
 * are "media bugs"; unlike unicast they go on whatever the channel plays or is bridged to. Each gets
 * every 20 ms what the customer said and what the customer was told.
 */

import { FRAME_SAMPLES } from '../rtp/pcm-source.js';

/** Which of the two directions is wanted. */
export type BugMix = 'heard' | 'spoken' | 'mixed' | 'stereo';

/** One listener. Neither method may throw. */
export interface MediaBug {
  /** 160 samples each, valid during the call only. */
  onFrame(heard: Int16Array, spoken: Int16Array): void;
  /** The channel is over, or the listener was taken off. Called once. */
  onRemoved(): void;
}

const BUGS_MAX = 10;

/** The listeners of a channel, by kind and name. */
export class MediaBugs {
  readonly #bugs = new Map<string, MediaBug>();
  readonly #heard = new Int16Array(FRAME_SAMPLES);

  get(key: string): MediaBug | undefined {
    return this.#bugs.get(key);
  }

  /** Keys that begin with `prefix`. */
  keys(prefix: string): string[] {
    return [...this.#bugs.keys()].filter((key) => key.startsWith(prefix));
  }

  /** @returns false when there are too many, or one of that key */
  add(key: string, bug: MediaBug): boolean {
    if (this.#bugs.size >= BUGS_MAX || this.#bugs.has(key)) return false;
    this.#bugs.set(key, bug);
    return true;
  }

  /** @returns false when there is none of that key */
  remove(key: string): boolean {
    const bug = this.#bugs.get(key);
    this.#bugs.delete(key);
    bug?.onRemoved();
    return bug !== undefined;
  }

  /** The channel is over. */
  removeAll(): void {
    for (const key of [...this.#bugs.keys()]) this.remove(key);
  }

  /** What the customer said in this tick. */
  hear(pcm: Int16Array): void {
    if (this.#bugs.size > 0) this.#heard.set(pcm);
  }

  /** What the customer is told in this tick, which comes after what was heard in it. */
  speak(pcm: Int16Array): void {
    for (const bug of this.#bugs.values()) bug.onFrame(this.#heard, pcm);
  }
}

/** Samples in a mix of two frames: 320 for stereo, else 160. */
export function mixedLength(mix: BugMix): number {
  return mix === 'stereo' ? 2 * FRAME_SAMPLES : FRAME_SAMPLES;
}

/** Writes a mix of two frames: the customer is the left channel; sums are cut off at full scale. */
export function mixFrames(
  mix: BugMix,
  heard: Int16Array,
  spoken: Int16Array,
  into: Int16Array,
): void {
  for (let i = 0; i < FRAME_SAMPLES; i++) {
    const [left, right] = [heard[i] ?? 0, spoken[i] ?? 0];
    switch (mix) {
      case 'heard':
        into[i] = left;
        break;
      case 'spoken':
        into[i] = right;
        break;
      case 'mixed':
        into[i] = Math.max(-32768, Math.min(32767, left + right));
        break;
      case 'stereo':
        into[2 * i] = left;
        into[2 * i + 1] = right;
    }
  }
}
