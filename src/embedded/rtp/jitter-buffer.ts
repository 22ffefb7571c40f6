/**
 * Puts received speech back on a steady 20 ms beat: packets go in by their RTP timestamp, one
 * frame comes out per tick. Lost and late packets leave a gap of -1 samples, which is also what a
 * channel without any RTP gives, so that a listener can tell "no media" from digital silence.
 *
 * One frame of delay is kept in hand; it does not adapt, conceal or stretch. A sender whose clock
 * drifts is followed by jumping, once the slack of six frames is used up.
 */

import { FRAME_SAMPLES } from './pcm-source.js';

/** The sample that fills gaps; what FreeSWITCH's unicast shows for missing RTP. */
export const GAP_SAMPLE = -1;

const RING_SAMPLES = 4096; // a power of two, 512 ms
const DEPTH_SAMPLES_MAX = 6 * FRAME_SAMPLES;
const LATE_PACKETS_MAX = 3;
const IDLE_AFTER_TICKS = 10;

/** Counters since the session began. */
export interface JitterStats {
  /** Frames given out that were a gap while RTP was flowing. */
  readonly gapFrames: number;
  readonly latePackets: number;
  readonly resyncs: number;
}

/** Distance b - a of two 32 bit timestamps, negative when b is older. */
function distance(a: number, b: number): number {
  return (b - a) | 0;
}

/** See the head of this file. Timestamps are unsigned 32 bit and may wrap. */
export class JitterBuffer {
  readonly #ring = new Int16Array(RING_SAMPLES).fill(GAP_SAMPLE);
  #cursor = 0;
  #isFlowing = false;
  #lateInARow = 0;
  #ticksSincePacket = 0;
  #gapFrames = 0;
  #latePackets = 0;
  #resyncs = 0;

  /** Stores the samples of one packet (at most 1600; more are cut off). */
  write(pcm: Int16Array, timestamp: number): void {
    this.#ticksSincePacket = 0;
    if (!this.#isFlowing) this.#syncTo(timestamp);
    const ahead = distance(this.#cursor, timestamp);
    if (ahead < 0) {
      this.#latePackets++;
      if (++this.#lateInARow < LATE_PACKETS_MAX) return;
      this.#syncTo(timestamp);
    } else if (ahead > DEPTH_SAMPLES_MAX) this.#syncTo(timestamp);
    this.#lateInARow = 0;
    const count = Math.min(pcm.length, 10 * FRAME_SAMPLES);
    for (let i = 0; i < count; i++) {
      this.#ring[(timestamp + i) & (RING_SAMPLES - 1)] = pcm[i] ?? GAP_SAMPLE;
    }
  }

  /**
   * Takes the frame of this tick.
   * @param into 160 samples
   * @returns RTP timestamp of its first sample (an extrapolation while nothing flows)
   */
  readFrame(into: Int16Array): number {
    const timestamp = this.#cursor;
    let isGap = true;
    for (let i = 0; i < FRAME_SAMPLES; i++) {
      const index = (timestamp + i) & (RING_SAMPLES - 1);
      const sample = this.#ring[index] ?? GAP_SAMPLE;
      if (sample !== GAP_SAMPLE) isGap = false;
      into[i] = sample;
      this.#ring[index] = GAP_SAMPLE;
    }
    this.#cursor = (timestamp + FRAME_SAMPLES) >>> 0;
    if (isGap && this.#isFlowing) this.#gapFrames++;
    if (++this.#ticksSincePacket > IDLE_AFTER_TICKS) this.#isFlowing = false;
    return timestamp;
  }

  /** To be called when another sender takes over: its timestamps have nothing to do with these. */
  reset(): void {
    this.#isFlowing = false;
  }

  stats(): JitterStats {
    return {
      gapFrames: this.#gapFrames,
      latePackets: this.#latePackets,
      resyncs: this.#resyncs,
    };
  }

  #syncTo(timestamp: number): void {
    if (this.#isFlowing) this.#resyncs++;
    this.#isFlowing = true;
    this.#lateInARow = 0;
    this.#ring.fill(GAP_SAMPLE);
    this.#cursor = (timestamp - FRAME_SAMPLES) >>> 0;
  }
}
