/**
 * The bytes of a document as text (XML 1.0, appendix F; RFC 7303): a byte order mark decides, else characters
 * of two bytes where they can be seen, else what the server says, else the XML declaration, else UTF-8.
 */

/** First bytes that leave no doubt. */
const BEGINNINGS: readonly (readonly [charset: string, bytes: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-16le', [0x3c, 0x00]],
  ['utf-16be', [0x00, 0x3c]],
];
const DECLARATION = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)/;
const DECLARATION_MAX_BYTES = 200;

/** @param contentType of the answer. A charset that nobody knows is taken for UTF-8. */
export function decodeDocument(body: Buffer, contentType: string | undefined): string {
  try {
    return new TextDecoder(charsetOf(body, contentType)).decode(body);
  } catch {
    return body.toString('utf8');
  }
}

function charsetOf(body: Buffer, contentType: string | undefined): string {
  const begins = BEGINNINGS.find(([, bytes]) => bytes.every((byte, i) => body[i] === byte));
  if (begins) return begins[0];
  const head = body.subarray(0, DECLARATION_MAX_BYTES).toString('latin1');
  const said = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? '') ?? DECLARATION.exec(head);
  const charset = said?.[1] ?? 'utf-8';
  // Programs that make their XML as a string declare it; the bytes, which could be read, are none.
  return /^utf-?16/i.test(charset) ? 'utf-8' : charset;
}
