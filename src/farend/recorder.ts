/**
 * Collects what a called party hears into one recording that is aligned in time: each frame goes
 * where its RTP timestamp says, holes stay silent. The recording begins with the first frame that
 * has sound in it (digital silence counts), and is bounded.
 *
 * A caller may change its sender in mid-call (a re-INVITE hands the call over); timestamps then
 * jump by an arbitrary amount, and the recording goes on where the last one ended.
 */
import { GAP_SAMPLE } from '../embedded/rtp/jitter-buffer.js';

const RATE_HZ = 8000;
const FRAME_MS = 20;
const FIRST_SIZE = 4 * RATE_HZ;
/** A jump beyond this is another clock, not a pause. */
const JUMP_MAX = 2 * RATE_HZ;
/** Effective value from which a frame counts as sound: about -45 dB of full scale. */
const VOICE_RMS = 180;
/** So many frames in a row make a voice; one alone may be a click. */
const VOICE_FRAMES = 3;

export class Recorder {
  readonly #maxSamples: number;
  #samples = new Int16Array(FIRST_SIZE);
  #length = 0;
  #base: number | undefined;
  #gapFrames = 0;
  #gapFramesMax = 0;
  #voiceFrames = 0;

  /** @param maxMs what comes later is counted and listened to, but not kept */
  constructor(maxMs = 120_000) {
    this.#maxSamples = (maxMs * RATE_HZ) / 1000;
  }

  /**
   * @param pcm one frame, not kept; all -1 where no RTP arrived
   * @param timestamp RTP timestamp of its first sample, unsigned 32 bit
   */
  write(pcm: Int16Array, timestamp: number): void {
    const isGap = pcm.every((sample) => sample === GAP_SAMPLE);
    this.#followVoice(isGap ? 0 : effectiveValue(pcm));
    if (isGap) {
      this.#gapFrames++;
      return;
    }
    if (this.#base === undefined) this.#base = timestamp;
    else this.#gapFramesMax = Math.max(this.#gapFramesMax, this.#gapFrames);
    this.#gapFrames = 0;
    const expected = this.#length;
    let at = (timestamp - this.#base) | 0;
    if (at < expected - JUMP_MAX || at < 0 || at > expected + JUMP_MAX) {
      this.#base = (timestamp - expected) >>> 0;
      at = expected;
    }
    this.#store(pcm, at);
  }

  get hasBegun(): boolean {
    return this.#base !== undefined;
  }

  /** True while the caller is heard: 60 ms of sound, up to and including the last frame. */
  get hearsVoice(): boolean {
    return this.#voiceFrames >= VOICE_FRAMES;
  }

  /** The longest time without RTP between two frames, in milliseconds. */
  get maxGapMs(): number {
    return this.#gapFramesMax * FRAME_MS;
  }

  /** @returns a copy of what was heard so far */
  recording(): Int16Array {
    return this.#samples.slice(0, this.#length);
  }

  #followVoice(level: number): void {
    this.#voiceFrames = level >= VOICE_RMS ? this.#voiceFrames + 1 : 0;
  }

  #store(pcm: Int16Array, at: number): void {
    const end = Math.min(this.#maxSamples, at + pcm.length);
    if (end <= at) return;
    if (end > this.#samples.length) {
      const larger = new Int16Array(
        Math.min(this.#maxSamples, Math.max(end, 2 * this.#samples.length)),
      );
      larger.set(this.#samples);
      this.#samples = larger;
    }
    for (let i = at; i < end; i++) {
      const sample = pcm[i - at] ?? 0;
      this.#samples[i] = sample === GAP_SAMPLE ? 0 : sample;
    }
    this.#length = Math.max(this.#length, end);
  }
}

function effectiveValue(pcm: Int16Array): number {
  let energy = 0;
  for (const sample of pcm) energy += sample * sample;
  return Math.sqrt(energy / pcm.length);
}
