/** Notices that wait or were given up, and sending the latter once more. */
import type { FastifyInstance } from 'fastify';
import type { Notice } from '../schedule/notices.js';
import type { ApiDeps } from './callback-api.js';
import { cursorOf, idOfCursor } from './paging.js';
import { answers, PAGING, timeMs } from './schemas.js';

const TAGS = ['Notifications'];
const REPLAY_MAX = 1000;

const NOTICE = {
  type: 'object',
  properties: {
    id: { type: 'string', description: 'As in the header `webhook-id`.' },
    callbackId: { type: 'string' },
    serviceName: { type: 'string' },
    event: { type: 'string' },
    target: { type: 'string' },
    sequence: { type: 'integer' },
    createdAtMs: timeMs,
    nextAtMs: timeMs,
    deliveryCount: { type: 'integer' },
    deliveriesMax: { type: 'integer' },
    isDead: { type: 'boolean', description: 'Given up.' },
    why: { type: 'string', description: 'What came of the latest delivery.' },
  },
};

interface Query {
  readonly dead: boolean;
  readonly callback?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export function registerNotificationRoutes(api: FastifyInstance, deps: ApiDeps): void {
  const { store, clock } = deps;
  const list = {
    tags: TAGS,
    summary: 'Notices that were given up, or that wait; oldest first',
    querystring: {
      type: 'object',
      properties: {
        dead: { type: 'boolean', default: true, description: 'false: those that wait.' },
        callback: { type: 'string', maxLength: 200 },
        ...PAGING,
      },
    },
    response: answers('One page.', {
      type: 'object',
      properties: { notices: { type: 'array', items: NOTICE }, next: { type: 'string' } },
    }),
  };
  api.get<{ Querystring: Query }>('/v1/notifications', { schema: list }, async ({ query }) => {
    const { dead, callback, limit, cursor } = query;
    const found = await store.findNotices({
      isDead: dead,
      ...(callback !== undefined && { callbackId: callback }),
      ...(cursor !== undefined && { after: idOfCursor(cursor) }),
      limit: limit + 1,
    });
    const notices = found.slice(0, limit);
    const last = found.length > limit ? notices.at(-1) : undefined;
    return { notices, ...(last && { next: cursorOf(last.id) }) };
  });

  const replay = {
    tags: TAGS,
    summary: 'Send notices that were given up once more',
    description: 'Their targets are switched on again. Without `ids`, the oldest 1,000.',
    body: {
      type: ['object', 'null'],
      additionalProperties: false,
      properties: {
        ids: {
          type: 'array',
          maxItems: REPLAY_MAX,
          items: { type: 'string', minLength: 1, maxLength: 200 },
        },
      },
    },
    response: answers('So many are on their way.', {
      type: 'object',
      properties: { replayed: { type: 'integer' } },
    }),
  };
  api.post<{ Body: { readonly ids?: readonly string[] } | null | undefined }>(
    '/v1/notifications/replay',
    { schema: replay },
    async ({ body }) => {
      const wanted = body?.ids && new Set(body.ids);
      const dead: Notice[] = [];
      for (;;) {
        const after = dead.at(-1)?.id;
        const limit = REPLAY_MAX;
        const page = await store.findNotices({ isDead: true, limit, ...(after && { after }) });
        dead.push(...page);
        if (page.length < REPLAY_MAX || !wanted) break;
      }
      const chosen = dead.filter(({ id }) => wanted?.has(id) ?? true).slice(0, REPLAY_MAX);
      const atMs = clock.nowMs();
      await store.settleNotices(chosen.map(({ id }) => ({ id, kind: 'replay', atMs })));
      deps.pokeNotifier?.();
      return { replayed: chosen.length };
    },
  );
}
