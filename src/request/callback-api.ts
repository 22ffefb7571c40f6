/**
 * The HTTP API: how a callback gets in, is changed, cancelled and looked at. Puts together parsers,
 * limits, access and errors; what the paths do stands in `genesys-routes.ts`, `own-routes.ts` and `queue-routes.ts`.
 *
 * Every error is JSON, `{"exception", "message"}` as GMS has it and our stable code beside it; what was
 * not foreseen is logged and told to nobody.
 */

import {
  fastify,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { DialbackConfig } from '../config/config.js';
import type { ReplyDesk } from '../plugin/reply-desk.js';
import type { SessionService } from '../plugin/embedded/session-service.js';
import type { Clock, Log, Random } from '../ports.js';
import type { CallMetrics } from '../report/call-metrics.js';
import type { EventStream } from '../report/event-stream.js';
import type { Counters } from '../report/counters.js';
import {
  StoreError,
  type CallbackRecord,
  type CallbackStore,
  type CancelledBy,
} from '../schedule/callback-store.js';
import type { Hold } from '../schedule/hold-reason.js';
import type { Everywhere } from './allow-list.js';
import { describeApi } from './api-description.js';
import { addBodyParsers } from './body-parsers.js';
import { registerConfigRoutes, type ConfigOffice } from './config-routes.js';
import { registerGenesysRoutes } from './genesys-routes.js';
import { allowOrigins, currentCaller, guardRoutes } from './guarded-routes.js';
import { registerInboundRoutes } from './inbound-routes.js';
import { registerLiveRoutes } from './live-routes.js';
import { registerNotificationRoutes } from './notification-routes.js';
import { registerRecordRoutes } from './record-routes.js';
import { registerOwnRoutes } from './own-routes.js';
import type { TrunkWatch } from '../dial/trunk-watch.js';
import { registerTrunkRoutes } from './trunk-routes.js';
import { registerQueueRoutes, type QueueOffice } from './queue-routes.js';
import { registerHealthRoutes } from './health-routes.js';
import { registerNumberRoutes } from './number-routes.js';
import { registerPluginRoutes } from './plugin-routes.js';
import { RequestProblem, shownValue } from './problem.js';
import { schemaProblem } from './schema-problem.js';
import { viewOfServices } from './service-view.js';
import { registerSessionRoutes } from './session-routes.js';

const REQUEST_TIMEOUT_MS = 10_000;
/**
 * Node takes the shorter one of its two limits for the head and the longer one for the whole request: a body
 * would get the minute that a head has by default. It looks every 30 s unless told.
 */
const SLOW_CLIENTS = { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 1000 };
const PATH_PART_MAX = 200;
const STORE_RETRY_SECONDS = 5;

export interface ApiDeps {
  readonly store: CallbackStore;
  readonly config: Pick<
    DialbackConfig,
    'services' | 'http' | 'officeHours' | 'capacities' | 'dialling'
  >;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly everywhere?: Everywhere | undefined;
  /** Why a callback is not dialled now. */
  readonly heldBecause?: ((record: CallbackRecord) => Hold | undefined) | undefined;
  /** There is new work for the scheduler. */
  poke(): void;
  /** Tells the session that owns the callback. @returns false when there is none */
  cancelLive(id: string, by: CancelledBy): boolean;
  /** Could a callback be dialled now? For `/readyz`. */
  isReady(): boolean;
  /** What that depends on, each for itself; shown at `/readyz`. */
  readonly checks?: (() => Readonly<Record<string, boolean>>) | undefined;
  /** Ends that the store has not taken yet. */
  readonly owedEnds?: (() => number) | undefined;
  /** Shown live at `/v1/events`. */
  readonly events?: EventStream;
  /** Shown, checked and reloaded at `/v1/config`. */
  readonly configuration?: ConfigOffice;
  /** There is something to deliver again. */
  pokeNotifier?(): void;
  /** PEM texts: HTTPS instead of HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly version?: string;
  /** Shown and set at `/v1/agents` and `/v1/queues`. */
  readonly queues?: QueueOffice;
  /** Shown at `/v1/counters`. */
  readonly counters?: Pick<Counters, 'all'>;
  /** Plugins answer here; without it there are no paths for them. */
  readonly desk?: ReplyDesk | undefined;
  /** SCXML sessions of this process; without it their paths are not there. */
  readonly sessions?: SessionService | undefined;
  /** Ways out; without them their paths are not there. */
  readonly trunks?: Pick<TrunkWatch, 'states'> | undefined;
  /** Served at `/metrics`. */
  readonly metrics?: Pick<CallMetrics, 'text' | 'contentType'>;
}

/** Builds the API; the caller lets it listen and closes it. Further routes may be added before that. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const { maxBodyBytes } = deps.config.http;
  const options = {
    bodyLimit: maxBodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: PATH_PART_MAX },
    forceCloseConnections: true,
    // What comes is what is meant: nothing is cut out of a body to make it fit.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, strictTypes: false } },
    // What is refused before there is a route: a path with a part that is too long, or wrongly escaped.
    frameworkErrors: (error: unknown, _request: FastifyRequest, reply: FastifyReply) =>
      answer(reply, toProblem(error, maxBodyBytes)),
  } as const;
  const api = deps.tls ? withTls(options, deps.tls) : fastify({ ...options, http: SLOW_CLIENTS });

  addBodyParsers(api);
  // Schemas of answers describe them; they cut nothing out of them.
  api.setSerializerCompiler(() => (data) => JSON.stringify(data));
  api.setErrorHandler((error: unknown, request, reply) => {
    const problem = schemaProblem(error, request) ?? toProblem(error, maxBodyBytes);
    if (problem.status >= 500 && !(error instanceof RequestProblem)) {
      // The pattern: in the path itself there may be a number, or a plugin's token.
      const path = request.routeOptions.url;
      deps.log.error({ method: request.method, path, error: String(error) }, 'failed');
    }
    return answer(reply, problem);
  });
  api.setNotFoundHandler((_request, reply) =>
    answer(reply, new RequestProblem('CBD_REQUEST_UNKNOWN_PATH', 'There is no such path.')),
  );
  const http = () => deps.config.http;
  allowOrigins(api, http);
  describeApi(api, deps.version ?? 'unknown');

  void api.register((open, _options, done) => {
    registerHealthRoutes(open, deps);
    done();
  });
  void api.register(async (scope) => {
    await guardRoutes(scope, http);
    const seen: ApiDeps = {
      ...deps,
      get config() {
        return deps.config;
      },
      store: viewOfServices(deps.store, () => currentCaller()?.services),
    };
    registerGenesysRoutes(scope, seen);
    registerOwnRoutes(scope, seen);
    registerInboundRoutes(scope, seen);
    registerNumberRoutes(scope, seen);
    if (deps.queues) registerQueueRoutes(scope, deps.queues);
    if (deps.trunks) registerTrunkRoutes(scope, deps.trunks);
    registerLiveRoutes(scope, seen);
    registerRecordRoutes(scope, seen);
    registerNotificationRoutes(scope, seen);
    if (deps.configuration) registerConfigRoutes(scope, deps.configuration);
    const { sessions, clock } = deps;
    if (sessions) registerSessionRoutes(scope, { sessions, clock });
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

/** The same API on another kind of server: nothing above the socket can tell. */
function withTls(options: object, { cert, key }: NonNullable<ApiDeps['tls']>): FastifyInstance {
  const https = { ...SLOW_CLIENTS, cert, key, minVersion: 'TLSv1.2' } as const;
  return fastify({ ...options, https });
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

function toProblem(error: unknown, maxBodyBytes: number): RequestProblem {
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
  const { statusCode, code, message } = error as Partial<FastifyError>;
  if (statusCode === 413) {
    return new RequestProblem('CBD_REQUEST_TOO_LARGE', `At most ${maxBodyBytes} bytes.`);
  }
  if (statusCode !== undefined && statusCode < 500) {
    return malformed(code, message);
  }
  return new RequestProblem('CBD_INTERNAL', 'Something went wrong here.');
}

/** Of the message only the beginning: it may have the whole path in it. */
function malformed(code = '', message = 'Malformed request.'): RequestProblem {
  const isPath = code === 'FST_ERR_MAX_PARAM_LENGTH' || code === 'FST_ERR_BAD_URL';
  const rule = isPath
    ? `parts of at most ${PATH_PART_MAX} characters, escaped as URLs are`
    : 'JSON or a form, of the type that is named';
  return new RequestProblem('CBD_REQUEST_MALFORMED', shownValue(message), {
    fault: { field: isPath ? 'path' : 'body', rule },
  });
}
