/**
 * The Orchestration Server's REST paths for SCXML sessions, so that tools written for it work here.
 *
 * Source: Genesys "Orchestration Server, External Interfaces". Not there, and so of our own: the start
 * is answered with `{"sessionid": ID}`, a query with `{"sessionid", "src", "states"}`.
 */

import type { FastifyInstance } from 'fastify';
import type { SessionService } from '../plugin/embedded/session-service.js';
import { decodeHttpEvent } from '../plugin/scxml/session/http-events.js';
import type { Clock } from '../ports.js';
import { readParameters } from './parameters.js';
import { RequestProblem } from './problem.js';

interface Path {
  readonly id: string;
}

type NamedPath = Path & { readonly name: string };

export interface SessionRouteDeps {
  readonly sessions: SessionService;
  readonly clock: Clock;
}

const EVENT_NAME = /^[\p{L}\p{N}_.:-]{1,200}$/u;
/** `idealtime` this far ahead is now: clocks differ. */
const NOW_MS = 1000;
const POSITIVE = 200;
const NEGATIVE = 500;

export function registerSessionRoutes(
  api: FastifyInstance,
  { sessions, clock }: SessionRouteDeps,
): void {
  const tags = ['Plugins'];
  const start = { schema: { tags, summary: 'Start an SCXML session' } };
  api.post('/scxml/session/start', start, async (request) => {
    const { src, idealtime, ...parameters } = fieldsOf(request.body, request.query);
    if (typeof src !== 'string' || src === '')
      throw new RequestProblem('CBD_REQUEST_MISSING_KEY', 'src is the address of the page.');
    if (idealtime !== undefined && !(Number(idealtime) <= clock.nowMs() + NOW_MS))
      throw new RequestProblem(
        'CBD_REQUEST_OPTION',
        'A session starts now: idealtime is not read.',
      );
    const outcome = await sessions.start(src, parameters);
    if (outcome.kind === 'started') return { sessionid: outcome.sessionId };
    if (outcome.kind === 'too-many')
      throw new RequestProblem('CBD_REQUEST_QUEUE_FULL', 'Too many sessions were started here.');
    throw new RequestProblem('CBD_REQUEST_OPTION', outcome.why);
  });

  api.route<{ Params: NamedPath }>({
    method: ['GET', 'POST'],
    url: '/scxml/session/:id/event/:name',
    schema: { tags, summary: 'Send an event to a session' },
    handler: (request) => {
      const { id, name } = request.params;
      const data = fieldsOf(request.body, request.query);
      if (!sessions.raise(id, eventName(name), data)) throw unknownSession();
      return {};
    },
  });

  api.route<{ Params: NamedPath }>({
    method: ['GET', 'POST'],
    url: '/scxml/session/:id/request/:name',
    schema: { tags, summary: 'Ask a session and wait for its answer' },
    handler: async (request, reply) => {
      const { id, name } = request.params;
      const data = fieldsOf(request.body, request.query);
      const outcome = await sessions.request(id, eventName(name), data);
      if (outcome.kind === 'gone') throw unknownSession();
      if (outcome.kind === 'timeout') return reply.code(504).send({ error: 'no answer in time' });
      const { isPositive, status, params } = outcome.response;
      return reply.code(statusOf(isPositive, status)).send(params);
    },
  });

  api.route<{ Params: Path }>({
    method: ['GET', 'POST'],
    url: '/scxml/session/:id/query',
    schema: { tags, summary: 'Where a session stands' },
    handler: (request) => {
      const view = sessions.query(request.params.id);
      if (!view) throw unknownSession();
      return view;
    },
  });

  const terminate = { schema: { tags, summary: 'End a session' } };
  api.post<{ Params: Path }>('/scxml/session/:id/terminate', terminate, (request) => {
    if (!sessions.terminate(request.params.id)) throw unknownSession();
    return {};
  });

  void api.register((scope) => registerBasicHttp(scope, sessions));
}

/** Where the Basic HTTP Event I/O Processor of a page says it is (`_ioprocessors`): any body, as it is. */
function registerBasicHttp(api: FastifyInstance, sessions: SessionService): void {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  const tags = ['Plugins'];
  const event = { schema: { tags, summary: 'Send an event, as the Basic HTTP processor has it' } };
  api.post<{ Params: Path }>('/scxml/session/:id', event, (request) => {
    const { id } = request.params;
    // The other headers are no business of the page; one of them is the key.
    const contentType = request.headers['content-type'];
    const decoded = decodeHttpEvent({
      method: 'POST',
      path: `/scxml/session/${id}`,
      headers: contentType === undefined ? {} : { 'content-type': contentType },
      body: typeof request.body === 'string' ? request.body : '',
    });
    if (!sessions.receive(id, { ...decoded, name: eventName(decoded.name) }))
      throw unknownSession();
    return {};
  });
}

/** Query and body together; what a form says of a variable that was never set is undefined. */
function fieldsOf(body: unknown, query: unknown): Readonly<Record<string, unknown>> {
  const typed = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const texts = new Map([...readParameters(query), ...readParameters(body)]);
  return Object.fromEntries(
    [...texts].map(([name, text]) => {
      const value: unknown = name in typed ? typed[name] : text;
      return [name, value === 'undefined' ? undefined : value];
    }),
  );
}

function eventName(name: string): string {
  if (EVENT_NAME.test(name)) return name;
  throw new RequestProblem('CBD_REQUEST_MALFORMED', 'This is no name of an event.');
}

function statusOf(isPositive: boolean, status: number | undefined): number {
  if (status !== undefined && Number.isInteger(status) && status >= 200 && status <= 599)
    return status;
  return isPositive ? POSITIVE : NEGATIVE;
}

function unknownSession(): RequestProblem {
  return new RequestProblem(
    'CBD_REQUEST_UNKNOWN_SESSION',
    'There is no such session, or not any more.',
  );
}
