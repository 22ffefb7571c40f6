/**
 * Who may use the API, and for what. With keys: a bearer key (or `x-api-key`), compared in constant
 * time, its scopes and services. Without: only programs of this machine are meant, so what a web page
 * in somebody's browser can send to a loopback address is refused, name tricks (DNS rebinding)
 * included; an origin of `corsOrigins` may.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { HttpConfig } from '../config/config.js';
import type { ApiScope } from '../config/schema-http.js';
import { RequestProblem } from './problem.js';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** Who sent a request. */
export interface Caller {
  /** Of the key, for the log; absent without keys. */
  readonly name?: string;
  /** Requests a minute at most; 0 = no limit. */
  readonly requestsPerMinute: number;
  can(scope: ApiScope): boolean;
  /** The only services it may touch; undefined = all. */
  readonly services: ReadonlySet<string> | undefined;
}

/** Finds the caller; a refusal is given back, so that whoever is refused can be counted first. */
export type Identify = (request: FastifyRequest) => Caller | RequestProblem;

export function identifier(http: HttpConfig): Identify {
  return http.auth.kind === 'keys' ? byKey(http, http.auth) : byOrigin(http);
}

function byKey(
  { rateLimits }: HttpConfig,
  { keys }: Extract<HttpConfig['auth'], { kind: 'keys' }>,
): Identify {
  const known = keys.map((key) => ({
    digest: Buffer.from(key.sha256, 'hex'),
    caller: {
      name: key.name,
      requestsPerMinute: key.requestsPerMinute ?? rateLimits.perKey,
      can: (scope: ApiScope) => key.scopes.includes(scope) || key.scopes.includes('admin'),
      services: key.services && new Set(key.services),
    },
  }));
  return (request) => {
    const offered = createHash('sha256').update(offeredKey(request)).digest();
    // No short cut: every key is compared, whichever fits.
    const [fit] = known.filter(({ digest }) => timingSafeEqual(digest, offered));
    return (
      fit?.caller ?? new RequestProblem('CBD_REQUEST_UNAUTHORISED', 'A valid API key is needed.')
    );
  };
}

function byOrigin(http: HttpConfig): Identify {
  const names = new Set([...LOOPBACK_NAMES, http.host, hostnameOf(http.publicUrl ?? '')]);
  const anybody: Caller = {
    requestsPerMinute: http.rateLimits.perAddress,
    can: () => true,
    services: undefined,
  };
  return (request) => {
    const { origin } = request.headers;
    const isRenamed = http.isLoopback && !names.has(hostnameOf(`http://${request.headers.host}`));
    const isListed = origin !== undefined && http.corsOrigins.includes(origin);
    const isForeign = origin !== undefined && hostOf(origin) !== request.headers.host;
    const isFromSite = ['cross-site', 'same-site'].includes(headerText(request, 'sec-fetch-site'));
    if (!isRenamed && (isListed || (!isForeign && !isFromSite))) return anybody;
    return new RequestProblem('CBD_REQUEST_FORBIDDEN', 'Not from a web page of another site.');
  };
}

/**
 * What a path asks for, by its pattern. A path that nobody thought of asks for `admin`.
 * @param url the route's pattern, such as `/v1/callbacks/:id`
 */
export function scopeOf(method: string, url: string): ApiScope {
  const isRead = method === 'GET' || method === 'HEAD';
  if (
    /^\/genesys\/[12]\//.test(url) ||
    /^\/v1\/(?:callbacks|numbers|inbound-calls)(?:\/|$)/.test(url)
  ) {
    return isRead ? 'callbacks:read' : 'callbacks:write';
  }
  return (
    PREFIXES.find(([prefix]) => url === prefix || url.startsWith(`${prefix}/`))?.[1] ?? 'admin'
  );
}

const PREFIXES: readonly (readonly [string, ApiScope])[] = [
  ['/v1/agents', 'agents'],
  ['/v1/queues', 'agents'],
  ['/v1/events', 'events'],
  ['/v1/records', 'records'],
  ['/v1/notifications', 'notifications'],
  ['/v1/counters', 'metrics'],
  ['/v1/version', 'callbacks:read'],
  ['/v1/config', 'config'],
  ['/metrics', 'metrics'],
  ['/scxml/session', 'sessions'],
];

/** @throws RequestProblem `CBD_REQUEST_SCOPE` when the key is not for this */
export function checkScope(caller: Caller, request: FastifyRequest): void {
  const scope = scopeOf(request.method, request.routeOptions.url ?? '');
  if (!caller.can(scope)) {
    throw new RequestProblem('CBD_REQUEST_SCOPE', `This key has not the scope ${scope}.`);
  }
  const isForAll = scope === 'admin' || scope === 'config';
  const { service } = request.params as { readonly service?: string };
  if (service === undefined && isForAll && caller.services !== undefined) {
    throw new RequestProblem(
      'CBD_REQUEST_SCOPE',
      'This concerns every service; this key is for some.',
    );
  }
  if (service !== undefined && caller.services?.has(service) === false) {
    throw new RequestProblem('CBD_REQUEST_SCOPE', 'This key is not for this service.');
  }
}

function offeredKey(request: FastifyRequest): string {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '');
  return bearer?.[1] ?? headerText(request, 'x-api-key');
}

function headerText(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
