/**
 * Symmetric RTP: where a peer's packets may come from, and so where ours go. The address in its
 * session description counts until packets come from elsewhere: ten in a row, while the described
 * address is silent, and we follow (a peer behind NAT). After that, or after ten packets from the
 * described address, the place is fixed until the next description: nobody takes a call over by
 * sending packets to its port.
 * Source: RFC 4961; the ten packets are FreeSWITCH's (switch_rtp.c, auto-adjust).
 */

const LATCH_AFTER_PACKETS = 10;
const SILENT_AFTER_TICKS = 10;

/** An address of packets. */
export interface MediaAddress {
  readonly host: string;
  readonly port: number;
}

/** See the head of this file. */
export class SourceLatch {
  #announced: MediaAddress | undefined;
  #target: MediaAddress | undefined;
  #isFixed = false;
  #packets = 0;
  #stranger: MediaAddress | undefined;
  #strangerPackets = 0;
  #ticksSincePeer = Infinity;
  #changes = 0;

  /** Where to send; undefined when nothing was announced. */
  get target(): MediaAddress | undefined {
    return this.#target;
  }

  /** How often a peer was followed. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Takes the address of a session description. One that repeats the address keeps the place
   * found meanwhile, but lets the peer move once more.
   */
  announce(address: MediaAddress | undefined): void {
    if (!address || !isSame(address, this.#announced)) this.#target = address;
    this.#announced = address;
    this.#isFixed = false;
    this.#packets = 0;
    this.#strangerPackets = 0;
    this.#ticksSincePeer = Infinity;
  }

  /** To be called every 20 ms. */
  tick(): void {
    this.#ticksSincePeer++;
  }

  /**
   * Takes a packet that is valid RTP of an agreed payload type.
   * @returns true when it comes from the peer
   */
  accept(host: string, port: number): boolean {
    const target = this.#target;
    if (!target) return false;
    const isPeer = target.host === host && target.port === port;
    if (this.#isFixed) return isPeer;
    if (isPeer) {
      this.#ticksSincePeer = 0;
      this.#strangerPackets = 0;
      this.#isFixed = ++this.#packets >= LATCH_AFTER_PACKETS;
      return true;
    }
    return this.#follows({ host, port });
  }

  #follows(stranger: MediaAddress): boolean {
    this.#strangerPackets = isSame(stranger, this.#stranger) ? this.#strangerPackets + 1 : 1;
    this.#stranger = stranger;
    const isPeerSilent = this.#ticksSincePeer >= SILENT_AFTER_TICKS;
    if (!isPeerSilent || this.#strangerPackets < LATCH_AFTER_PACKETS) return false;
    this.#target = stranger;
    this.#isFixed = true;
    this.#changes++;
    return true;
  }
}

function isSame(a: MediaAddress, b: MediaAddress | undefined): boolean {
  return a.host === b?.host && a.port === b.port;
}
