/**
 * Cuts a TCP byte stream into SIP messages by their Content-Length (RFC 3261 section 18.3), which
 * is therefore mandatory here, and counts the keep-alives between them (RFC 5626 section 3.5.1).
 *
 * A stream cannot be resynchronised: whatever leaves the end of a message in doubt is an error
 * after which the connection is of no more use. It holds at most one incomplete message.
 */
import { defaultSipLimits, findHeadEnd } from './message.js';

export type StreamErrorCode = 'STREAM_TOO_LARGE' | 'STREAM_CONTENT_LENGTH';

/** The peer does not speak SIP, or its next message cannot be found. */
export class StreamError extends Error {
  constructor(readonly code: StreamErrorCode) {
    super(code);
    this.name = 'StreamError';
  }
}

/** What a piece of the stream has completed. */
export interface StreamItems {
  readonly messages: readonly Buffer[];
  /** Keep-alives (CRLF CRLF), each to be answered with a CRLF. */
  readonly pings: number;
}

const CR = 0x0d;
const LF = 0x0a;
const PING_BYTES = 4;
const HEAD_END_BYTES_MAX = 4;
const CONTENT_LENGTH = /^(?:content-length|l)[ \t]*:(.*)$/gim;
const NOTHING = Buffer.alloc(0);

export class StreamReader {
  #buffer: Buffer = NOTHING;
  #length = 0;
  /** No end of the headers up to here. */
  #searched = 0;
  #newlines = 0;

  constructor(private readonly maxBytes = defaultSipLimits.maxBytes) {}

  /** True between two messages. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /**
   * Takes the next bytes.
   *
   * @throws StreamError; the reader is useless afterwards
   */
  push(bytes: Buffer): StreamItems {
    this.#append(bytes);
    const messages: Buffer[] = [];
    let [start, pings] = [0, 0];
    for (;;) {
      while (start < this.#length && this.#isNewline(start)) {
        start++;
        if (++this.#newlines % PING_BYTES === 0) pings++;
      }
      const end = this.#messageEnd(start);
      if (end === undefined) break;
      messages.push(Buffer.from(this.#buffer.subarray(start, end)));
      this.#newlines = 0;
      this.#searched = start = end;
    }
    this.#dropBefore(start);
    return { messages, pings };
  }

  #isNewline(at: number): boolean {
    return this.#buffer[at] === CR || this.#buffer[at] === LF;
  }

  /** Where the message that begins there ends; undefined while it is incomplete. */
  #messageEnd(start: number): number | undefined {
    const bytes = this.#buffer.subarray(0, this.#length);
    const head = findHeadEnd(bytes, Math.max(start, this.#searched));
    if (!head) {
      if (this.#length - start > this.maxBytes) throw new StreamError('STREAM_TOO_LARGE');
      this.#searched = Math.max(start, this.#length - HEAD_END_BYTES_MAX + 1);
      return undefined;
    }
    this.#searched = head.atByte; // the body may take its time
    const end = head.bodyAt + contentLength(bytes.toString('latin1', start, head.atByte));
    if (end - start > this.maxBytes) throw new StreamError('STREAM_TOO_LARGE');
    return end > this.#length ? undefined : end;
  }

  #append(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#length));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    bytes.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  #dropBefore(start: number): void {
    this.#buffer.copy(this.#buffer, 0, start, this.#length);
    this.#length -= start;
    this.#searched = Math.max(0, this.#searched - start);
    if (this.#length === 0) this.#buffer = NOTHING; // an idle connection holds no memory
  }
}

/** Two lengths are one too many: who believes which decides what the next message is. */
function contentLength(head: string): number {
  const lines = head.replace(/\r?\n[ \t]+/g, ' ').matchAll(CONTENT_LENGTH);
  const [value, ...others] = [...lines].map(([, text = '']) => text.trim());
  if (value === undefined || others.length > 0 || !/^\d{1,9}$/.test(value)) {
    throw new StreamError('STREAM_CONTENT_LENGTH');
  }
  return Number(value);
}
