/**
 * The far side's ear and mouth: a UDP socket that keeps every RTP packet of G.711 with its arrival time
 * and sends it, mu-law unless asked otherwise. Written apart from the product's own RTP code, so that neither hides the
 * other's faults.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { alaw, mulaw } from 'alawmulaw';
import type { SrtpStream } from './srtp.js';

export const SAMPLES_PER_FRAME = 160;
const FRAME_MS = 20;
const HEADER_BYTES = 12;

export type Law = 'PCMU' | 'PCMA';
/** Packets of a stretch that have to be the tone, and how much of each: a late one may leave a hole. */
const PACKETS_OF_TONE = 0.8;
const OF_TONE_SHARE = 0.8;
/** Root mean square from which a packet counts as sound. */
const AUDIBLE = 0.02;
const QUIET_MS = 400;
const POLL_MS = 50;
const POLLS_MAX = 300;
/** RFC 3551, by payload type. */
const LAWS: Readonly<Record<number, Law>> = { 0: 'PCMU', 8: 'PCMA' };

export interface HeardPacket {
  /** performance.now() at arrival. */
  readonly atMs: number;
  readonly sequence: number;
  readonly law: Law;
  readonly samples: Int16Array;
}

export class FarRtp {
  readonly packets: HeardPacket[] = [];
  /** Reads what comes, and writes what goes, when the call has SRTP. */
  srtp: { readonly inward: SrtpStream; readonly outward: SrtpStream } | undefined;
  #sendTimer: NodeJS.Timeout | undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('message', (received) => {
      const packet = this.srtp ? this.srtp.inward.unprotect(received) : received;
      if (!packet) return;
      const law = LAWS[packet[1]! & 0x7f];
      if (packet.length <= HEADER_BYTES || law === undefined) return;
      const payload = new Uint8Array(packet.subarray(HEADER_BYTES));
      this.packets.push({
        atMs: performance.now(),
        sequence: packet.readUInt16BE(2),
        law,
        samples: law === 'PCMA' ? alaw.decode(payload) : mulaw.decode(payload),
      });
    });
  }

  static async open(): Promise<FarRtp> {
    const socket = createSocket('udp4').unref();
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new FarRtp(socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  get sdp(): string {
    return [
      'v=0',
      'o=far 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${this.port} RTP/AVP 0 101`,
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      '',
    ].join('\r\n');
  }

  /** Sends a tone until `stopSending`, to where the media line of an offer says. */
  sendTone(toSdp: string, toneHz: number, amplitude = 0.5, law: Law = 'PCMU'): void {
    this.stopSending();
    const host = /^c=IN IP4 (\S+)/m.exec(toSdp)?.[1] ?? '127.0.0.1';
    const port = Number(/^m=audio (\d+)/m.exec(toSdp)?.[1]);
    const startedAtMs = performance.now();
    let frame = 0;
    const sendDue = (): void => {
      while (startedAtMs + frame * FRAME_MS <= performance.now()) {
        const packet = rtpFrame(frame, toneHz, amplitude, law);
        this.socket.send(this.srtp?.outward.protect(packet) ?? packet, port, host);
        frame += 1;
      }
    };
    this.#sendTimer = setInterval(sendDue, FRAME_MS / 2).unref();
  }

  /**
   * Presses a key: RFC 4733 events of 20 ms each, the last one three times; payload type 101.
   * @returns when the first of those three left (performance.now)
   */
  async pressKey(toSdp: string, digit: string, durationMs: number): Promise<number> {
    const host = /^c=IN IP4 (\S+)/m.exec(toSdp)?.[1] ?? '127.0.0.1';
    const port = Number(/^m=audio (\d+)/m.exec(toSdp)?.[1]);
    const count = durationMs / FRAME_MS;
    let endedAtMs = NaN;
    for (let n = 1; n <= count + 2; n++) {
      const isEnd = n >= count;
      const packet = Buffer.alloc(HEADER_BYTES + 4);
      packet.writeUInt8(0x80, 0);
      packet.writeUInt8(101 | (n === 1 ? 0x80 : 0), 1);
      packet.writeUInt16BE(0x4000 + n, 2);
      packet.writeUInt32BE(0x1000, 4);
      packet.writeUInt32BE(0x0fa5_1de5, 8);
      packet.writeUInt8('0123456789*#ABCD'.indexOf(digit), 12);
      packet.writeUInt8((isEnd ? 0x80 : 0) | 10, 13);
      packet.writeUInt16BE(Math.min(n, count) * SAMPLES_PER_FRAME, 14);
      if (n === count) endedAtMs = performance.now();
      this.socket.send(packet, port, host);
      await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
    }
    return endedAtMs;
  }

  stopSending(): void {
    clearInterval(this.#sendTimer);
  }

  /** All samples heard since `fromMs` (performance.now), in order of arrival. */
  heardSince(fromMs = 0): Int16Array {
    const parts = this.packets.filter(({ atMs }) => atMs >= fromMs).map(({ samples }) => samples);
    return concat(parts);
  }

  /** Packets with sound in them that arrived since `fromMs` (performance.now). */
  loud(fromMs = 0): readonly HeardPacket[] {
    return this.packets.filter(({ atMs, samples }) => atMs >= fromMs && level(samples) > AUDIBLE);
  }

  /**
   * Waits until a tone has been heard for so long, counted in packets.
   * @param fromMs what arrived before does not count (performance.now)
   * @returns when the last packet of it arrived, from which to wait for what follows it
   */
  async hears(
    toneHz: number,
    { fromMs = performance.now(), forMs = 400 }: { fromMs?: number; forMs?: number } = {},
  ): Promise<number> {
    const window = forMs / FRAME_MS;
    for (let poll = 0; poll < POLLS_MAX; poll += 1) {
      const packets = this.packets.filter(({ atMs }) => atMs >= fromMs);
      const isTone = packets.map(({ samples }) => toneShare(samples, toneHz) > OF_TONE_SHARE);
      const last = isTone.findIndex((isSo, n) => {
        const stretch = isTone.slice(Math.max(0, n + 1 - window), n + 1);
        return isSo && stretch.filter(Boolean).length >= PACKETS_OF_TONE * window;
      });
      const end = packets[last];
      if (end) return end.atMs;
      await sleep(POLL_MS);
    }
    throw new Error(`${toneHz} Hz were not heard`);
  }

  /** Waits until no sound has arrived for 400 ms. */
  async isQuiet(): Promise<void> {
    const fromMs = performance.now();
    for (let poll = 0; poll < POLLS_MAX; poll += 1) {
      const loudAtMs = this.loud(fromMs).at(-1)?.atMs ?? fromMs;
      if (performance.now() - loudAtMs >= QUIET_MS) return;
      await sleep(POLL_MS);
    }
    throw new Error('it does not become quiet');
  }

  close(): void {
    this.stopSending();
    this.socket.close();
  }
}

function rtpFrame(frame: number, toneHz: number, amplitude: number, law: Law): Buffer {
  const samples = tone(toneHz, SAMPLES_PER_FRAME, amplitude, frame * SAMPLES_PER_FRAME);
  const packet = Buffer.alloc(HEADER_BYTES + SAMPLES_PER_FRAME);
  packet.writeUInt8(0x80, 0);
  packet.writeUInt8(law === 'PCMA' ? 8 : 0, 1);
  packet.writeUInt16BE(frame & 0xffff, 2);
  packet.writeUInt32BE((frame * SAMPLES_PER_FRAME) >>> 0, 4);
  packet.writeUInt32BE(0x0fa5_1de5, 8);
  packet.set(law === 'PCMA' ? alaw.encode(samples) : mulaw.encode(samples), HEADER_BYTES);
  return packet;
}

export function concat(parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A sine of 8 kHz samples; `from` continues an earlier piece. */
export function tone(toneHz: number, count: number, amplitude = 0.5, from = 0): Int16Array {
  return Int16Array.from({ length: count }, (_, n) =>
    Math.round(32767 * amplitude * Math.sin((2 * Math.PI * toneHz * (from + n)) / 8000)),
  );
}

/** Root mean square, 0..1. */
export function level(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length) / 32768;
}

/** Share of the energy that lies at one frequency, 0..1 (Goertzel). */
export function toneShare(samples: Int16Array, toneHz: number): number {
  const k = 2 * Math.cos((2 * Math.PI * toneHz) / 8000);
  let s1 = 0;
  let s2 = 0;
  let energy = 0;
  for (const sample of samples) {
    const s0 = sample + k * s1 - s2;
    s2 = s1;
    s1 = s0;
    energy += sample * sample;
  }
  const power = s1 * s1 + s2 * s2 - k * s1 * s2;
  return energy === 0 ? 0 : Math.min(1, (2 * power) / (energy * samples.length));
}

/**
 * A tone is foretold by its two samples before: whatever differs is not the tone.
 * @returns of full scale. G.711 alone makes 0.06 of it; a jump of a quarter of full scale is 0.25 and more
 */
export function loudestClick(samples: Int16Array, toneHz: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * toneHz) / 8000);
  let loudest = 0;
  for (let n = 2; n < samples.length; n += 1) {
    const foretold = factor * samples[n - 1]! - samples[n - 2]!;
    loudest = Math.max(loudest, Math.abs(samples[n]! - foretold));
  }
  return loudest / 32_768;
}

/** A mono 8 kHz 16 bit WAV file. */
export function wav(samples: Int16Array): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}
