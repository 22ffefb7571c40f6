/**
 * The HTTP API: how a callback gets in, is changed, cancelled and looked at. Puts together parsers,
 * limits, access and errors; what the paths do stands in `genesys-routes.ts`, `own-routes.ts` and `queue-routes.ts`.
 *
 * Every error is JSON, `{"exception", "message"}` as GMS has it and our stable code beside it; what was
 * not foreseen is logged and told to nobody.
 */

import { fastify, type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import type { DialbackConfig } from '../config/config.js';
import type { ReplyDesk } from '../plugin/reply-desk.js';
import type { SessionService } from '../plugin/embedded/session-service.js';
import type { Clock, Log, Random } from '../ports.js';
import type { CallMetrics } from '../report/call-metrics.js';
import type { Counters } from '../report/counters.js';
import { StoreError, type CallbackStore, type CancelledBy } from '../schedule/callback-store.js';
import { accessCheck } from './access.js';
import { addBodyParsers } from './body-parsers.js';
import { registerGenesysRoutes } from './genesys-routes.js';
import { registerOwnRoutes } from './own-routes.js';
import { registerQueueRoutes, type QueueOffice } from './queue-routes.js';
import { registerPluginRoutes } from './plugin-routes.js';
import { RequestProblem } from './problem.js';
import { schemaProblem } from './schema-problem.js';
import { registerSessionRoutes } from './session-routes.js';

const BODY_MAX_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const PATH_PART_MAX = 200;
const STORE_RETRY_SECONDS = 5;

export interface ApiDeps {
  readonly store: CallbackStore;
  readonly config: Pick<DialbackConfig, 'services' | 'http'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** There is new work for the scheduler. */
  poke(): void;
  /** Tells the session that owns the callback. @returns false when there is none */
  cancelLive(id: string, by: CancelledBy): boolean;
  /** Could a callback be dialled now? For `/readyz`. */
  isReady(): boolean;
  readonly version?: string;
  /** Shown and set at `/v1/agents` and `/v1/queues`. */
  readonly queues?: QueueOffice;
  /** Shown at `/v1/counters`. */
  readonly counters?: Pick<Counters, 'all'>;
  /** Plugins answer here; without it there are no paths for them. */
  readonly desk?: ReplyDesk | undefined;
  /** SCXML sessions of this process; without it their paths are not there. */
  readonly sessions?: SessionService | undefined;
  /** Served at `/metrics`. */
  readonly metrics?: Pick<CallMetrics, 'text' | 'contentType'>;
}

/** Builds the API; the caller lets it listen and closes it. Further routes may be added before that. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const api = fastify({
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: PATH_PART_MAX },
    forceCloseConnections: true,
  });

  addBodyParsers(api);
  api.setErrorHandler((error: unknown, request, reply) => {
    const problem = schemaProblem(error, request) ?? toProblem(error);
    if (problem.status >= 500 && !(error instanceof RequestProblem)) {
      deps.log.error({ method: request.method, path: request.url, error: String(error) }, 'failed');
    }
    return answer(reply, problem);
  });
  api.setNotFoundHandler((_request, reply) =>
    answer(reply, new RequestProblem('CBD_REQUEST_UNKNOWN_PATH', 'There is no such path.')),
  );

  // Load balancers and supervisors have no key, and learn nothing here.
  api.get('/livez', () => ({ ok: true }));
  api.get('/readyz', (_request, reply) => {
    const isReady = deps.isReady();
    void reply.code(isReady ? 200 : 503);
    return { ok: isReady };
  });

  // Keys may be replaced while running; a key that is withdrawn is refused from then on.
  let { http } = deps.config;
  let checkAccess = accessCheck(http);
  void api.register((scope, _options, done) => {
    scope.addHook('onRequest', (request, _reply, next) => {
      if (deps.config.http !== http) {
        ({ http } = deps.config);
        checkAccess = accessCheck(http);
      }
      checkAccess(request);
      next();
    });
    registerGenesysRoutes(scope, deps);
    registerOwnRoutes(scope, deps);
    if (deps.queues) registerQueueRoutes(scope, deps.queues, deps.store);
    const { sessions, clock } = deps;
    if (sessions) registerSessionRoutes(scope, { sessions, clock });
    done();
  });
  const { desk } = deps;
  if (desk) {
    void api.register((scope, _options, done) => {
      registerPluginRoutes(scope, { desk, log: deps.log });
      done();
    });
  }
  return api;
}

function answer(reply: FastifyReply, problem: RequestProblem): FastifyReply {
  const { retryAfterSeconds } = problem;
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', retryAfterSeconds);
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  const isGenesys = reply.request.url.startsWith('/genesys/');
  return reply
    .code(problem.status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(isGenesys ? problem.toGenesysBody() : problem.toBody());
}

function toProblem(error: unknown): RequestProblem {
  if (error instanceof RequestProblem) return error;
  if (error instanceof StoreError) {
    if (error.code === 'STORE_KEY_REUSED') {
      return new RequestProblem('CBD_REQUEST_KEY_REUSED', error.message);
    }
    return new RequestProblem(
      'CBD_STORE_UNAVAILABLE',
      `The store cannot take it now (${error.code}).`,
      { retryAfterSeconds: STORE_RETRY_SECONDS },
    );
  }
  // fastify's own: malformed JSON, unknown content type, a body past the limit.
  const { statusCode, message } = error as Partial<FastifyError>;
  if (statusCode === 413) {
    return new RequestProblem('CBD_REQUEST_TOO_LARGE', `At most ${BODY_MAX_BYTES} bytes.`);
  }
  if (statusCode !== undefined && statusCode < 500) {
    return new RequestProblem('CBD_REQUEST_MALFORMED', message ?? 'Malformed request.');
  }
  return new RequestProblem('CBD_INTERNAL', 'Something went wrong here.');
}
