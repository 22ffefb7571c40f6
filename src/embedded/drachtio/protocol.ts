/**
 * The drachtio control protocol's messages: reading what an application sends, writing what the
 * server sends. Fields are joined by `|`; a SIP message follows after CRLF.
 *
 * What an application may say and this server does not do (proxying, call detail records) is told
 * apart from what nobody may say, because only the latter ends the connection.
 */
import { randomUUID } from 'node:crypto';
import { SipMessage, SipParseError, defaultSipLimits } from '../sip/message.js';

/** One message from an application. */
export type Command =
  | {
      readonly kind: 'authenticate';
      readonly id: string;
      readonly secret: string;
      readonly tags: string[];
    }
  | { readonly kind: 'ping'; readonly id: string }
  | { readonly kind: 'route'; readonly id: string; readonly verb: string }
  | { readonly kind: 'remove-route'; readonly id: string; readonly verb: string }
  | NewRequest
  | DialogRequest
  | CancelRequest
  | AppResponse
  | { readonly kind: 'unsupported'; readonly id: string }
  | { readonly kind: 'unknown'; readonly id: string }
  | { readonly kind: 'invalid'; readonly id: string; readonly why: string };

export interface NewRequest {
  readonly kind: 'new-request';
  readonly id: string;
  readonly message: SipMessage;
  /** Where to send it instead of to the request URI; '' for nowhere else. */
  readonly routeUri: string;
}

export interface DialogRequest {
  readonly kind: 'dialog-request';
  readonly id: string;
  readonly dialogId: string;
  readonly message: SipMessage;
}

export interface CancelRequest {
  readonly kind: 'cancel';
  readonly id: string;
  readonly transactionId: string;
  readonly message: SipMessage;
}

export interface AppResponse {
  readonly kind: 'response';
  readonly id: string;
  readonly transactionId: string;
  readonly message: SipMessage;
}

const APP_LIMITS = { ...defaultSipLimits, maxBytes: 99_999, bodyIsRest: true };

/** Reads one message. Never throws: what cannot be read is `unknown` or `invalid`. */
export function readCommand(text: string): Command {
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const [id = '', type = '', first = '', second = '', third = ''] = line.split('|');
  switch (type) {
    case 'authenticate':
      return { kind: 'authenticate', id, secret: first, tags: second.split(',').filter(Boolean) };
    case 'ping':
      return { kind: 'ping', id };
    case 'route':
    case 'remove_route':
      if (first.startsWith('cdr:')) return { kind: 'unsupported', id };
      return { kind: type === 'route' ? 'route' : 'remove-route', id, verb: first.toLowerCase() };
    case 'sip':
      return readSip(id, text.slice(lineEnd < 0 ? text.length : lineEnd + 2), first, second, third);
    case 'proxy':
      return { kind: 'unsupported', id };
    default:
      return { kind: 'unknown', id };
  }
}

function readSip(
  id: string,
  raw: string,
  transactionId: string,
  dialogId: string,
  routeUri: string,
): Command {
  let message: SipMessage;
  try {
    message = SipMessage.parse(Buffer.from(raw), APP_LIMITS);
  } catch (error) {
    const why = error instanceof SipParseError ? error.message : 'unreadable';
    return { kind: 'invalid', id, why: `invalid sip message: ${why}` };
  }
  if (message.status !== undefined) {
    if (!transactionId) return { kind: 'invalid', id, why: 'transaction id missing' };
    return { kind: 'response', id, transactionId, message };
  }
  if (dialogId) return { kind: 'dialog-request', id, dialogId, message };
  if (!transactionId) return { kind: 'new-request', id, message, routeUri };
  if (message.method === 'CANCEL') return { kind: 'cancel', id, transactionId, message };
  return { kind: 'unsupported', id };
}

/** What the server says about a SIP message besides its text. */
export interface MessageMeta {
  readonly source: 'network' | 'application';
  readonly bytes: number;
  readonly host: string;
  readonly port: number;
  /** UDP when absent. */
  readonly transport?: 'udp' | 'tcp';
}

const timeOfDay = (): string => `${new Date().toISOString().slice(11, 23)}000`;

function metaFields({ source, bytes, host, port, transport }: MessageMeta): string {
  return `${source}|${bytes}|${transport ?? 'udp'}|${host}|${port}|${timeOfDay()}`;
}

/** The answer to a message: `rest` begins with OK, NOK or NO. */
export function replyLine(id: string, rest: string): string {
  return `${randomUUID()}|response|${id}|${rest}`;
}

/** `OK...` for a request that has been sent. */
export function requestSent(meta: MessageMeta, transactionId: string, raw: string): string {
  return `OK|${metaFields(meta)}|${transactionId}|Msg sent:|\r\n${raw}`;
}

/** `OK...` for a response that has been sent. */
export function responseSent(
  meta: MessageMeta,
  transactionId: string,
  dialogId: string,
  raw: string,
): string {
  return `OK|${metaFields(meta)}|${transactionId}|${dialogId}||Msg sent:|\r\n${raw}`;
}

/**
 * A SIP message for the application.
 *
 * @param receivedOn `ip|port|` for a request outside a dialog, else ''
 */
export function sipForClient(
  meta: MessageMeta,
  transactionId: string,
  dialogId: string,
  raw: string,
  receivedOn = '',
): string {
  const ids = `${transactionId}|${dialogId}|${receivedOn}`;
  return `${randomUUID()}|sip|${metaFields(meta)}|${ids}\r\n${raw}`;
}
