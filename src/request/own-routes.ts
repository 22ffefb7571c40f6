/**
 * Our own paths beside GMS': callbacks page by page, one with its attempts, its whole story. Read only; a callback
 * is started and cancelled through GMS' paths, so that there is one way to do it.
 */

import type { FastifyInstance } from 'fastify';
import type { CallbackRecord, JournalStep } from '../schedule/callback-store.js';
import type { Hold } from '../schedule/hold-reason.js';
import type { ApiDeps } from './callback-api.js';
import {
  toAttemptView,
  toCallbackView,
  type AttemptView,
  type CallbackView,
} from './callback-view.js';
import { ladderOf, mediaOf, type LadderLine, type MediaLine } from './ladder.js';
import { cursorOf, filterOf, idOfCursor, type CallbackFilter } from './paging.js';
import { checkFilter } from './named-service.js';
import { RequestProblem, shownValue } from './problem.js';
import {
  answers,
  CALLBACK_DOCUMENT,
  CALLBACK_FILTERS,
  CALLBACK_PAGE,
  onlyThese,
  PAGING,
  params,
  STORY,
} from './schemas.js';

export interface CallbackDocument {
  readonly callback: CallbackView & { readonly heldBecause?: Hold };
  readonly attempts: readonly AttemptView[];
}

/** The document of `dialback trace`. */
export interface StoryDocument {
  readonly id: string;
  readonly serviceName: string;
  readonly customerNumber: string;
  readonly state: CallbackRecord['state'];
  /** Once it is COMPLETED. */
  readonly reason?: CallbackRecord['reason'];
  readonly steps: readonly JournalStep[];
  readonly attempts: readonly AttemptView[];
  /** SIP, message by message. */
  readonly ladder: readonly LadderLine[];
  /** What was played, heard and bridged. */
  readonly media: readonly MediaLine[];
}

interface PageQuery extends CallbackFilter {
  readonly limit: number;
  readonly cursor?: string;
}

interface Path {
  readonly id: string;
}

export function registerOwnRoutes(api: FastifyInstance, deps: ApiDeps): void {
  const { store } = deps;

  const page = {
    tags: ['Callbacks'],
    summary: 'Callbacks, the newest desired times first',
    querystring: onlyThese({ ...CALLBACK_FILTERS, ...PAGING }),
    response: answers('One page.', CALLBACK_PAGE),
  };
  api.get<{ Querystring: PageQuery }>('/v1/callbacks', { schema: page }, async ({ query }) => {
    const { limit, cursor } = query;
    const after = cursor === undefined ? {} : { after: idOfCursor(cursor) };
    await checkFilter(deps, query.service, (serviceName) => store.find({ serviceName, limit: 1 }));
    const found = await store.find({ ...filterOf(query), ...after, limit: limit + 1 });
    const callbacks = found.slice(0, limit);
    const last = found.length > limit ? callbacks.at(-1) : undefined;
    return {
      callbacks: callbacks.map(toCallbackView),
      ...(last && { next: cursorOf(last.id) }),
    };
  });

  const one = {
    tags: ['Callbacks'],
    summary: 'One callback with its attempts',
    params: params('id'),
    response: answers('The callback.', CALLBACK_DOCUMENT),
  };
  api.get<{ Params: Path }>(
    '/v1/callbacks/:id',
    { schema: one },
    async (request): Promise<CallbackDocument> => {
      const record = await callbackWith(request.params.id);
      const held = deps.heldBecause?.(record);
      const callback = { ...toCallbackView(record), ...(held && { heldBecause: held }) };
      return { callback, attempts: await attemptsOf(record.id) };
    },
  );

  const story = {
    tags: ['Callbacks'],
    summary: 'The whole story of a callback: every decision, SIP message and sound',
    params: params('id'),
    response: answers('The story.', STORY),
  };
  api.get<{ Params: Path }>(
    '/v1/callbacks/:id/story',
    { schema: story },
    async (request): Promise<StoryDocument> => {
      const record = await callbackWith(request.params.id);
      const { id, serviceName, customerNumber, state, reason } = record;
      const [steps, attempts, trail] = await Promise.all([
        store.story(id),
        attemptsOf(id),
        store.trail(id),
      ]);
      const ladder = ladderOf(attempts, trail);
      return {
        ...{ id, serviceName, customerNumber, state, ...(reason && { reason }) },
        ...{ steps, attempts, ladder, media: mediaOf(attempts, trail) },
      };
    },
  );

  const counters = {
    tags: ['Operation'],
    summary: 'How often what has happened since the start',
    response: answers('By name.', { type: 'object', additionalProperties: { type: 'integer' } }),
  };
  api.get('/v1/counters', { schema: counters }, () => deps.counters?.all() ?? {});

  const metrics = { tags: ['Operation'], summary: 'For Prometheus', produces: ['text/plain'] };
  api.get('/metrics', { schema: metrics }, async (_request, reply) => {
    if (!deps.metrics) throw new RequestProblem('CBD_REQUEST_UNKNOWN_PATH', 'No metrics are kept.');
    void reply.type(deps.metrics.contentType);
    return reply.serializer(String).send(await deps.metrics.text());
  });

  const version = {
    tags: ['Operation'],
    summary: 'Name and version',
    response: answers('Ours.', {
      type: 'object',
      properties: { name: { type: 'string' }, version: { type: 'string' } },
    }),
  };
  api.get('/v1/version', { schema: version }, () => ({
    name: 'dialback',
    version: deps.version ?? 'unknown',
  }));

  async function attemptsOf(id: string): Promise<AttemptView[]> {
    return (await store.attempts(id)).map(toAttemptView);
  }

  async function callbackWith(id: string): Promise<CallbackRecord> {
    const record = await store.get(id);
    if (record !== undefined) return record;
    throw new RequestProblem('CBD_REQUEST_UNKNOWN_CALLBACK', 'There is no such callback.', {
      fault: { field: 'id', value: shownValue(id), rule: 'the id of a callback' },
    });
  }
}
