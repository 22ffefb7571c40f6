/**
 * Where outgoing speech comes from: anything that fills a buffer with 8 kHz samples when asked.
 * Sources are pulled by the RTP session at the pace of the wire, so an endless one costs nothing.
 */

/** Sampling rate of everything inside the media server, in Hz. */
export const SAMPLE_RATE_HZ = 8000;

/** Samples of one 20 ms frame. */
export const FRAME_SAMPLES = 160;

/** Something that can be played. */
export interface PcmSource {
  /**
   * Fills the buffer from its start.
   * @returns samples written; fewer than asked is fine, 0 means the end
   */
  read(into: Int16Array): number;
}

/** Plays samples held in memory, from `startSample` on. The array is not copied. */
export function playSamples(pcm: Int16Array, startSample = 0): PcmSource {
  let position = Math.max(0, Math.min(startSample, pcm.length));
  return {
    read(into) {
      const count = Math.min(into.length, pcm.length - position);
      for (let i = 0; i < count; i++) into[i] = pcm[position + i] ?? 0;
      position += count;
      return count;
    },
  };
}

/**
 * Digital silence.
 * @param samples how long; Infinity never ends
 */
export function playSilence(samples: number): PcmSource {
  let left = samples;
  return {
    read(into) {
      const count = Math.min(into.length, left);
      into.fill(0, 0, count);
      left -= count;
      return count;
    },
  };
}

/**
 * Passes on what another session hears: `write` keeps the newest frame, `read` hands it out once
 * and gives silence when there is none. It never ends. Both sides run on the same pacer, so there
 * is nothing to buffer (pacer.ts).
 */
export class RelaySource implements PcmSource {
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  #isFresh = false;

  write(pcm: Int16Array): void {
    this.#frame.fill(0);
    this.#frame.set(pcm.length > FRAME_SAMPLES ? pcm.subarray(0, FRAME_SAMPLES) : pcm);
    this.#isFresh = true;
  }

  read(into: Int16Array): number {
    if (!this.#isFresh || into.length < FRAME_SAMPLES) {
      into.fill(0);
      return into.length;
    }
    into.set(this.#frame);
    this.#isFresh = false;
    return FRAME_SAMPLES;
  }
}
