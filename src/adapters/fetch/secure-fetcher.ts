/**
 * HTTP for documents and webhooks, behind the `Fetcher` port. The address is checked where the
 * connection is made, so a name cannot lead elsewhere between a check and its use; each redirect is
 * checked like the first URL. No proxy, no cookie, no compression, no retry: one request is one request.
 */
import { lookup as systemLookup } from 'node:dns';
import { isIP, type BlockList, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { mayReach, parseNetworks } from '../../config/address-policy.js';
import type { FetchAnswer, Fetcher, FetchOrder } from '../../holder/fetcher.js';
import { faultOf, FetchFault } from './fetch-fault.js';
import { readBody } from './read-body.js';

export const FETCH_LIMITS = {
  timeoutMs: 10_000,
  connectMs: 5000,
  bodyBytes: 2 * 1024 * 1024,
  bodyBytesMax: 20 * 1024 * 1024,
  /** Of what we send. */
  requestBytes: 256 * 1024,
  redirects: 3,
  headerBytes: 16 * 1024,
  inAll: 1000,
  perOrigin: 250,
} as const;

const METHODS = new Set(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD']);
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const HEADER_VALUE = /^[\x20-\x7e\x80-\xff\t]{0,4000}$/;
/** Set by the HTTP client, or meant for one hop. Source: RFC 9110 7.6.1. */
const OWN_HEADERS = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-authorization'],
  ...['proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'accept-encoding'],
]);
/** Not told to another origin that the first one leads to. */
const PRIVATE_HEADERS = new Set(['authorization', 'cookie']);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const KEEP_METHOD = new Set([307, 308]);

export interface SecureFetcherOptions {
  /** Asked for every request, so that a reload counts. */
  readonly allowedOrigins: Pick<ReadonlySet<string>, 'has'>;
  /** Networks (`10.0.0.0/8`) that names may lead to besides the Internet; asked likewise. */
  allowedAddresses(): readonly string[];
  /** For tests. */
  readonly lookup?: typeof systemLookup;
}

export interface SecureFetcher extends Fetcher {
  close(): Promise<void>;
}

export function createSecureFetcher(options: SecureFetcherOptions): SecureFetcher {
  const networks = networksOf(options);
  const agent = agentWith(checkedConnector(networks, options.lookup ?? systemLookup));
  const inTurn = limitRunning();
  return {
    async fetch(order) {
      try {
        const { origin } = checkUrl(order.url, options);
        return await inTurn(origin, () => run(order, agent, options));
      } catch (thrown) {
        return faultOf(thrown);
      }
    },
    close: () => agent.destroy(),
  };
}

/** No more at a time than the limits say; the others are refused, not queued. */
function limitRunning() {
  const running = new Map<string, number>();
  let count = 0;
  return async <T>(origin: string, work: () => Promise<T>): Promise<T> => {
    const here = running.get(origin) ?? 0;
    if (count >= FETCH_LIMITS.inAll || here >= FETCH_LIMITS.perOrigin) {
      throw new FetchFault('FETCH_TOO_MANY', `${here} requests to ${origin} are running`);
    }
    running.set(origin, here + 1);
    count += 1;
    try {
      return await work();
    } finally {
      count -= 1;
      const left = (running.get(origin) ?? 1) - 1;
      if (left > 0) running.set(origin, left);
      else running.delete(origin);
    }
  };
}

function agentWith(connect: buildConnector.connector): Agent {
  return new Agent({
    connect,
    maxHeaderSize: FETCH_LIMITS.headerBytes,
    connections: FETCH_LIMITS.perOrigin,
    pipelining: 1,
    keepAliveTimeout: 4000,
  });
}

/** Follows redirects, each checked. @throws FetchFault, and what undici throws */
async function run(
  order: FetchOrder,
  agent: Agent,
  options: SecureFetcherOptions,
): Promise<FetchAnswer> {
  const { timeoutMs, maxRedirects } = limitsOf(order);
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = order.signal ? AbortSignal.any([deadline, order.signal]) : deadline;
  let url = checkUrl(order.url, options);
  let { method = 'GET', body } = order;
  if (!METHODS.has(method)) throw new FetchFault('FETCH_BAD_REQUEST', 'unknown method');
  let headers = checkHeaders(order.headers ?? {});
  if (body !== undefined && Buffer.byteLength(body) > FETCH_LIMITS.requestBytes) {
    throw new FetchFault('FETCH_BAD_REQUEST', `more than ${FETCH_LIMITS.requestBytes} bytes sent`);
  }
  for (let redirects = 0; ; redirects += 1) {
    const answer = await exchange(agent, url, { ...order, method, headers, body }, signal);
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.status) || location === undefined || maxRedirects === 0) {
      return answer;
    }
    if (redirects >= maxRedirects) {
      throw new FetchFault('FETCH_TOO_MANY_REDIRECTS', `more than ${maxRedirects}`);
    }
    const next = checkUrl(resolved(location, url), options);
    if (!KEEP_METHOD.has(answer.status) && method !== 'HEAD') {
      [method, body] = ['GET', undefined];
      headers = without(headers, (name) => name === 'content-type');
    }
    if (next.origin !== url.origin) headers = without(headers, (name) => PRIVATE_HEADERS.has(name));
    url = next;
  }
}

function limitsOf(order: FetchOrder) {
  const { timeoutMs, maxRedirects } = order;
  return {
    timeoutMs: Math.max(1, Math.min(timeoutMs ?? Infinity, FETCH_LIMITS.timeoutMs)),
    maxRedirects: Math.min(maxRedirects ?? Infinity, FETCH_LIMITS.redirects),
  };
}

type Sent = FetchOrder & { readonly method: NonNullable<FetchOrder['method']> };

async function exchange(
  agent: Agent,
  url: URL,
  { method, headers, body, maxBytes }: Sent,
  signal: AbortSignal,
): Promise<Extract<FetchAnswer, { kind: 'answer' }>> {
  const response = await agent.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers: { 'accept-encoding': 'identity', ...headers },
    ...(body === undefined ? {} : { body }),
    signal,
  });
  const limit = Math.min(maxBytes ?? FETCH_LIMITS.bodyBytes, FETCH_LIMITS.bodyBytesMax);
  const answerHeaders = plainHeaders(response.headers);
  const bytes = await readBody(response.body, limit, answerHeaders['content-length']);
  const coding = answerHeaders['content-encoding'] ?? 'identity';
  if (coding !== 'identity' && bytes.length > 0) {
    throw new FetchFault('FETCH_BROKEN', 'the answer is compressed, which was not asked for');
  }
  const { statusCode: status } = response;
  return { kind: 'answer', status, headers: answerHeaders, body: bytes, url: url.href };
}

function checkUrl(text: string, { allowedOrigins }: SecureFetcherOptions): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new FetchFault('FETCH_BAD_URL', 'it is no http or https URL');
  }
  if (url.username !== '' || url.password !== '') {
    throw new FetchFault('FETCH_BAD_URL', 'it holds credentials');
  }
  if (!allowedOrigins.has(url.origin)) {
    throw new FetchFault('FETCH_NOT_ALLOWED', `${url.origin} is not among allowedOrigins`);
  }
  return url;
}

function resolved(location: string, base: URL): string {
  return URL.canParse(location, base.href) ? new URL(location, base).href : location;
}

function checkHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const checked: [string, string][] = [];
  for (const [written, value] of Object.entries(headers)) {
    const name = written.toLowerCase();
    if (!HEADER_NAME.test(name) || OWN_HEADERS.has(name) || !HEADER_VALUE.test(value)) {
      throw new FetchFault('FETCH_BAD_REQUEST', `header ${JSON.stringify(name.slice(0, 40))}`);
    }
    checked.push([name, value]);
  }
  return Object.fromEntries(checked);
}

function without(headers: Record<string, string>, isOut: (name: string) => boolean) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOut(name)));
}

function plainHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const plain = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}

/** The list is made anew only when the configuration's own has changed. */
function networksOf(options: SecureFetcherOptions): () => BlockList {
  let texts: readonly string[] | undefined;
  let list: BlockList;
  return () => {
    const now = options.allowedAddresses();
    if (now !== texts) {
      texts = now;
      list = parseNetworks(now);
    }
    return list;
  };
}

function checkedConnector(
  networks: () => BlockList,
  lookup: typeof systemLookup,
): buildConnector.connector {
  const checked: LookupFunction = (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '');
      const fit = addresses.filter(({ address }) => mayReach(hostname, address, networks()));
      const [first] = fit;
      if (!first) return done(refusedAddress(hostname, addresses[0]?.address), '');
      if (options.all === true) return done(null, fit);
      return done(null, first.address, first.family);
    });
  };
  return buildConnector({ timeout: FETCH_LIMITS.connectMs, lookup: checked });
}

function refusedAddress(host: string, address = ''): FetchFault {
  const which = isIP(address) ? address : 'no address';
  const how = 'list it in allowedAddresses if it is meant';
  return new FetchFault('FETCH_ADDRESS_REFUSED', `${host} leads to ${which}; ${how}`);
}
