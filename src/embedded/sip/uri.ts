/**
 * SIP URIs and the address lists that carry them: the little of RFC 3261 section 25 that an agent
 * needs in order to find a next hop, a remote target and a route set.
 *
 * It reads; it never rewrites. A URI that it does not understand is `undefined`, not an exception,
 * because what to do then depends on who sent it.
 */
import type { SipAddress } from './message.js';

/** A SIP or SIPS URI taken apart; `host` keeps the brackets of an IPv6 literal off. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  readonly user?: string;
  readonly host: string;
  readonly port?: number;
  /** URI parameters with lower-case names; a parameter without value maps to ''. */
  readonly params: ReadonlyMap<string, string>;
}

const URI =
  /^(sips?):(?:([^@\s<>]*)@)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?((?:;[^?\s<>]*)?)(?:\?\S*)?$/i;

/**
 * Takes a SIP URI apart.
 *
 * @param uri without angle brackets, such as `sip:bob@192.0.2.1:5070;transport=udp`
 * @returns undefined for other schemes, a host that is no host, or a port above 65535
 * Source: RFC 3261 section 19.1.1.
 */
export function parseSipUri(uri: string): SipUri | undefined {
  const parts = URI.exec(uri.trim());
  if (!parts) return undefined;
  const [, scheme = '', user, host = '', port, params = ''] = parts;
  if (port !== undefined && (Number(port) > 65535 || Number(port) === 0)) return undefined;
  return {
    scheme: scheme.toLowerCase() === 'sips' ? 'sips' : 'sip',
    ...(user === undefined ? {} : { user }),
    host: host.replace(/^\[|\]$/g, ''),
    ...(port === undefined ? {} : { port: Number(port) }),
    params: parseParams(params),
  };
}

const DEFAULT_PORT = 5060;

/**
 * The next hop for a URI: its host and port, by the transport that it names.
 *
 * @returns undefined for transports that are not spoken here (TLS, SCTP, WebSocket)
 */
export function uriHop({
  scheme,
  host,
  port = DEFAULT_PORT,
  params,
}: SipUri): SipAddress | undefined {
  const transport = params.get('transport')?.toLowerCase();
  if (scheme === 'sips') return undefined;
  if (transport === undefined) return { host, port };
  return transport === 'udp' || transport === 'tcp' ? { host, port, transport } : undefined;
}

function parseParams(text: string): Map<string, string> {
  const params = new Map<string, string>();
  for (const part of text.split(';')) {
    if (!part) continue;
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    params.set(name, equals < 0 ? '' : part.slice(equals + 1).trim());
  }
  return params;
}

/**
 * The URI inside an address header value: `"Bob" <sip:bob@x>;tag=1` and `sip:bob@x;tag=1` both
 * give `sip:bob@x`. Without brackets the parameters belong to the header (RFC 3261 section 20.10).
 */
export function addressUri(value: string): string {
  const open = indexOutsideQuotes(value, '<');
  if (open >= 0) {
    const close = value.indexOf('>', open);
    return value.slice(open + 1, close < 0 ? undefined : close).trim();
  }
  return (value.split(';', 1)[0] ?? '').trim();
}

/**
 * One address per entry from header values that may hold several, separated by commas; commas in
 * quoted names and in angle brackets stay.
 */
export function splitAddressList(values: readonly string[]): string[] {
  return values.flatMap((value) => splitOutside(value, ','));
}

function splitOutside(value: string, separator: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let depth = 0;
  let start = 0;
  for (let i = 0; i < value.length; i++) {
    const char = value[i];
    if (quoted && char === '\\') i++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === '<') depth++;
    else if (!quoted && char === '>') depth = Math.max(0, depth - 1);
    else if (!quoted && depth === 0 && char === separator) {
      parts.push(value.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(value.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function indexOutsideQuotes(value: string, wanted: string): number {
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    if (quoted && value[i] === '\\') i++;
    else if (value[i] === '"') quoted = !quoted;
    else if (!quoted && value[i] === wanted) return i;
  }
  return -1;
}

/**
 * A parameter of an address or Via header value, looked for outside quotes and angle brackets only,
 * so that `<sip:x;tag=no>;tag=yes` gives `yes`.
 *
 * @returns undefined when absent, '' when present without a value
 */
export function headerParam(value: string, name: string): string | undefined {
  const [, ...params] = splitOutside(value, ';');
  for (const param of params) {
    const equals = param.indexOf('=');
    const found = (equals < 0 ? param : param.slice(0, equals)).trim().toLowerCase();
    if (found === name) return equals < 0 ? '' : param.slice(equals + 1).trim();
  }
  return undefined;
}
