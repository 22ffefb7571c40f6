/**
 * Where plugins answer and act: the reply, and the call that a plugin elsewhere holds. No API key opens
 * these paths but the session's own token, 128 bits in the path; what has none is told nothing.
 *
 * 404: no such session, or a token that does not fit. 409: the session is over, or the call is. 400: not
 * as documented, the call stays with the plugin. 413: larger than any reply.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ControlOutcome } from '../plugin/call-control.js';
import type { DeskVisitor, ReplyDesk } from '../plugin/reply-desk.js';
import type { Log } from '../ports.js';
import { RequestProblem } from './problem.js';

export interface PluginRouteDeps {
  readonly desk: ReplyDesk;
  readonly log: Log;
}

const BODY_MAX_BYTES = 16 * 1024;

interface Path {
  readonly session: string;
  readonly token: string;
}

export function registerPluginRoutes(api: FastifyInstance, deps: PluginRouteDeps): void {
  // Some send JSON under any name; what it is shows when it is read.
  api.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  api.setErrorHandler((error: unknown, request, reply) => {
    const { statusCode = 500 } =
      error instanceof RequestProblem
        ? { statusCode: error.status }
        : (error as { statusCode?: number });
    if (statusCode >= 500) {
      deps.log.error({ path: pathOf(request.url), error: String(error) }, 'failed');
      return answer(reply, { status: 500, body: { error: 'PLUGIN_INTERNAL' } });
    }
    deps.log.warn({ path: pathOf(request.url), statusCode }, 'request of a plugin refused');
    return answer(reply, statusCode === 413 ? TOO_LARGE : MALFORMED);
  });

  const described = (summary: string) => ({
    bodyLimit: BODY_MAX_BYTES,
    schema: {
      tags: ['Plugins'],
      summary,
      description: 'The token in the path is the key.',
      security: [],
    },
  });
  api.post<{ Params: Path }>(
    '/plugin/:session/:token/reply',
    described('Reply of a plugin'),
    (request, reply) => {
      const visitor = find(deps, request);
      return answer(reply, 'status' in visitor ? visitor : visitor.reply(request.body));
    },
  );
  api.post<{ Params: Path & { readonly operation: string } }>(
    '/plugin/:session/:token/call/:operation',
    described('Act on the call that a plugin holds'),
    async (request, reply) => {
      const visitor = find(deps, request);
      if ('status' in visitor) return answer(reply, visitor);
      const { control } = visitor;
      return answer(
        reply,
        control ? await control.perform(request.params.operation, request.body) : NO_CALL,
      );
    },
  );
}

const TOO_LARGE: ControlOutcome = {
  status: 413,
  body: { error: 'REPLY_TOO_LONG', message: `at most ${BODY_MAX_BYTES} bytes` },
};
const MALFORMED: ControlOutcome = {
  status: 400,
  body: { error: 'REPLY_MALFORMED', message: 'a form, or a JSON object' },
};
const NO_CALL: ControlOutcome = {
  status: 409,
  body: { error: 'CALL_NONE', message: 'this plugin was given no call' },
};
const OVER: ControlOutcome = {
  status: 409,
  body: { error: 'REPLY_TOO_LATE', message: 'this session is over' },
};
const UNKNOWN: ControlOutcome = {
  status: 404,
  body: { error: 'PLUGIN_UNKNOWN', message: 'there is no such session' },
};

/** For the log; the token is never written anywhere. */
function pathOf(url: string): string {
  return url.replace(/^(\/plugin\/[^/]+\/)[^/?]+/, '$1...').slice(0, 120);
}

function answer(reply: FastifyReply, { status, body }: ControlOutcome): FastifyReply {
  return reply.code(status).send(body);
}

function find(
  { desk, log }: PluginRouteDeps,
  request: FastifyRequest<{ Params: Path }>,
): DeskVisitor | ControlOutcome {
  const found = desk.find(request.params.session, request.params.token);
  if (typeof found === 'object') return found.visitor;
  log.warn({ path: pathOf(request.url), found }, 'request of a plugin without effect');
  return found === 'over' ? OVER : UNKNOWN;
}
