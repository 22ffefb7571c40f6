/**
 * The topmost Via of a request: where the sender says it is, and where it really is.
 *
 * Source: RFC 3261 sections 18.2.1 and 18.2.2, RFC 3581.
 */
import { headerParam, splitAddressList } from './uri.js';
import type { SipAddress, SipMessage } from './message.js';

export const DEFAULT_PORT = 5060;
const SENT_BY = /^SIP\s*\/\s*2\.0\s*\/\s*[A-Za-z]+\s+(\[[^\]]+\]|[^\s:;]+)(?:\s*:\s*(\d{1,5}))?/i;

/** Host and port of a Via value; undefined when it has none. */
export function sentBy(via: string): { host: string; port?: number } | undefined {
  const parts = SENT_BY.exec(via);
  if (!parts) return undefined;
  const host = (parts[1] ?? '').replace(/^\[|\]$/g, '');
  return parts[2] === undefined ? { host } : { host, port: Number(parts[2]) };
}

/**
 * Writes `received` and `rport` into the topmost Via of a request.
 *
 * @returns where its responses go: over UDP the source port only if the sender asked for it with
 *     `rport`, over TCP the connection that it came by
 */
export function markSource(request: SipMessage, source: SipAddress): SipAddress {
  const header = request.headers.find(([name]) => name.toLowerCase() === 'via');
  const [top = '', ...rest] = splitAddressList(header ? [header[1]] : []);
  const sender = sentBy(top);
  const wantsPort = headerParam(top, 'rport') !== undefined;
  let via = top;
  if (wantsPort)
    via = via.replace(/;\s*rport(?:\s*=\s*\d*)?(?=\s*(?:;|$))/i, `;rport=${source.port}`);
  if (wantsPort || sender?.host !== source.host) {
    via = `${via.replace(/;\s*received\s*=[^;]*/i, '')};received=${source.host}`;
  }
  if (header) header[1] = [via, ...rest].join(', ');
  if (source.transport === 'tcp') return source;
  return {
    host: source.host,
    port: wantsPort ? source.port : (sender?.port ?? DEFAULT_PORT),
  };
}

/** Names the transport by which a request goes in the Via that its sender has written. */
export function setViaTransport(request: SipMessage, { transport }: SipAddress): void {
  const [top = ''] = request.all('Via');
  request.set(
    'Via',
    top.replace(/^SIP\/2\.0\/\w+/, `SIP/2.0/${transport === 'tcp' ? 'TCP' : 'UDP'}`),
  );
}
