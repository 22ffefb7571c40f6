/**
 * Reads along on the connection to drachtio and tells, for calls somebody watches, every SIP message
 * the server sent or received, with the address it went to or came from. It only listens: whatever
 * it cannot read is left out, and nothing here can disturb a call.
 */
import { parse } from 'sdp-transform';
import type { Clock } from '../../ports.js';
import type { WireMessage } from '../../report/trail.js';
import { sanitise } from './sanitise.js';

const MESSAGE_MAX = 80;
const DETAIL_MAX = 160;
/** More of a message than this is not looked at. */
const READ_MAX = 16_384;
/** Codecs and formats named of a session description. */
const FORMATS_MAX = 6;

export class WireWatch {
  readonly #handles = new Map<string, (message: WireMessage) => void>();

  constructor(private readonly clock: Clock) {}

  /** Calls `handle` for each message with this Call-ID. @returns a function that ends it */
  watch(callId: string, handle: (message: WireMessage) => void): () => void {
    this.#handles.set(callId, handle);
    return () => {
      if (this.#handles.get(callId) === handle) this.#handles.delete(callId);
    };
  }

  get count(): number {
    return this.#handles.size;
  }

  /** Takes one frame of drachtio's protocol, as it came. */
  frame(text: string): void {
    if (this.#handles.size === 0) return;
    const end = text.indexOf('\r\n');
    if (end < 0) return;
    const envelope = readEnvelope(text.slice(0, end).split('|'));
    if (!envelope) return;
    const message = text.slice(end + 2, end + 2 + READ_MAX);
    const callId = headerOf(message, CALL_ID);
    const handle = callId === undefined ? undefined : this.#handles.get(callId);
    if (!handle) return;
    const { direction, peer } = envelope;
    handle(wireMessage(message, this.clock.nowMs(), direction, peer));
  }
}

/** One SIP message, as a line of a trail. */
export function wireMessage(
  text: string,
  atMs: number,
  direction: WireMessage['direction'],
  peer: string | undefined,
): WireMessage {
  const message = text.slice(0, READ_MAX);
  const detail = detailOf(message);
  return {
    atMs,
    direction,
    message: titleOf(message),
    cseq: clean(headerOf(message, CSEQ) ?? '', MESSAGE_MAX),
    ...(peer === undefined ? {} : { peer }),
    ...(detail === '' ? {} : { detail }),
  };
}

/**
 * `id|sip|network|bytes|proto|address|port|time|...` is a message received and where from,
 * `id|response|ours|OK|application|bytes|proto|...` the echo of one we sent (with the server's own
 * address), and `id|sip|application|...` one the server sent by itself (a BYE after a lost ACK).
 */
function readEnvelope(
  words: readonly string[],
): Pick<WireMessage, 'direction' | 'peer'> | undefined {
  const isEcho = words[1] === 'response' && words[3] === 'OK';
  if (!isEcho && words[1] !== 'sip') return undefined;
  const [source, , protocol = '', address = '', port = ''] = words.slice(isEcho ? 4 : 2);
  if (source !== 'network' && source !== 'application') return undefined;
  if (source === 'application') return { direction: '->' };
  return { direction: '<-', peer: peerName(protocol, address, port) };
}

/** `udp/192.0.2.1:5060` */
export function peerName(protocol: string, address: string, port: string): string {
  return clean(`${protocol}/${address}:${port}`, MESSAGE_MAX);
}

/** @param names an alternation of the forms of its name */
function header(names: string): RegExp {
  return new RegExp(`^(?:${names})[ \\t]*:[ \\t]*(.*?)[ \\t]*\\r?$`, 'im');
}

const CALL_ID = header('Call-ID|i');
const CSEQ = header('CSeq');
const REASON = header('Reason');
const RETRY = header('Retry-After|Min-SE');

/** The first header that matches. */
function headerOf(message: string, wanted: RegExp): string | undefined {
  return wanted.exec(message)?.[1];
}

function titleOf(message: string): string {
  const line = message.slice(0, message.indexOf('\r\n'));
  const response = /^SIP\/2\.0 (\d{3} ?.*)$/.exec(line)?.[1];
  return clean(response ?? line.split(' ', 1)[0] ?? '', MESSAGE_MAX);
}

function detailOf(message: string): string {
  const [head = '', body = ''] = splitBody(message);
  const reason = headerOf(head, REASON);
  const facts = [describeSdp(body), reason, headerOf(head, RETRY)];
  return clean(facts.filter((fact) => fact !== undefined && fact !== '').join('; '), DETAIL_MAX);
}

function splitBody(message: string): [string, string] {
  const end = message.indexOf('\r\n\r\n');
  return end < 0 ? [message, ''] : [message.slice(0, end), message.slice(end + 4)];
}

/** @returns `audio 192.0.2.1:4000 PCMU PCMA telephone-event sendrecv`, one part a media line */
export function describeSdp(body: string): string {
  if (!body.startsWith('v=0')) return '';
  try {
    const sdp = parse(body);
    return sdp.media.map((media) => describeMedia(media, sdp.connection?.ip)).join(', ');
  } catch {
    return 'unreadable SDP';
  }
}

type Media = ReturnType<typeof parse>['media'][number];
const STATIC_NAMES: Readonly<Record<string, string>> = { 0: 'PCMU', 8: 'PCMA', 9: 'G722' };

function describeMedia(media: Media, sessionIp: string | undefined): string {
  const names = new Map(media.rtp.map(({ payload, codec }) => [String(payload), codec]));
  const formats = String(media.payloads ?? '').split(' ');
  const known = formats.map((format) => names.get(format) ?? STATIC_NAMES[format] ?? format);
  const address = `${media.connection?.ip ?? sessionIp ?? '?'}:${media.port}`;
  const profile = media.protocol === 'RTP/AVP' ? '' : ` ${media.protocol}`;
  const { direction } = media as { direction?: string };
  const way = direction === undefined || direction === 'sendrecv' ? '' : ` ${direction}`;
  return `${media.type} ${address}${profile} ${known.slice(0, FORMATS_MAX).join(' ')}${way}`;
}

/** No control characters, no more than `max` characters. */
function clean(text: string, max: number): string {
  const result = sanitise('log', text);
  return result.ok ? result.value.slice(0, max) : '';
}
