/** The shape of the torture messages, and a plain message to put one peculiarity into. */
import type { SipParseCode } from '../../src/embedded/sip/message.js';

export interface TortureMessage {
  /** Section and name in RFC 4475. */
  readonly section: string;
  readonly about: string;
  readonly bytes: Buffer;
  /** What we make of it: what is refused is dropped, and how; else what can be read. */
  readonly expected:
    | { readonly refused: SipParseCode }
    | { readonly method?: string; readonly status?: number; readonly body?: string };
}

/** Replacements for the plain headers; '' leaves one out. */
export type Headers = Readonly<Record<string, string>>;

const PLAIN: Headers = {
  Via: 'SIP/2.0/UDP host1.example.com;branch=z9hG4bK-torture',
  'Max-Forwards': '70',
  To: '<sip:user@example.com>',
  From: '<sip:caller@example.net>;tag=1',
  'Call-ID': 'torture@example.net',
};

/** A request with the usual headers, but for those given. */
export function request(method: string, uri: string, own: Headers = {}, body = ''): string {
  return write(`${method} ${uri} SIP/2.0`, { CSeq: `8 ${method}`, ...own }, body);
}

/** Any message with the usual headers, but for those given. */
export function write(start: string, own: Headers = {}, body = ''): string {
  const headers = Object.entries({ ...PLAIN, ...own }).filter(([, value]) => value !== '');
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  if (!('Content-Length' in own)) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return [start, ...lines, '', body].join('\r\n');
}

export function torture(
  section: string,
  about: string,
  message: string | Buffer,
  expected: TortureMessage['expected'],
): TortureMessage {
  return { section, about, bytes: Buffer.from(message), expected };
}
