/**
 * Keys pressed on a telephone, as RTP events: reading them from packets and writing them into
 * packets. One object per direction and session; no timers of their own, the session's tick
 * drives them.
 *
 * It does not listen for in-band tones.
 * Source: RFC 4733 sections 2.3 (payload) and 2.5 (procedures).
 */

const KEYS = '0123456789*#ABCD';
const END_BIT = 0x80;
const VOLUME_DBM0 = 10; // sent as -10 dBm0, a usual level
const END_COPIES = 3; // RFC 4733 section 2.5.1.4: the final packet is sent three times
const STALE_AFTER_TICKS = 10; // all copies of the end lost: the event is over anyway
const PAYLOAD_BYTES = 4;

/** One key press, complete. */
export interface DtmfDigit {
  /** One of 0-9, *, #, A-D. */
  readonly digit: string;
  /** How long it was held, in samples of 8 kHz. */
  readonly durationSamples: number;
}

/** Gathers the packets of each event and reports every press exactly once, at its end. */
export class DtmfReceiver {
  #timestamp: number | undefined;
  #digit = '';
  #durationSamples = 0;
  #isReported = true;
  #ticksSincePacket = 0;

  /**
   * @param payload the RTP payload (at least 4 bytes, else ignored)
   * @param timestamp RTP timestamp, the same for all packets of one press
   * @returns a press that has ended with this packet
   */
  accept(payload: Uint8Array, timestamp: number): DtmfDigit | undefined {
    if (payload.length < PAYLOAD_BYTES) return undefined;
    const [event = 0, flags = 0, high = 0, low = 0] = payload;
    const digit = KEYS[event];
    if (digit === undefined) return undefined;
    const previous = timestamp === this.#timestamp ? undefined : this.#report();
    if (timestamp !== this.#timestamp) {
      this.#timestamp = timestamp;
      this.#digit = digit;
      this.#durationSamples = 0;
      this.#isReported = false;
    }
    this.#ticksSincePacket = 0;
    this.#durationSamples = Math.max(this.#durationSamples, high * 256 + low);
    // The end of a former press is reported before the new one can end: a press takes > 1 packet.
    return previous ?? (flags & END_BIT ? this.#report() : undefined);
  }

  /** To be called every 20 ms; reports a press whose end was lost. */
  tick(): DtmfDigit | undefined {
    if (this.#isReported || ++this.#ticksSincePacket < STALE_AFTER_TICKS) return undefined;
    return this.#report();
  }

  #report(): DtmfDigit | undefined {
    if (this.#isReported) return undefined;
    this.#isReported = true;
    return { digit: this.#digit, durationSamples: this.#durationSamples };
  }
}

/** What one tick sends. */
export interface DtmfPacket {
  readonly payload: Uint8Array;
  /** First packet of a press: the RTP marker bit is set. */
  readonly isFirst: boolean;
  /** Ticks since the press began: the RTP timestamp stays at its beginning. */
  readonly startedTicksAgo: number;
}

/** Sends queued digits, one packet per tick, with a pause after each. */
export class DtmfSender {
  readonly #samplesPerTick: number;
  readonly #queue: { event: number; ticks: number }[] = [];
  readonly #payload = new Uint8Array(PAYLOAD_BYTES);
  readonly #packet = { payload: this.#payload, isFirst: false, startedTicksAgo: 0 };
  #ticksDone = 0;
  #pauseTicks = 0;

  /** @param samplesPerTick length of one tick in samples, 160 for 20 ms */
  constructor(samplesPerTick: number) {
    this.#samplesPerTick = samplesPerTick;
  }

  /** True while a digit is being sent or waits: speech pauses meanwhile. */
  get isBusy(): boolean {
    return this.#queue.length > 0;
  }

  /**
   * Queues digits; characters that are no key are left out.
   * @param durationMs how long each is held, 40 to 8000 (the payload counts to 65535 samples)
   */
  enqueue(digits: string, durationMs: number): void {
    const ticks = Math.round(Math.min(8000, Math.max(40, durationMs)) / 20);
    for (const digit of digits.toUpperCase().slice(0, 64)) {
      const event = KEYS.indexOf(digit);
      if (event >= 0) this.#queue.push({ event, ticks });
    }
  }

  /** @returns the packet of this tick, valid until the next call; undefined in a pause */
  tick(): DtmfPacket | undefined {
    if (this.#pauseTicks > 0) {
      this.#pauseTicks--;
      return undefined;
    }
    const current = this.#queue[0];
    if (!current) return undefined;
    const isEnd = this.#ticksDone >= current.ticks - 1;
    const samples = Math.min(this.#ticksDone + 1, current.ticks) * this.#samplesPerTick;
    this.#payload[0] = current.event;
    this.#payload[1] = (isEnd ? END_BIT : 0) | VOLUME_DBM0;
    this.#payload[2] = samples >> 8;
    this.#payload[3] = samples & 0xff;
    this.#packet.isFirst = this.#ticksDone === 0;
    this.#packet.startedTicksAgo = this.#ticksDone;
    this.#ticksDone++;
    if (this.#ticksDone >= current.ticks - 1 + END_COPIES) this.#next();
    return this.#packet;
  }

  #next(): void {
    this.#queue.shift();
    this.#ticksDone = 0;
    this.#pauseTicks = 2;
  }
}
