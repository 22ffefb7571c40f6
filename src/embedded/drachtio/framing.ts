/**
 * Framing of the drachtio control protocol, both directions: `<length>#<message>`, where the length
 * counts the bytes of the UTF-8 message in decimal. Nothing separates frames.
 *
 * A length of more than five digits, or anything that is no length, is an error that ends the
 * connection, as in drachtio-server: there is no way to find the next frame.
 */

const MAX_LENGTH_DIGITS = 5;
const HASH = 0x23;

/** The peer does not speak this protocol. */
export class FrameError extends Error {}

/** One frame, ready to be written. */
export function encodeFrame(message: string): string {
  return `${Buffer.byteLength(message)}#${message}`;
}

/** Cuts a byte stream into messages; holds at most one incomplete frame. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /**
   * Takes the next bytes.
   *
   * @returns the messages that are complete now, in order
   * @throws FrameError when the stream is out of step; the reader is useless afterwards
   */
  push(bytes: Buffer): string[] {
    this.#pending = this.#pending.length ? Buffer.concat([this.#pending, bytes]) : bytes;
    const messages: string[] = [];
    for (;;) {
      const frame = this.#nextFrame();
      if (!frame) return messages;
      messages.push(this.#pending.toString('utf8', frame.start, frame.end));
      this.#pending = this.#pending.subarray(frame.end);
    }
  }

  #nextFrame(): { start: number; end: number } | undefined {
    const window = this.#pending.subarray(0, MAX_LENGTH_DIGITS + 1);
    const hash = window.indexOf(HASH);
    const digits = window.toString('latin1', 0, hash < 0 ? undefined : hash);
    const isLength = hash < 0 ? /^\d{0,5}$/.test(digits) : /^[1-9]\d*$/.test(digits);
    if (!isLength) throw new FrameError('no frame length');
    if (hash < 0) return undefined;
    const start = hash + 1;
    const end = start + Number(digits);
    return this.#pending.length < end ? undefined : { start, end };
  }
}
