/**
 * Everything that stands between the listener and a route that needs a key, in this order: who sends
 * it, is there room for one more request of theirs, may they, is the same request being worked on
 * already. Routes declared in the scope that this is given can leave none of it out.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpConfig } from '../config/config.js';
import { checkScope, identifier, type Caller } from './access.js';
import { RequestProblem } from './problem.js';

const MINUTE_MS = 60_000;
/** Callers counted at a time; the longest silent is forgotten first. */
const COUNTED_MAX = 10_000;
const CORS_SECONDS = 600;
const METHODS = 'GET, POST, PUT, DELETE';
const HEADERS = 'authorization, x-api-key, content-type, idempotency-key, last-event-id';
/** Of answers, what a page may read besides the usual: the next page, and when to come back. */
const EXPOSED = 'link, retry-after';

const current = new AsyncLocalStorage<Caller>();

/** The caller of the request being handled, if it may not see all services; undefined outside of one. */
export function currentCaller(): Caller | undefined {
  return current.getStore();
}

/** @param http asked for each request: keys, limits and origins may change while running */
export async function guardRoutes(scope: FastifyInstance, http: () => HttpConfig): Promise<void> {
  let known = http();
  let identify = identifier(known);
  const callers = new WeakMap<FastifyRequest, Caller | RequestProblem>();
  const callerOf = (request: FastifyRequest): Caller | undefined => {
    const found = callers.get(request);
    return found instanceof RequestProblem ? undefined : found;
  };

  scope.addHook('onRequest', (request, _reply, next) => {
    const now = http();
    if (now !== known) [known, identify] = [now, identifier(now)];
    callers.set(request, identify(request));
    next();
  });
  const limitOf = (request: FastifyRequest): number =>
    callerOf(request)?.requestsPerMinute ?? known.rateLimits.perAddress;
  // Its hook comes after those of the scope, and before the next phase, where refusals are made.
  await scope.register(rateLimit, {
    timeWindow: MINUTE_MS,
    cache: COUNTED_MAX,
    max: limitOf,
    allowList: (request) => limitOf(request) === 0,
    keyGenerator: (request) => {
      const name = callerOf(request)?.name;
      return name === undefined ? addressOf(request) : `key ${name}`;
    },
    errorResponseBuilder: (_request, { ttl, max }) =>
      new RequestProblem('CBD_REQUEST_RATE', `At most ${max} requests a minute.`, {
        retryAfterSeconds: Math.ceil(ttl / 1000),
      }),
  });
  scope.addHook('preParsing', (request, _reply, _payload, next) => {
    const caller = callers.get(request);
    if (caller instanceof RequestProblem) throw caller;
    if (caller) checkScope(caller, request);
    next();
  });
  scope.addHook('preHandler', (request, _reply, next) => {
    const caller = callerOf(request);
    // The first of these costs every promise of the process something from then on (Node 20).
    if (caller?.services !== undefined) current.run(caller, next);
    else next();
  });
  refuseTwins(scope, (request) => callerOf(request)?.name ?? '');
}

/** IPv6: whoever has one address of a /64 has them all. */
function addressOf({ ip }: FastifyRequest): string {
  if (!ip.includes(':') || ip.startsWith('::ffff:')) return ip;
  const [head = '', tail] = ip.split('::');
  const groups = head.split(':');
  const filled = tail === undefined ? groups : [...groups, '0', '0', '0', '0'];
  return filled.slice(0, 4).join(':');
}

/**
 * A request with the `Idempotency-Key` of one that is still being worked on is refused: nobody knows
 * yet what to answer (draft-ietf-httpapi-idempotency-key-header-07, 2.7). Afterwards the store knows.
 */
function refuseTwins(scope: FastifyInstance, nameOf: (request: FastifyRequest) => string): void {
  const inFlight = new Set<string>();
  const keys = new WeakMap<FastifyRequest, string>();
  scope.addHook('preHandler', (request, _reply, next) => {
    const header = request.headers['idempotency-key'];
    if (typeof header !== 'string') return next();
    const key = JSON.stringify([nameOf(request), request.method, request.url, header]);
    if (inFlight.has(key)) {
      const message = 'A request with this Idempotency-Key is being worked on.';
      throw new RequestProblem('CBD_REQUEST_IN_FLIGHT', message, { retryAfterSeconds: 1 });
    }
    inFlight.add(key);
    keys.set(request, key);
    next();
  });
  const over = (request: FastifyRequest): void => {
    const key = keys.get(request);
    if (key !== undefined) inFlight.delete(key);
  };
  // A client that went away may have been served all the same: its key is free once the handler is done.
  scope.addHook('onResponse', (request, _reply, next) => {
    over(request);
    next();
  });
}

/**
 * Lets web pages of the configured origins use the API, and browsers ask for it. Others get no such
 * header, and their browser keeps the answer from them.
 */
export function allowOrigins(api: FastifyInstance, http: () => HttpConfig): void {
  api.addHook('onRequest', (request, reply, next) => {
    const { origin } = request.headers;
    if (origin === undefined || !http().corsOrigins.includes(origin)) return next();
    void reply
      .header('access-control-allow-origin', origin)
      .header('access-control-expose-headers', EXPOSED)
      .header('vary', 'origin');
    const isAsking = request.headers['access-control-request-method'] !== undefined;
    if (request.method !== 'OPTIONS' || !isAsking) return next();
    // Answered here: a browser asks without a key.
    void reply
      .headers({
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': HEADERS,
        'access-control-max-age': String(CORS_SECONDS),
      })
      .code(204)
      .send();
  });
}
