/** For load balancers and supervisors, which have no key and learn nothing here but yes and no. */
import type { FastifyInstance } from 'fastify';
import type { ApiDeps } from './callback-api.js';

const CHECKS = {
  type: 'object',
  properties: {
    ok: { type: 'boolean' },
    checks: { type: 'object', additionalProperties: { type: 'boolean' } },
    owedEnds: {
      type: 'integer',
      description:
        'Callbacks that are over and whose end the store has not taken yet; tried again.',
    },
  },
} as const;

export function registerHealthRoutes(
  api: FastifyInstance,
  { isReady, checks, owedEnds }: Pick<ApiDeps, 'isReady' | 'checks' | 'owedEnds'>,
): void {
  const livez = {
    summary: 'The process lives',
    tags: ['Operation'],
    security: [],
    response: { 200: { description: 'It does.', type: 'object', properties: CHECKS.properties } },
  };
  api.get('/livez', { schema: livez }, () => ({ ok: true }));

  const readyz = {
    summary: 'A callback could be dialled now',
    description:
      'The store can be written, a signalling and a media server are connected, and the service does not end.',
    tags: ['Operation'],
    security: [],
    response: {
      200: { description: 'Ready.', ...CHECKS },
      503: { description: 'Not ready: send requests to another node.', ...CHECKS },
    },
  };
  api.get('/readyz', { schema: readyz }, (_request, reply) => {
    const ok = isReady();
    const told = { ...(checks && { checks: checks() }), ...(owedEnds && { owedEnds: owedEnds() }) };
    return reply.code(ok ? 200 : 503).send({ ok, ...told });
  });
}
