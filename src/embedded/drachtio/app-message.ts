/**
 * What the server does to the headers an application supplies: which it refuses, which it fills in,
 * and how it writes their names. Pure functions over messages.
 *
 * Source: drachtio-server 0.9.10, makeTags and doSendRequestOutsideDialog; recorded transcripts.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { addressUri, parseSipUri, type SipAddress, type SipMessage } from '../sip/message.js';
import { SipMessage as Message } from '../sip/message.js';
import { uriHop } from '../sip/uri.js';

/** Refused with this text; the connection goes on. */
export class ControlError extends Error {}

/** What this server is on the network. */
export interface LocalEnd {
  readonly host: string;
  readonly port: number;
  newVia(): string;
  /** There is a TCP connection to exactly that address. */
  isConnected(peer: SipAddress): boolean;
}

const MAX_FORWARDS = '70';

/** An application sets these in vain: they belong to the transaction and the dialog. */
const DISCARDED = new Set(['via', 'route', 'record-route', 'rseq', 'content-length']);
const DIALOG_HEADERS = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards']);
const NAMES_WITH_LOCALHOST = new Set(['from', 'to', 'contact', 'p-asserted-identity']);

/** Names whose usual spelling is not "capital after each dash". */
const SPELLINGS: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  'mime-version': 'MIME-Version',
  'min-se': 'Min-SE',
  rack: 'RAck',
  rseq: 'RSeq',
  'sip-etag': 'SIP-ETag',
  'sip-if-match': 'SIP-If-Match',
  'www-authenticate': 'WWW-Authenticate',
};

function spell(name: string): string {
  const lower = name.toLowerCase();
  if (Object.hasOwn(SPELLINGS, lower)) return SPELLINGS[lower] ?? name;
  if (lower.startsWith('x-')) return name;
  return name.replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => {
    return dash + letter.toUpperCase();
  });
}

/** The application's own headers, spelt as usual, `@localhost` replaced by our address. */
export function appHeaders(app: SipMessage, local: SipAddress): [string, string][] {
  return app.headers
    .filter(([name]) => !DISCARDED.has(name.toLowerCase()))
    .map(([name, value]) => [spell(name), withOwnAddress(name, value, local)]);
}

/** The same without those that a dialog, or a transaction to be cancelled, has already. */
export function appHeadersInDialog(app: SipMessage, local: SipAddress): [string, string][] {
  return appHeaders(app, local).filter(([name]) => !DIALOG_HEADERS.has(name.toLowerCase()));
}

function withOwnAddress(name: string, value: string, local: SipAddress): string {
  if (!NAMES_WITH_LOCALHOST.has(name.toLowerCase())) return value;
  return value.replace(
    /(@|sips?:)localhost(?::\d+)?(?=[>;:?,\s]|$)/i,
    (_all, before: string) => `${before}${hostPort(local)}`,
  );
}

export function hostPort({ host, port }: SipAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Where the other side of a dialog reaches us, by the transport that it is spoken over. */
export function ownContact(local: SipAddress, { transport }: Partial<SipAddress> = {}): string {
  return `<sip:${hostPort(local)}${transport === 'tcp' ? ';transport=tcp' : ''}>`;
}

/**
 * The content type of a body that has none: SDP is recognised, anything else is refused.
 *
 * @throws ControlError
 */
export function fillContentType(message: SipMessage): void {
  if (!message.body || message.has('Content-Type')) return;
  if (!message.body.startsWith('v=0')) throw new ControlError('missing content-type');
  message.add('Content-Type', 'application/sdp');
}

/**
 * Where a request for that URI goes, and by which transport.
 *
 * @throws ControlError for other schemes and transports
 */
export function nextHop(uri: string): SipAddress {
  const parsed = parseSipUri(uri);
  if (!parsed) throw new ControlError(`invalid request-uri: ${uri}`);
  const hop = uriHop(parsed);
  if (!hop) throw new ControlError('requested protocol/transport not available');
  return hop;
}

/**
 * Completes a request outside a dialog. Tags, Call-ID and CSeq that the application gives are kept
 * (a digest retry depends on it); From defaults to our contact, To to the request URI.
 *
 * @param hop where it goes: our Contact names the same transport
 * @throws ControlError when the body's type is unknown or the CSeq is not one for this method
 */
export function completeRequest(
  app: SipMessage,
  local: LocalEnd,
  hop: Partial<SipAddress> = {},
): SipMessage {
  const method = app.method ?? '';
  const message = Message.request(method, app.uri ?? '');
  const given = new Map<string, string>();
  for (const [name, value] of appHeaders(app, local)) given.set(name.toLowerCase(), value);
  const from = bracketed(given.get('from') ?? ownContact(local, hop));
  message.add('Via', local.newVia());
  message.add('Max-Forwards', given.get('max-forwards') ?? MAX_FORWARDS);
  message.add('From', /;\s*tag=/i.test(from) ? from : `${from};tag=${newTag()}`);
  message.add('To', bracketed(given.get('to') ?? app.uri ?? ''));
  message.add('Call-ID', given.get('call-id') || randomUUID());
  message.add('CSeq', given.get('cseq') ?? `${randomInt(1, 2 ** 30)} ${method}`);
  if (message.cseq.method !== method) throw new ControlError('invalid cseq value');
  const formsDialog = method === 'INVITE' || method === 'SUBSCRIBE';
  if (formsDialog && !given.has('contact')) message.add('Contact', ownContact(local, hop));
  for (const [name, value] of appHeadersInDialog(app, local)) message.add(name, value);
  message.body = app.body;
  fillContentType(message);
  return message;
}

const newTag = (): string => randomBytes(8).toString('hex');

/** `sip:a@b;tag=1` as `<sip:a@b>;tag=1`; what has brackets stays. */
function bracketed(value: string): string {
  if (value.includes('<')) return value;
  const uri = addressUri(value);
  return `<${uri}>${value.trim().slice(uri.length)}`;
}

/** The tag an application wants in To: `tag=x` alone or at the end of an address. */
export function wantedLocalTag(app: SipMessage): string | undefined {
  return /(?:^|;)\s*tag=([A-Za-z0-9\-.!%*_+`'~]+)/.exec(app.get('To') ?? '')?.[1];
}
