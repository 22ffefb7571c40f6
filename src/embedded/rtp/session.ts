/**
 * One two-way RTP stream: G.711 in 20 ms packets, telephone events, counters. It plays sources,
 * one on top of another, sends silence when there is nothing to play, and hands the received
 * speech out one frame per tick, without holes in time (jitter-buffer.ts).
 *
 * Packets count only when they are valid RTP, of an agreed payload type, from the agreed address;
 * an unexpected sender is followed after ten packets in a row (a peer behind NAT), and only while
 * the agreed one is silent. There is no RTCP, no SRTP and no loss concealment.
 * Source: RFC 3550, RFC 3551, RFC 4733.
 */

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import type { Gates } from '../gates.js';
import { DtmfReceiver, DtmfSender, type DtmfDigit } from './dtmf.js';
import { decodeG711, encodeG711, findLaw, type G711Law } from './g711.js';
import { JitterBuffer } from './jitter-buffer.js';
import { parseRtp, RTP_HEADER_BYTES, writeRtpHeader } from './packet.js';
import { sharedPacer, type Paced, type Pacer } from './pacer.js';
import { FRAME_SAMPLES, type PcmSource } from './pcm-source.js';
import { bindRtpPort, type PortRange } from './rtp-port.js';

/** How a session is made. */
export interface RtpSessionOptions {
  /** Address to bind, which is also the one to announce in SDP. */
  readonly host: string;
  /** Even ports to choose from, inclusive; 20000 to 29998 when left out. */
  readonly portRange?: PortRange;
  readonly pacer?: Pacer;
  /** For tests. */
  readonly gates?: Gates | undefined;
}

/** Called once when a source has ended or was stopped. */
export type PlayDone = (positionSamples: number, wasBroken: boolean) => void;

/** Something being played, or waiting under what is played on top of it. */
export interface PlayHandle {
  /** Ends it now; `onDone` runs before this returns. Nothing happens when it is over already. */
  stop(): void;
}

/** Counters of one session. */
export interface RtpStats {
  readonly packetsSent: number;
  readonly packetsReceived: number;
  /** Gaps in the received sequence numbers. */
  readonly packetsLost: number;
  /** Not RTP, unknown payload type, or from a stranger. */
  readonly packetsIgnored: number;
  readonly gapFrames: number;
  readonly latePackets: number;
  readonly remoteChanges: number;
}

interface Playing {
  readonly source: PcmSource;
  readonly onDone: PlayDone | undefined;
  positionSamples: number;
}

interface Remote {
  host: string;
  port: number;
  readonly law: G711Law;
  readonly dtmfPayloadType: number;
}

const PACKET_RING = 16; // more than one catch-up burst: a queued packet is never overwritten
const PLAY_DEPTH_MAX = 32;
const SWITCHES_PER_TICK_MAX = 8;
const FOLLOW_AFTER_PACKETS = 10;
const PEER_SILENT_AFTER_TICKS = 10;
const PACKETS_PER_TICK_MAX = 50; // a second's worth: whoever sends more gets no more of our time
const DATAGRAM_BYTES_MAX = 2048;
const DTMF_MS = 100;
const PAYLOAD_SAMPLES_MAX = 1600;

/** See the head of this file. `open` first, `close` in the end. */
export class RtpSession implements Paced {
  /** Received speech: 160 samples, valid during the call only; -1 throughout where RTP is missing. */
  onFrame: ((pcm: Int16Array, rtpTimestamp: number) => void) | undefined;
  /** A key press of the peer, at its end. */
  onDtmf: ((digit: string, durationSamples: number) => void) | undefined;
  /** Called once, by `close`. */
  onClosed: (() => void) | undefined;
  /** False stops sending without disturbing what is played (the peer asked to be put on hold). */
  isSending = true;

  readonly #options: RtpSessionOptions;
  readonly #pacer: Pacer;
  readonly #jitter = new JitterBuffer();
  readonly #dtmfIn = new DtmfReceiver();
  readonly #dtmfOut = new DtmfSender(FRAME_SAMPLES);
  readonly #playing: Playing[] = [];
  readonly #inFrame = new Int16Array(FRAME_SAMPLES);
  readonly #outFrame = new Int16Array(FRAME_SAMPLES);
  readonly #decoded = new Int16Array(PAYLOAD_SAMPLES_MAX);
  readonly #packets: Buffer[] = [];
  readonly #header = {
    payloadType: 0,
    isMarked: true,
    sequence: randomInt(65536),
    timestamp: randomInt(2 ** 32),
    ssrc: randomInt(2 ** 32),
  };
  #packetIndex = 0;
  #socket: Socket | undefined;
  #remote: Remote | undefined;
  #lastSequence: number | undefined;
  #lastSsrc: number | undefined;
  #strangerPackets = 0;
  #stranger = '';
  #ticksSincePeer = Infinity;
  #packetsThisTick = 0;
  #counters = { sent: 0, received: 0, lost: 0, ignored: 0, remoteChanges: 0 };

  constructor(options: RtpSessionOptions) {
    this.#options = options;
    this.#pacer = options.pacer ?? sharedPacer;
    for (let i = 0; i < PACKET_RING; i++) {
      this.#packets.push(Buffer.alloc(RTP_HEADER_BYTES + FRAME_SAMPLES));
    }
  }

  get host(): string {
    return this.#options.host;
  }

  /** The bound port; 0 before `open` and after `close`. */
  get port(): number {
    return this.#socket?.address().port ?? 0;
  }

  get isPlaying(): boolean {
    return this.#playing.length > 0;
  }

  /**
   * Binds a port and joins the pacer.
   * @throws Error when no port of the range is free
   */
  async open(): Promise<void> {
    const socket = await bindRtpPort(
      // A numeric address needs no look-up; the default one would delay every packet by a tick.
      () => createSocket({ type: 'udp4', lookup: (host, _o, done) => done(null, host, 4) }),
      this.#options.host,
      this.#options.portRange,
    );
    socket.on('error', () => this.#counters.ignored++); // ICMP errors of a peer that has gone
    socket.on('message', (bytes, from) => {
      const gate = this.#options.gates?.inward;
      if (gate)
        gate(
          () => this.#describe(bytes),
          () => this.#receive(bytes, from),
        );
      else this.#receive(bytes, from);
    });
    this.#socket = socket;
    this.#pacer.add(this);
  }

  /**
   * Says where to send and what the peer may send; may be called again at any time.
   * @param payloadType 0 or 8, others stop sending; both laws are understood when received
   * @param dtmfPayloadType 96 to 127, or undefined when events were not agreed
   */
  remote(host: string, port: number, payloadType: number, dtmfPayloadType?: number): void {
    const law = findLaw(payloadType);
    const isSelf = host === this.#options.host && port === this.port;
    const isSilent = port === 0 || host === '0.0.0.0' || isSelf;
    this.#remote =
      law && !isSilent ? { host, port, law, dtmfPayloadType: dtmfPayloadType ?? -1 } : undefined;
    this.#header.isMarked = true;
    this.#strangerPackets = 0;
    this.#ticksSincePeer = Infinity;
  }

  /**
   * Plays a source on top of what is playing; that goes on when this one has ended.
   * `onDone` may start the next source: no sample is lost in between.
   */
  play(source: PcmSource, onDone?: PlayDone): PlayHandle {
    const playing: Playing = { source, onDone, positionSamples: 0 };
    if (this.#playing.length >= PLAY_DEPTH_MAX) onDone?.(0, true);
    else this.#playing.push(playing);
    return {
      stop: () => {
        const index = this.#playing.indexOf(playing);
        if (index < 0) return;
        this.#playing.splice(index, 1);
        onDone?.(playing.positionSamples, true);
      },
    };
  }

  /** Ends all that is playing, the topmost first. */
  stopPlaying(): void {
    // A snapshot, so that what an onDone starts is not stopped as well.
    const stopped = this.#playing.splice(0).reverse();
    for (const { onDone, positionSamples } of stopped) onDone?.(positionSamples, true);
  }

  /**
   * Sends keys as telephone events; speech pauses meanwhile.
   * @param digits 0-9 * # A-D, others are left out; at most 64
   * @param durationMs of each key, 40 to 8000
   */
  sendDtmf(digits: string, durationMs = DTMF_MS): void {
    this.#dtmfOut.enqueue(digits, durationMs);
  }

  /** Ends what is playing, leaves the pacer and frees the port. May be called twice. */
  close(): void {
    this.stopPlaying();
    this.#pacer.delete(this);
    this.#socket?.close();
    this.#socket = undefined;
    this.onFrame = undefined;
    this.onDtmf = undefined;
    const onClosed = this.onClosed;
    this.onClosed = undefined;
    onClosed?.();
  }

  stats(): RtpStats {
    const { gapFrames, latePackets } = this.#jitter.stats();
    return {
      packetsSent: this.#counters.sent,
      packetsReceived: this.#counters.received,
      packetsLost: this.#counters.lost,
      packetsIgnored: this.#counters.ignored,
      gapFrames,
      latePackets,
      remoteChanges: this.#counters.remoteChanges,
    };
  }

  /** Called by the pacer. */
  readTick(): void {
    this.#packetsThisTick = 0;
    this.#ticksSincePeer++;
    this.#reportDtmf(this.#dtmfIn.tick());
    const timestamp = this.#jitter.readFrame(this.#inFrame);
    this.onFrame?.(this.#inFrame, timestamp);
  }

  /** Called by the pacer. */
  writeTick(): void {
    this.#header.timestamp = (this.#header.timestamp + FRAME_SAMPLES) >>> 0;
    if (this.#dtmfOut.isBusy && this.#writeDtmf()) return;
    this.#fillOutFrame();
    const remote = this.#remote;
    if (!remote || !this.isSending) {
      this.#header.isMarked = true;
      return;
    }
    const packet = this.#nextPacket();
    encodeG711(remote.law, this.#outFrame, packet, RTP_HEADER_BYTES);
    this.#header.payloadType = remote.law.payloadType;
    this.#send(packet, packet.length);
  }

  /** @returns true when this tick belongs to telephone events */
  #writeDtmf(): boolean {
    const remote = this.#remote;
    if (!remote || remote.dtmfPayloadType < 0) return false;
    const event = this.#dtmfOut.tick();
    if (!event) return true;
    const now = this.#header.timestamp;
    const packet = this.#nextPacket();
    packet.set(event.payload, RTP_HEADER_BYTES);
    this.#header.payloadType = remote.dtmfPayloadType;
    this.#header.isMarked = event.isFirst;
    this.#header.timestamp = (now - event.startedTicksAgo * FRAME_SAMPLES) >>> 0;
    this.#send(packet, RTP_HEADER_BYTES + event.payload.length);
    this.#header.timestamp = now;
    this.#header.isMarked = true; // the next speech packet begins a talk spurt
    return true;
  }

  #fillOutFrame(): void {
    let filled = 0;
    for (let switches = 0; filled < FRAME_SAMPLES && switches < SWITCHES_PER_TICK_MAX;) {
      const top = this.#playing[this.#playing.length - 1];
      if (!top) break;
      const room = filled === 0 ? this.#outFrame : this.#outFrame.subarray(filled);
      const count = top.source.read(room);
      top.positionSamples += count;
      filled += count;
      if (count > 0) continue;
      this.#playing.splice(this.#playing.indexOf(top), 1);
      switches++;
      top.onDone?.(top.positionSamples, false);
    }
    this.#outFrame.fill(0, filled);
  }

  #nextPacket(): Buffer {
    this.#packetIndex = (this.#packetIndex + 1) % PACKET_RING;
    return this.#packets[this.#packetIndex] ?? Buffer.alloc(RTP_HEADER_BYTES + FRAME_SAMPLES);
  }

  #send(packet: Buffer, length: number): void {
    const remote = this.#remote;
    if (!remote || !this.#socket) return;
    this.#header.sequence = (this.#header.sequence + 1) & 0xffff;
    writeRtpHeader(packet, this.#header);
    this.#header.isMarked = false;
    this.#counters.sent++;
    const { host, port } = remote;
    const gate = this.#options.gates?.outward;
    if (!gate) return this.#socket.send(packet, 0, length, port, host);
    const copy = Buffer.from(packet.subarray(0, length)); // the packet's memory is used again
    gate(
      () => this.#describe(copy),
      () => this.#socket?.send(copy, port, host),
    );
  }

  #describe(bytes: Buffer): string {
    const packet = parseRtp(bytes);
    if (!packet) return `rtp port=${this.port} invalid`;
    return `rtp port=${this.port} pt=${packet.payloadType} seq=${packet.sequence}`;
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    const isReadable =
      bytes.length <= DATAGRAM_BYTES_MAX && ++this.#packetsThisTick <= PACKETS_PER_TICK_MAX;
    const packet = isReadable ? parseRtp(bytes) : undefined;
    if (!packet || !this.#isFromPeer(from)) {
      this.#counters.ignored++;
      return;
    }
    this.#countLoss(packet.sequence, packet.ssrc);
    if (packet.payloadType === this.#remote?.dtmfPayloadType) {
      this.#reportDtmf(this.#dtmfIn.accept(packet.payload, packet.timestamp));
      return;
    }
    const law = findLaw(packet.payloadType);
    if (!law) {
      this.#counters.ignored++; // comfort noise (13) and what was never agreed
      return;
    }
    const count = decodeG711(law, packet.payload, this.#decoded);
    this.#jitter.write(this.#decoded.subarray(0, count), packet.timestamp);
  }

  #isFromPeer(from: RemoteInfo): boolean {
    const remote = this.#remote;
    if (!remote) return false;
    if (from.address === remote.host && from.port === remote.port) {
      this.#strangerPackets = 0;
      this.#ticksSincePeer = 0;
      return true;
    }
    const stranger = `${from.address}:${from.port}`;
    this.#strangerPackets = stranger === this.#stranger ? this.#strangerPackets + 1 : 1;
    this.#stranger = stranger;
    const isPeerSilent = this.#ticksSincePeer >= PEER_SILENT_AFTER_TICKS;
    if (!isPeerSilent || this.#strangerPackets < FOLLOW_AFTER_PACKETS) return false;
    remote.host = from.address;
    remote.port = from.port;
    this.#strangerPackets = 0;
    this.#counters.remoteChanges++;
    return true;
  }

  #countLoss(sequence: number, ssrc: number): void {
    this.#counters.received++;
    if (ssrc !== this.#lastSsrc) {
      this.#lastSsrc = ssrc;
      this.#lastSequence = undefined;
      this.#jitter.reset();
    }
    const last = this.#lastSequence ?? sequence - 1;
    const ahead = (sequence - last) & 0xffff;
    if (ahead === 0 || ahead >= 0x8000) return; // a duplicate, or older than the newest
    this.#counters.lost += ahead - 1;
    this.#lastSequence = sequence;
  }

  #reportDtmf(digit: DtmfDigit | undefined): void {
    if (digit) this.onDtmf?.(digit.digit, digit.durationSamples);
  }
}
