/**
 * One two-way RTP stream: G.711, telephone events, counters. It plays sources, one on top of
 * another, sends silence when there is nothing to play (sender.ts), and hands the received speech
 * out one frame per 20 ms, without holes in time and whatever the duration of the peer's packets
 * (jitter-buffer.ts).
 *
 * Packets count only when they are valid RTP, of an agreed payload type, from the peer
 * (source-latch.ts). Comfort noise counts as a packet and says nothing. There is no RTCP, no SRTP
 * and no loss concealment.
 * Source: RFC 3550, RFC 3551, RFC 4733; RFC 3389 for comfort noise.
 */

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Gates } from '../gates.js';
import { DtmfReceiver, type DtmfDigit } from './dtmf.js';
import { decodeG711, findLaw, type G711Law } from './g711.js';
import { JitterBuffer } from './jitter-buffer.js';
import { parseRtp } from './packet.js';
import { FRAME_MS, sharedPacer, type Paced, type Pacer } from './pacer.js';
import { FRAME_SAMPLES, type PcmSource } from './pcm-source.js';
import { bindRtpPort, type PortRange } from './rtp-port.js';
import { PACKET_DURATIONS_MS, RtpSender, type SendFormat } from './sender.js';
import { SourceLatch } from './source-latch.js';

/** How a session is made. */
export interface RtpSessionOptions {
  /** Address to bind, which is also the one to announce in SDP. */
  readonly host: string;
  /** Even ports to choose from, inclusive; 40000 to 59998 when left out. */
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
  readonly isCover: boolean;
  positionSamples: number;
}

/** Comfort noise. Source: RFC 3551 table 4. */
const NOISE_PAYLOAD_TYPE = 13;
const PLAY_DEPTH_MAX = 32;
const SWITCHES_PER_TICK_MAX = 8;
const PACKETS_PER_TICK_MAX = 50; // a second's worth: whoever sends more gets no more of our time
const DATAGRAM_BYTES_MAX = 2048;
const DTMF_MS = 100;
const PAYLOAD_SAMPLES_MAX = 1600;

/** See the head of this file. `open` first, `close` in the end. */
export class RtpSession implements Paced {
  /** Received speech: 160 samples, valid during the call only; -1 throughout where RTP is missing. */
  onFrame: ((pcm: Int16Array, rtpTimestamp: number) => void) | undefined;
  /** Speech to the peer, 160 samples, whether or not it is sent: silence while nothing plays. */
  onSpoken: ((pcm: Int16Array) => void) | undefined;
  /** A key press of the peer, at its end. */
  onDtmf: ((digit: string, durationSamples: number) => void) | undefined;
  /** Called once, by `close`. */
  onClosed: (() => void) | undefined;
  /** False stops sending without disturbing what is played (the peer asked to be put on hold). */
  isSending = true;
  /** Events are taken under this payload type, too: the one of our own description. */
  offeredDtmfPayloadType: number | undefined;

  readonly #options: RtpSessionOptions;
  readonly #pacer: Pacer;
  readonly #jitter = new JitterBuffer();
  readonly #dtmfIn = new DtmfReceiver();
  readonly #latch = new SourceLatch();
  readonly #sender = new RtpSender((packet, length) => this.#send(packet, length));
  readonly #playing: Playing[] = [];
  readonly #inFrame = new Int16Array(FRAME_SAMPLES);
  readonly #outFrame = new Int16Array(FRAME_SAMPLES);
  readonly #decoded = new Int16Array(PAYLOAD_SAMPLES_MAX);
  #socket: Socket | undefined;
  #format: SendFormat | undefined;
  #lastSequence: number | undefined;
  #lastSsrc: number | undefined;
  #packetsThisTick = 0;
  #counters = { sent: 0, received: 0, lost: 0, ignored: 0 };

  constructor(options: RtpSessionOptions) {
    this.#options = options;
    this.#pacer = options.pacer ?? sharedPacer;
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
   * @param packetMs duration of the packets to send, one of PACKET_DURATIONS_MS, else 20
   */
  remote(
    host: string,
    port: number,
    payloadType: number,
    dtmfPayloadType?: number,
    packetMs?: number,
  ): void {
    const law = findLaw(payloadType);
    const isSelf = host === this.#options.host && port === this.port;
    const isSilent = port === 0 || host === '0.0.0.0' || isSelf || !law;
    this.#latch.announce(isSilent ? undefined : { host, port });
    this.#format = law && toFormat(law, dtmfPayloadType, packetMs);
    this.#sender.pause();
  }

  /**
   * Plays a source on top of what is playing; that goes on when this one has ended.
   * `onDone` may start the next source: no sample is lost in between.
   * @param isCover on top of what begins later, too, unless that is a cover
   */
  play(source: PcmSource, onDone?: PlayDone, isCover = false): PlayHandle {
    const playing: Playing = { source, onDone, isCover, positionSamples: 0 };
    if (this.#playing.length >= PLAY_DEPTH_MAX) onDone?.(0, true);
    else this.#playing.splice(this.#depthOf(playing), 0, playing);
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
    this.#sender.enqueueKeys(digits, durationMs);
  }

  /** Ends what is playing, leaves the pacer and frees the port. May be called twice. */
  close(): void {
    this.stopPlaying();
    this.#pacer.delete(this);
    this.#socket?.close();
    this.#socket = undefined;
    this.onFrame = undefined;
    this.onSpoken = undefined;
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
      remoteChanges: this.#latch.changes,
    };
  }

  /** Called by the pacer. */
  readTick(): void {
    this.#packetsThisTick = 0;
    this.#latch.tick();
    this.#reportDtmf(this.#dtmfIn.tick());
    const timestamp = this.#jitter.readFrame(this.#inFrame);
    this.onFrame?.(this.#inFrame, timestamp);
  }

  /** Called by the pacer. */
  writeTick(): void {
    const format = this.#latch.target ? this.#format : undefined;
    this.#sender.tick();
    if (format && this.#sender.writeKey(format)) {
      this.onSpoken?.(this.#outFrame.fill(0));
      return;
    }
    this.#fillOutFrame();
    this.onSpoken?.(this.#outFrame);
    if (format && this.isSending) this.#sender.writeSpeech(this.#outFrame, format);
    else this.#sender.pause();
  }

  #depthOf({ isCover }: Playing): number {
    const cover = isCover ? -1 : this.#playing.findIndex((other) => other.isCover);
    return cover < 0 ? this.#playing.length : cover;
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

  #send(packet: Buffer, length: number): void {
    const target = this.#latch.target;
    if (!target || !this.#socket) return;
    this.#counters.sent++;
    const { host, port } = target;
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
    const packet = bytes.length <= DATAGRAM_BYTES_MAX ? parseRtp(bytes) : undefined;
    const kind = packet && this.#kindOf(packet.payloadType);
    const isFromPeer = packet && kind && this.#latch.accept(from.address, from.port);
    // Strangers do not count: however much they send, the peer is heard.
    if (!isFromPeer || ++this.#packetsThisTick > PACKETS_PER_TICK_MAX) {
      this.#counters.ignored++;
      return;
    }
    this.#countLoss(packet.sequence, packet.ssrc);
    if (kind === 'noise') return;
    if (kind === 'event') {
      return this.#reportDtmf(this.#dtmfIn.accept(packet.payload, packet.timestamp));
    }
    const count = decodeG711(kind, packet.payload, this.#decoded);
    this.#jitter.write(this.#decoded.subarray(0, count), packet.timestamp);
  }

  /** @returns undefined for what was never agreed */
  #kindOf(payloadType: number): G711Law | 'event' | 'noise' | undefined {
    const law = findLaw(payloadType);
    if (law) return law;
    if (payloadType === NOISE_PAYLOAD_TYPE) return 'noise';
    const isEvent =
      payloadType === this.#format?.dtmfPayloadType || payloadType === this.offeredDtmfPayloadType;
    return isEvent ? 'event' : undefined;
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

function toFormat(law: G711Law, dtmfPayloadType = -1, packetMs = FRAME_MS): SendFormat {
  const isPossible = PACKET_DURATIONS_MS.includes(packetMs);
  return { law, dtmfPayloadType, packetMs: isPossible ? packetMs : FRAME_MS };
}
