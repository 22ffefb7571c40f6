/**
 * Builds the headers we send and reads the two we care about in answers. Pure text work; the caller
 * has a request from the application, drachtio gets headers that cannot break out of their line.
 */
import type { CancelCause, InviteRequest } from '../../ports.js';
import { TelephonyError } from './errors.js';
import { sanitise, type TextKind } from './sanitise.js';

/** What drachtio or we set ourselves; the application may not. */
const RESERVED = new Set(
  [
    'via',
    'from',
    'to',
    'call-id',
    'cseq',
    'contact',
    'route',
    'record-route',
    'max-forwards',
  ].concat(['content-length', 'content-type', 'authorization', 'proxy-authorization']),
);
const MAX_HEADER_COUNT = 40;

/** Value of Allow: what we serve, inside a call or outside. */
export const ALLOWED_METHODS = 'INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY';

/** @returns the text itself. @throws TelephonyError REFUSED_TEXT */
export function checked(kind: TextKind, text: string): string {
  const result = sanitise(kind, text);
  if (!result.ok) throw new TelephonyError('REFUSED_TEXT', result.reason);
  return result.value;
}

/**
 * Headers of an INVITE. `call-id` and `from` in lower case on purpose: on a digest challenge
 * drachtio-srf overwrites exactly these spellings, any other would be sent twice.
 * @throws TelephonyError REFUSED_TEXT
 */
export function inviteHeaders(request: InviteRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  const own = Object.entries(request.headers ?? {});
  if (own.length > MAX_HEADER_COUNT) {
    throw new TelephonyError('REFUSED_TEXT', `more than ${MAX_HEADER_COUNT} headers`);
  }
  for (const [name, value] of own) {
    if (RESERVED.has(checked('header-name', name).toLowerCase())) {
      throw new TelephonyError('REFUSED_TEXT', `header ${name} is not the caller's to set`);
    }
    headers[name] = checked('header-value', value);
  }
  if (request.sessionExpiresMs !== undefined) {
    // We refresh: a far side that has gone does not answer, and the signalling server hangs up.
    headers['Session-Expires'] = `${Math.ceil(request.sessionExpiresMs / 1000)};refresher=uac`;
  }
  const supported = [
    ...(request.sessionExpiresMs === undefined ? [] : ['timer']),
    ...(request.isReliable ? ['100rel'] : []),
  ];
  if (supported.length > 0) headers['Supported'] = supported.join(', ');
  // A telephone that is not told so does not offer its user to transfer.
  if (request.mayRefer) headers['Allow'] = `${ALLOWED_METHODS}, REFER`;
  headers['call-id'] = checked('sip-call-id', request.callId);
  if (request.isAnonymous) {
    headers['from'] = '"Anonymous" <sip:anonymous@anonymous.invalid>';
  } else if (request.callerId !== undefined) {
    const user = checked('sip-user', request.callerId);
    const name =
      request.callerName === undefined ? '' : `"${checked('display-name', request.callerName)}" `;
    // drachtio replaces "localhost" by its own address.
    headers['from'] = `${name}<sip:${user.replaceAll('#', '%23')}@localhost>`;
  }
  return headers;
}

/**
 * RFC 3326: the Reason header of our CANCEL or BYE. A text that is refused is left out. SIP cause 200
 * means that somebody else has the call (RFC 3326 3.1): a telephone then keeps it out of its missed calls.
 */
export function reasonHeader(text: string, cause?: CancelCause): Record<string, string> {
  if (cause === 'taken-elsewhere')
    return { Reason: 'SIP;cause=200;text="Call completed elsewhere"' };
  // ITU-T Q.850: recovery on timer expiry, normal call clearing.
  const value = `Q.850;cause=${cause === 'ring-timeout' ? 102 : 16}`;
  const result = sanitise('reason', text);
  return { Reason: result.ok ? `${value};text="${result.value}"` : value };
}

/** @returns the cause of the first `Q.850` value of a Reason header (RFC 3326), 1..127. */
export function parseQ850(reason: string | undefined): number | undefined {
  const cause = /(?:^|,)\s*Q\.850\s*(?:;[^,]*?)?;\s*cause\s*=\s*(\d{1,3})/i.exec(reason ?? '')?.[1];
  const value = Number(cause);
  return cause !== undefined && value >= 1 && value <= 127 ? value : undefined;
}

/** @returns milliseconds of a Retry-After header (RFC 3261 20.33), at most a day. */
export function parseRetryAfter(value: string | undefined): number | undefined {
  const seconds = /^\s*(\d{1,9})\s*(?:$|[;(])/.exec(value ?? '')?.[1];
  const DAY_S = 86_400;
  return seconds === undefined ? undefined : Math.min(Number(seconds), DAY_S) * 1000;
}

/** @returns milliseconds of a Min-SE header (RFC 4028 5), at most a day. */
export function parseMinSession(value: string | undefined): number | undefined {
  return parseRetryAfter(value);
}

const CONTACTS_MAX = 5;
const CONTACT_URI = /<(sips?:[^<>\s]{1,300})>|(?:^|,)\s*(sips?:[^<>;,\s]{1,300})/gi;

/** @returns the URIs of a 3xx, by their `q` (RFC 3261 20.10), five at most */
export function contactsOf(value: string | undefined): string[] {
  const found = [...(value ?? '').slice(0, 4096).matchAll(CONTACT_URI)].slice(0, CONTACTS_MAX);
  const ranked = found.map((match) => {
    const rest = match.input.slice(match.index + match[0].length).split(',')[0] ?? '';
    return { uri: match[1] ?? match[2] ?? '', q: Number(/;\s*q=([\d.]+)/i.exec(rest)?.[1] ?? 1) };
  });
  return ranked.sort((a, b) => b.q - a.q).map(({ uri }) => uri);
}

const HEADERS_MAX = 60;
const VALUE_MAX = 512;

/** Header fields as plain text for those who may read them and no more: cut, without control characters. */
export function plainHeaders(
  headers: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, string>> {
  const plain = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers).slice(0, HEADERS_MAX)) {
    if (typeof value !== 'string' || !/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(name)) continue;
    plain[name.toLowerCase()] = value.slice(0, VALUE_MAX).replace(/\p{Cc}+/gu, ' ');
  }
  return plain;
}
