/**
 * Between the packets of an audio tap and the detector: decodes, recognises what stands for "no
 * audio", and lets time pass for the detector while no packet comes. Has no socket and no clock; both
 * are the caller's. What it is given came over a network, so it refuses everything of a wrong size
 * and more audio than time has passed.
 */
import type { AudioSink } from './call-recorder.js';
import type { PacketCounts } from './messages.js';

const SAMPLES_PER_MS = 8;
const BYTES_PER_SAMPLE = 2;
/** 20 ms are 320 bytes; the largest packet any tap sends is a few of them. */
const LARGEST_PACKET_BYTES = 4 * 320;
/** No packet for this long is a gap. ms */
const GAP_AFTER_MS = 100;
/** A gap is filled up to here, because the next packet may be on its way. ms */
const GAP_MARGIN_MS = 20;
/** Audio this far ahead of time is no phone call. ms */
const MOST_AHEAD_MS = 3000;

export class TapFeed {
  readonly #detector: AudioSink;
  readonly #samples = new Int16Array(LARGEST_PACKET_BYTES / BYTES_PER_SAMPLE);
  /** The part of `#samples` that one packet fills; packets of a call are of one size. */
  #frame = this.#samples;
  #accepted = 0;
  #refused = 0;
  /** Up to here time has been accounted for; -1 until the first packet or the answer. */
  #countedToMs = -1;
  #lastPacketMs = Number.NEGATIVE_INFINITY;
  /** How much more audio than time there has been, and as of when. */
  #aheadMs = 0;
  #aheadAtMs = 0;

  constructor(detector: AudioSink) {
    this.#detector = detector;
  }

  get packets(): PacketCounts {
    return { accepted: this.#accepted, refused: this.#refused };
  }

  /** Counts a packet that was turned away before it came here. */
  refuse(): void {
    this.#refused++;
  }

  /** From the answer on time passes even if no packet ever came. */
  answered(nowMs: number): void {
    if (this.#countedToMs < 0) this.#countedToMs = nowMs;
    this.#detector.answered();
  }

  /**
   * Takes one packet of the tap: 16-bit little-endian samples, 8 kHz, mono. All bytes 0xFF stand for
   * "no RTP came" (FreeSWITCH's unicast sends that for comfort noise and missing packets).
   * @param nowMs monotonic time of arrival
   */
  packet(bytes: Buffer, nowMs: number): void {
    const durationMs = bytes.length / (BYTES_PER_SAMPLE * SAMPLES_PER_MS);
    const isWellFormed =
      bytes.length > 0 &&
      bytes.length % BYTES_PER_SAMPLE === 0 &&
      bytes.length <= LARGEST_PACKET_BYTES;
    this.#passTime(nowMs);
    if (!isWellFormed || this.#aheadMs + durationMs > MOST_AHEAD_MS) {
      this.#refused++;
      return;
    }
    this.#aheadMs += durationMs;
    this.#accepted++;
    this.#lastPacketMs = this.#countedToMs = nowMs;
    if (isAllOnes(bytes)) this.#detector.gap(durationMs);
    else this.#detector.push(this.#decode(bytes));
  }

  /** Called every so often; fills in what did not come. */
  tick(nowMs: number): void {
    if (this.#countedToMs < 0 || nowMs - this.#lastPacketMs < GAP_AFTER_MS) return;
    const missingMs = nowMs - GAP_MARGIN_MS - this.#countedToMs;
    if (missingMs < GAP_AFTER_MS / 2) return;
    this.#countedToMs += missingMs;
    this.#detector.gap(missingMs);
  }

  /** Time that passes makes up for audio that came early. */
  #passTime(nowMs: number): void {
    this.#aheadMs = Math.max(0, this.#aheadMs - (nowMs - this.#aheadAtMs));
    this.#aheadAtMs = nowMs;
  }

  #decode(bytes: Buffer): Int16Array {
    const count = bytes.length / BYTES_PER_SAMPLE;
    for (let i = 0; i < count; i++) this.#samples[i] = bytes.readInt16LE(i * BYTES_PER_SAMPLE);
    if (this.#frame.length !== count) this.#frame = this.#samples.subarray(0, count);
    return this.#frame;
  }
}

function isAllOnes(bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0xff) return false;
  return true;
}
