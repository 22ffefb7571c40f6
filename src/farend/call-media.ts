/**
 * The sound of one call: an RTP port, what was agreed about it, and the recording of what comes in.
 * Knows SDP, not SIP.
 */
import type { Gates } from '../embedded/gates.js';
import { playSamples } from '../embedded/rtp/pcm-source.js';
import { RtpSession } from '../embedded/rtp/session.js';
import { Recorder } from './recorder.js';
import { readSdp, writeAnswer, writeOffer, type RemoteMedia } from './sdp.js';

export interface MediaCounts {
  readonly packets: number;
  readonly lostPackets: number;
  readonly latePackets: number;
  readonly maxGapMs: number;
}

export interface CallMediaOptions {
  readonly rtpHost: string;
  readonly rtpGates?: Gates;
  readonly recordMaxMs: number;
}

export interface CallMediaEvents {
  /** The first RTP packet with sound, digital silence included. */
  onFirstSound(): void;
  onDtmf(digit: string): void;
}

export class CallMedia {
  readonly recorder: Recorder;
  readonly #rtp: RtpSession;
  readonly #sessionId = Math.floor(Math.random() * 2 ** 31);
  #version = 0;
  #isClosed = false;

  constructor(options: CallMediaOptions, events: CallMediaEvents) {
    const { rtpHost: host, rtpGates: gates, recordMaxMs } = options;
    this.recorder = new Recorder(recordMaxMs);
    this.#rtp = new RtpSession({ host, gates });
    this.#rtp.onDtmf = (digit) => events.onDtmf(digit);
    this.#rtp.onFrame = (pcm, timestamp) => {
      const isFirst = !this.recorder.hasBegun;
      this.recorder.write(pcm, timestamp);
      if (isFirst && this.recorder.hasBegun) events.onFirstSound();
    };
  }

  /** @throws Error when no port is free */
  async open(): Promise<void> {
    await this.#rtp.open();
    if (this.#isClosed) this.#rtp.close();
  }

  /**
   * Answers an offer and begins to send; without one, makes an offer of its own.
   * @returns the SDP to send; undefined when there is nothing in common
   */
  describe(offer: string): string | undefined {
    this.#version++;
    const { host, port } = this.#rtp;
    const local = { host, port, sessionId: this.#sessionId, version: this.#version };
    if (offer === '') return writeOffer(local);
    const remote = readSdp(offer);
    if (!remote) return undefined;
    this.#follow(remote);
    return writeAnswer(local, remote);
  }

  /** The answer to our own offer. @returns false when it cannot be used */
  acceptAnswer(answer: string): boolean {
    const remote = readSdp(answer);
    if (remote) this.#follow(remote);
    return remote !== undefined;
  }

  /** Settles when it has been said, or when the call is over. */
  say(pcm: Int16Array): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#rtp.play(playSamples(pcm), () => resolve()));
  }

  press(keys: string): void {
    if (!this.#isClosed) this.#rtp.sendDtmf(keys);
  }

  /** What was counted; still right after `close`. */
  counts(): MediaCounts {
    const { packetsReceived, packetsLost, latePackets } = this.#rtp.stats();
    return {
      packets: packetsReceived,
      lostPackets: packetsLost,
      latePackets,
      maxGapMs: this.recorder.maxGapMs,
    };
  }

  /** May be called twice. */
  close(): void {
    this.#isClosed = true;
    this.#rtp.close();
  }

  #follow({ host, port, laws, dtmfPayloadType, direction }: RemoteMedia): void {
    this.#rtp.remote(host, port, laws[0] ?? 0, dtmfPayloadType);
    this.#rtp.isSending = direction === 'sendrecv' || direction === 'recvonly';
  }
}
