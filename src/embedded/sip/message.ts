/**
 * The SIP message codec. Headers keep their order and are never merged, so that what goes to the
 * application is what came from the network.
 *
 * It checks form and size, not meaning: which headers a message must have depends on where it came
 * from (the control protocol leaves most of them out), so that is a second, explicit step. Bodies
 * are text; a body that is not UTF-8 does not survive.
 *
 * Source: RFC 3261 sections 7 and 20; bad input after RFC 4475.
 */
import { reasonPhrase } from './reason-phrases.js';
import { headerParam, splitAddressList } from './uri.js';

export { addressUri, headerParam, parseSipUri, splitAddressList, type SipUri } from './uri.js';

export type SipParseCode =
  | 'SIP_TOO_LARGE'
  | 'SIP_TOO_MANY_HEADERS'
  | 'SIP_START_LINE'
  | 'SIP_HEADER'
  | 'SIP_CONTENT_LENGTH'
  | 'SIP_BODY_SHORT'
  | 'SIP_MISSING_HEADER'
  | 'SIP_REPEATED_HEADER'
  | 'SIP_IDENTITY'
  | 'SIP_CSEQ';

/** Why bytes are no SIP message; `code` is stable, the text is for people. */
export class SipParseError extends Error {
  constructor(
    readonly code: SipParseCode,
    message: string,
  ) {
    super(message);
    this.name = 'SipParseError';
  }
}

export interface SipLimits {
  readonly maxBytes: number;
  readonly maxHeaders: number;
  readonly maxHeaderBytes: number;
  /** The body is the rest, whatever Content-Length says: for framing that has a length itself. */
  readonly bodyIsRest?: boolean;
}

export const defaultSipLimits: SipLimits = {
  maxBytes: 65_535, // what one UDP datagram can hold
  maxHeaders: 200,
  maxHeaderBytes: 8 * 1024,
};

/** Where a message came from, or goes to: an IP address (or a name yet to be resolved) and a port. */
export interface SipAddress {
  readonly host: string;
  readonly port: number;
  /** UDP when absent, or by size (see `SipStack.route`). */
  readonly transport?: 'udp' | 'tcp';
  /** TCP only because of the request's size: without a connection it goes there, by UDP. */
  readonly orUdp?: SipAddress;
}

const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/; // RFC 3261 section 25.1
/** Of any scheme: whether it can be reached is decided by those who want to. */
const ANY_URI = /^[a-z][a-z0-9+.-]*:[^<>"]+$/i;
/** What may be in a Call-ID or tag. RFC 3261 allows less; the control protocol uses `|` itself. */
const IDENTITY = /^[^\s|\p{Cc}]+$/u;
const REQUEST_LINE = /^([A-Za-z0-9\-.!%*_+`'~]+) ([^\s\p{Cc}]+) SIP\/2\.0$/iu;
const STATUS_LINE = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/i;

/** RFC 3261 section 20 and the extensions' registrations: the one-letter forms. */
const COMPACT_NAMES: Readonly<Record<string, string>> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  d: 'Request-Disposition',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  j: 'Reject-Contact',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
};

function fullName(name: string): string {
  const key = name.toLowerCase();
  // A peer may call a header `constructor`: only what is written above counts.
  return Object.hasOwn(COMPACT_NAMES, key) ? (COMPACT_NAMES[key] ?? name) : name;
}
const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
const oneLine = (text: string): string => text.replace(/[\r\n\0]+/g, ' ');

/** A SIP request (has `method` and `uri`) or response (has `status`). */
export class SipMessage {
  method?: string;
  uri?: string;
  status?: number;
  reason?: string;
  body = '';
  headers: [name: string, value: string][] = [];
  /** Made on this machine (time-out, unreachable) rather than received. */
  local = false;
  /** Where a received message came from. */
  source?: SipAddress;

  /**
   * Reads one message: start line, headers (folded lines joined, compact names spelt out), body.
   * Bytes after Content-Length are dropped, as RFC 3261 section 18.3 says for datagrams.
   *
   * @throws SipParseError with a stable code
   */
  static parse(bytes: Buffer, limits: SipLimits = defaultSipLimits): SipMessage {
    if (bytes.length > limits.maxBytes) {
      throw new SipParseError('SIP_TOO_LARGE', `${bytes.length} bytes, at most ${limits.maxBytes}`);
    }
    const { head, bodyBytes } = splitHead(bytes);
    const [startLine = '', ...lines] = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
    const message = new SipMessage();
    message.#readStartLine(startLine);
    message.#readHeaders(lines, limits);
    message.#readBody(bodyBytes, limits.bodyIsRest === true);
    // What is not UTF-8, or spelt short, grows when it is written again.
    if (bytes.length > limits.maxBytes / 4 && message.toBuffer().length > limits.maxBytes) {
      throw new SipParseError('SIP_TOO_LARGE', `more than ${limits.maxBytes} bytes once read`);
    }
    return message;
  }

  /** A request without any header. */
  static request(method: string, uri: string): SipMessage {
    const message = new SipMessage();
    message.method = method;
    message.uri = uri;
    return message;
  }

  /** A response without any header; the reason defaults to the usual phrase for the status. */
  static response(status: number, reason?: string): SipMessage {
    const message = new SipMessage();
    message.status = status;
    message.reason = reason ?? reasonPhrase(status);
    return message;
  }

  /** First value of a header, by full or compact name, in any case. */
  get(name: string): string | undefined {
    const wanted = fullName(name);
    return this.headers.find(([found]) => sameName(found, wanted))?.[1];
  }

  /** Every value of a header, in order, unmerged and unsplit. */
  all(name: string): string[] {
    const wanted = fullName(name);
    return this.headers.filter(([found]) => sameName(found, wanted)).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Replaces the first occurrence in place, or appends. Further occurrences stay. */
  set(name: string, value: string): this {
    const wanted = fullName(name);
    const header = this.headers.find(([found]) => sameName(found, wanted));
    if (header) header[1] = value;
    else this.headers.push([wanted, value]);
    return this;
  }

  add(name: string, value: string): this {
    this.headers.push([fullName(name), value]);
    return this;
  }

  /** Removes every occurrence. */
  delete(name: string): this {
    const wanted = fullName(name);
    this.headers = this.headers.filter(([found]) => !sameName(found, wanted));
    return this;
  }

  /** Number and method of CSeq; `{ seq: 0, method: '' }` when it is absent or no CSeq. */
  get cseq(): { seq: number; method: string } {
    const parts = /^(\d{1,10})\s+(\S+)$/.exec(this.get('CSeq') ?? '');
    return parts ? { seq: Number(parts[1]), method: parts[2] ?? '' } : { seq: 0, method: '' };
  }

  /** Branch parameter of the topmost Via. */
  get branch(): string | undefined {
    const [top] = splitAddressList(this.all('Via').slice(0, 1));
    return top === undefined ? undefined : headerParam(top, 'branch');
  }

  tagOf(name: 'From' | 'To'): string | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : headerParam(value, 'tag') || undefined;
  }

  /** Call-ID, '' when absent. */
  get callId(): string {
    return this.get('Call-ID') ?? '';
  }

  /** The bytes to send. Line breaks inside a value become spaces: no header can smuggle in another. */
  toBuffer(): Buffer {
    this.set('Content-Length', String(Buffer.byteLength(this.body)));
    const start =
      this.method !== undefined
        ? `${this.method} ${this.uri ?? ''} SIP/2.0`
        : `SIP/2.0 ${this.status ?? 500} ${this.reason ?? ''}`;
    const lines = this.headers.map(([name, value]) => `${oneLine(name)}: ${oneLine(value)}\r\n`);
    return Buffer.from(`${oneLine(start)}\r\n${lines.join('')}\r\n${this.body}`);
  }

  toString(): string {
    return this.toBuffer().toString();
  }

  #readStartLine(line: string): void {
    const status = STATUS_LINE.exec(line);
    if (status) {
      this.status = Number(status[1]);
      this.reason = status[2] ?? '';
      return;
    }
    const request = REQUEST_LINE.exec(line);
    if (!request) throw new SipParseError('SIP_START_LINE', 'neither a request nor a status line');
    [, this.method, this.uri] = request;
  }

  #readHeaders(lines: readonly string[], limits: SipLimits): void {
    if (lines.length > limits.maxHeaders) {
      throw new SipParseError('SIP_TOO_MANY_HEADERS', `${lines.length} header lines`);
    }
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(0, colon)).trim();
      if (!TOKEN.test(name)) throw new SipParseError('SIP_HEADER', 'a line that is no header');
      if (line.length > limits.maxHeaderBytes) {
        throw new SipParseError('SIP_TOO_LARGE', `header ${name} is ${line.length} long`);
      }
      this.headers.push([fullName(name), line.slice(colon + 1).trim()]);
    }
  }

  #readBody(bytes: Buffer, isRest: boolean): void {
    const lengths = this.all('Content-Length');
    if (isRest || lengths.length === 0) {
      this.body = bytes.toString('utf8');
      return;
    }
    const [text = ''] = lengths;
    if (lengths.length > 1 || !/^\d{1,9}$/.test(text)) {
      throw new SipParseError('SIP_CONTENT_LENGTH', 'Content-Length is no single number');
    }
    if (bytes.length < Number(text)) {
      throw new SipParseError('SIP_BODY_SHORT', `${bytes.length} bytes of body, ${text} announced`);
    }
    this.body = bytes.toString('utf8', 0, Number(text));
  }
}

/** Headers end at the first empty line; line breaks before the start line are skipped (7.5). */
function splitHead(bytes: Buffer): { head: string; bodyBytes: Buffer } {
  let start = 0;
  while (bytes[start] === 0x0d || bytes[start] === 0x0a) start++;
  const end = findHeadEnd(bytes, start);
  if (end) {
    return {
      head: bytes.toString('utf8', start, end.atByte),
      bodyBytes: bytes.subarray(end.bodyAt),
    };
  }
  const head = bytes.toString('utf8', start).replace(/[\r\n]+$/, '');
  return { head, bodyBytes: Buffer.alloc(0) };
}

/** The first empty line from a position on: where the header lines end and where the body begins. */
export function findHeadEnd(
  bytes: Buffer,
  fromByte: number,
): { readonly atByte: number; readonly bodyAt: number } | undefined {
  const crlf = bytes.indexOf('\r\n\r\n', fromByte);
  const lf = bytes.indexOf('\n\n', fromByte);
  if (lf >= 0 && (crlf < 0 || lf < crlf)) return { atByte: lf, bodyAt: lf + 2 };
  return crlf < 0 ? undefined : { atByte: crlf, bodyAt: crlf + 4 };
}

/**
 * Checks that a message from the network can be matched and answered.
 *
 * @throws SipParseError SIP_START_LINE, SIP_MISSING_HEADER, SIP_REPEATED_HEADER, SIP_CSEQ,
 *     SIP_IDENTITY
 * Source: RFC 3261 sections 7.3.1 (what may be repeated), 8.1.1 (mandatory headers) and 8.1.1.5
 *     (CSeq below 2**31).
 */
export function checkRoutable(message: SipMessage): void {
  for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) {
    if (!message.get(name)) throw new SipParseError('SIP_MISSING_HEADER', `no ${name}`);
    const isOne = name === 'Via' || message.all(name).length === 1;
    if (!isOne) throw new SipParseError('SIP_REPEATED_HEADER', `more than one ${name}`);
  }
  if (message.uri !== undefined && !ANY_URI.test(message.uri)) {
    throw new SipParseError('SIP_START_LINE', 'the request URI is no URI');
  }
  for (const text of [message.callId, message.tagOf('From'), message.tagOf('To')]) {
    if (text !== undefined && !IDENTITY.test(text)) {
      throw new SipParseError('SIP_IDENTITY', 'a Call-ID or tag that identifies nothing');
    }
  }
  const { seq, method } = message.cseq;
  const mismatch = message.method !== undefined && message.method !== method;
  if (!TOKEN.test(method) || seq >= 2 ** 31 || mismatch) {
    throw new SipParseError('SIP_CSEQ', 'CSeq is out of range or names another method');
  }
}
