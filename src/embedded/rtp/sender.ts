/**
 * The outgoing half of an RTP stream: 20 ms frames of speech become packets of the duration that
 * the peer asked for, keys become telephone events, and both get their headers. Where the packets
 * go is the session's business.
 *
 * It allocates nothing per packet: packets live in a ring, which is larger than the greatest burst
 * that the pacer makes up for at once.
 * Source: RFC 3550 section 5.1, RFC 3551 section 4.2, RFC 4733 section 2.5.
 */

import { randomInt } from 'node:crypto';
import { DtmfSender } from './dtmf.js';
import { encodeG711, type G711Law } from './g711.js';
import { RTP_HEADER_BYTES, writeRtpHeader } from './packet.js';
import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from './pcm-source.js';

/** What was agreed with the peer. */
export interface SendFormat {
  readonly law: G711Law;
  /** -1 when events were not agreed. */
  readonly dtmfPayloadType: number;
  /** One of PACKET_DURATIONS_MS. */
  readonly packetMs: number;
}

/** Durations of a packet that can be sent. */
export const PACKET_DURATIONS_MS: readonly number[] = [10, 20, 30, 40, 60];

const PACKET_SAMPLES_MAX = 480;
const PACKET_RING = 32; // ten ticks of 10 ms packets, and some to spare

/** See the head of this file. */
export class RtpSender {
  readonly #packets = Array.from({ length: PACKET_RING }, () =>
    Buffer.alloc(RTP_HEADER_BYTES + PACKET_SAMPLES_MAX),
  );
  readonly #keys = new DtmfSender(FRAME_SAMPLES);
  readonly #header = {
    payloadType: 0,
    isMarked: true,
    sequence: randomInt(65536),
    timestamp: 0,
    ssrc: randomInt(2 ** 32),
  };
  /** Coded speech that does not fill a packet yet, and the time of its first sample. */
  readonly #pending = new Uint8Array(PACKET_SAMPLES_MAX + FRAME_SAMPLES);
  #pendingBytes = 0;
  #pendingSince = 0;
  #now = randomInt(2 ** 32);
  #packetIndex = 0;

  /** @param transmit sends the first `length` bytes; the memory is used again later */
  constructor(private readonly transmit: (packet: Buffer, length: number) => void) {}

  /** Begins a 20 ms tick. */
  tick(): void {
    this.#now = (this.#now + FRAME_SAMPLES) >>> 0;
  }

  /** Nothing is sent in this tick: what comes next begins a talk spurt. */
  pause(): void {
    this.#header.isMarked = true;
    this.#pendingBytes = 0;
  }

  /** Queues keys; see DtmfSender. */
  enqueueKeys(digits: string, durationMs: number): void {
    this.#keys.enqueue(digits, durationMs);
  }

  /** @returns true when this tick belongs to telephone events */
  writeKey({ dtmfPayloadType }: SendFormat): boolean {
    if (!this.#keys.isBusy || dtmfPayloadType < 0) return false;
    const event = this.#keys.tick();
    if (!event) return true;
    const packet = this.#nextPacket();
    packet.set(event.payload, RTP_HEADER_BYTES);
    this.#header.isMarked = event.isFirst;
    const startedAt = (this.#now - event.startedTicksAgo * FRAME_SAMPLES) >>> 0;
    this.#send(packet, event.payload.length, dtmfPayloadType, startedAt);
    this.pause();
    return true;
  }

  /** Sends a frame of 160 samples, or keeps it until its packet is full. */
  writeSpeech(frame: Int16Array, { law, packetMs }: SendFormat): void {
    if (this.#pendingBytes === 0) this.#pendingSince = this.#now;
    encodeG711(law, frame, this.#pending, this.#pendingBytes);
    this.#pendingBytes += FRAME_SAMPLES;
    const size = Math.min(PACKET_SAMPLES_MAX, (packetMs * SAMPLE_RATE_HZ) / 1000);
    let start = 0;
    for (; this.#pendingBytes - start >= size; start += size) {
      const packet = this.#nextPacket();
      packet.set(this.#pending.subarray(start, start + size), RTP_HEADER_BYTES);
      this.#send(packet, size, law.payloadType, this.#pendingSince);
      this.#pendingSince = (this.#pendingSince + size) >>> 0;
    }
    if (start < this.#pendingBytes) this.#pending.copyWithin(0, start, this.#pendingBytes);
    this.#pendingBytes -= start;
  }

  #nextPacket(): Buffer {
    this.#packetIndex = (this.#packetIndex + 1) % PACKET_RING;
    return this.#packets[this.#packetIndex] ?? Buffer.alloc(RTP_HEADER_BYTES + PACKET_SAMPLES_MAX);
  }

  #send(packet: Buffer, payloadBytes: number, payloadType: number, timestamp: number): void {
    this.#header.payloadType = payloadType;
    this.#header.timestamp = timestamp;
    this.#header.sequence = (this.#header.sequence + 1) & 0xffff;
    writeRtpHeader(packet, this.#header);
    this.#header.isMarked = false;
    this.transmit(packet, RTP_HEADER_BYTES + payloadBytes);
  }
}
