/**
 * SRTP of one direction: AES-CM with 128 bits, HMAC-SHA1 with 80 (RFC 3711), written after the standard
 * and apart from any server, so that a test can hear what a media server encrypted, or that it did not.
 */
import { createCipheriv, createHmac } from 'node:crypto';

const TAG_BYTES = 10;
const HEADER_BYTES = 12;
const SUITE = 'AES_CM_128_HMAC_SHA1_80';

interface SessionKeys {
  readonly cipher: Buffer;
  readonly salt: Buffer;
  readonly authentication: Buffer;
}

/** RFC 3711 4.3. @param master key and salt, 30 bytes */
export function deriveKeys(master: Buffer): SessionKeys {
  const derive = (label: number, length: number): Buffer => {
    const iv = Buffer.alloc(16);
    master.copy(iv, 0, 16, 30);
    iv[7]! ^= label;
    return keystream(master.subarray(0, 16), iv, length);
  };
  return { cipher: derive(0, 16), authentication: derive(1, 20), salt: derive(2, 14) };
}

function keystream(key: Buffer, iv: Buffer, length: number): Buffer {
  return createCipheriv('aes-128-ctr', key, iv).update(Buffer.alloc(length));
}

/** Packets without CSRC and extensions, and fewer than 65,536 of them since the sequence began again. */
export class SrtpStream {
  readonly #keys: SessionKeys;
  #rollovers = 0;
  #latest: number | undefined;
  /** Packets that were not ours to read: another key, or changed on the way. */
  refused = 0;

  constructor(master: Buffer) {
    this.#keys = deriveKeys(master);
  }

  /** By the key of this suite in a description. */
  static of(sdp: string): SrtpStream {
    const key = new RegExp(`^a=crypto:\\d+ ${SUITE} inline:([A-Za-z0-9+/]{40})`, 'm').exec(
      sdp,
    )?.[1];
    if (key === undefined) throw new Error('no key in the description');
    return new SrtpStream(Buffer.from(key, 'base64'));
  }

  protect(packet: Buffer): Buffer {
    this.#count(packet.readUInt16BE(2));
    const body = Buffer.concat([packet.subarray(0, HEADER_BYTES), this.#crypt(packet)]);
    return Buffer.concat([body, this.#tag(body)]);
  }

  /** @returns undefined for a packet whose tag is not right */
  unprotect(packet: Buffer): Buffer | undefined {
    if (packet.length <= HEADER_BYTES + TAG_BYTES) return undefined;
    const body = packet.subarray(0, -TAG_BYTES);
    this.#count(body.readUInt16BE(2));
    if (!this.#tag(body).equals(packet.subarray(-TAG_BYTES))) {
      this.refused += 1;
      return undefined;
    }
    return Buffer.concat([body.subarray(0, HEADER_BYTES), this.#crypt(body)]);
  }

  #count(sequence: number): void {
    if (this.#latest !== undefined && sequence < 0x1000 && this.#latest > 0xf000) {
      this.#rollovers += 1;
    }
    this.#latest = sequence;
  }

  /** The same both ways. */
  #crypt(packet: Buffer): Buffer {
    const iv = Buffer.alloc(16);
    this.#keys.salt.copy(iv);
    const mask = Buffer.alloc(16);
    packet.copy(mask, 4, 8, 12);
    mask.writeUInt32BE(this.#rollovers, 8);
    packet.copy(mask, 12, 2, 4);
    for (let i = 0; i < 16; i += 1) iv[i]! ^= mask[i]!;
    const payload = packet.subarray(HEADER_BYTES);
    return createCipheriv('aes-128-ctr', this.#keys.cipher, iv).update(payload);
  }

  #tag(body: Buffer): Buffer {
    const rollovers = Buffer.alloc(4);
    rollovers.writeUInt32BE(this.#rollovers);
    const hmac = createHmac('sha1', this.#keys.authentication).update(body).update(rollovers);
    return hmac.digest().subarray(0, TAG_BYTES);
  }
}
