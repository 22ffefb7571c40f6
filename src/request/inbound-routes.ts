/** Calls from outside that were taken into a queue: listed, and one with its story. Read only. */
import type { FastifyInstance } from 'fastify';
import type { CallbackStore } from '../schedule/callback-store.js';
import type { InboundCallRecord } from '../schedule/inbound-calls.js';
import type { ApiDeps } from './callback-api.js';
import { ladderOf, mediaOf, type LadderLine, type MediaLine } from './ladder.js';
import { checkFilter } from './named-service.js';
import { cursorOf, idOfCursor } from './paging.js';
import { RequestProblem } from './problem.js';
import {
  answers,
  INBOUND_CALL,
  onlyThese,
  INBOUND_FILTERS,
  INBOUND_PAGE,
  PAGING,
  params,
} from './schemas.js';

/** The document of `dialback trace` for a call from outside. */
export interface InboundStoryDocument {
  readonly call: InboundCallRecord;
  /** SIP, message by message, the agents' legs included. */
  readonly ladder: readonly LadderLine[];
  /** What was played, looked for, bridged. */
  readonly media: readonly MediaLine[];
}

interface PageQuery {
  readonly service?: string;
  readonly number?: string;
  readonly callId?: string;
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  readonly cursor?: string;
}

export function registerInboundRoutes(
  api: FastifyInstance,
  deps: {
    readonly store: Pick<CallbackStore, 'inboundCalls' | 'trail'>;
    readonly config: ApiDeps['config'];
  },
): void {
  const { store } = deps;
  const page = {
    tags: ['Records'],
    summary: 'Calls from outside that were taken into a queue, the latest first',
    querystring: onlyThese({ ...INBOUND_FILTERS, ...PAGING }),
    response: answers('One page.', INBOUND_PAGE),
  };
  api.get<{ Querystring: PageQuery }>('/v1/inbound-calls', { schema: page }, async ({ query }) => {
    const { service, number, callId, from, to, limit, cursor } = query;
    await checkFilter(deps, service, (serviceName) =>
      store.inboundCalls({ serviceName, limit: 1 }),
    );
    const found = await store.inboundCalls({
      ...(service !== undefined && { serviceName: service }),
      // A `+` that was not escaped arrives as a blank.
      ...(number !== undefined && { number: number.replace(/^ /, '+') }),
      ...(callId !== undefined && { callId }),
      ...(from !== undefined && { startedFromMs: from }),
      ...(to !== undefined && { startedToMs: to }),
      ...(cursor !== undefined && { before: idOfCursor(cursor) }),
      limit: limit + 1,
    });
    const calls = found.slice(0, limit);
    const last = found.length > limit ? calls.at(-1) : undefined;
    return { calls, ...(last && { next: cursorOf(last.id) }) };
  });

  const story = {
    tags: ['Records'],
    summary: 'The whole story of a call from outside: every SIP message and sound',
    params: params('id'),
    response: answers('The story.', {
      type: 'object',
      properties: {
        call: INBOUND_CALL,
        ladder: { type: 'array', items: { type: 'object' } },
        media: { type: 'array', items: { type: 'object' } },
      },
    }),
  };
  api.get<{ Params: { readonly id: string } }>(
    '/v1/inbound-calls/:id/story',
    { schema: story },
    async ({ params: { id } }): Promise<InboundStoryDocument> => {
      const [call] = await store.inboundCalls({ id, limit: 1 });
      if (!call) throw new RequestProblem('CBD_REQUEST_UNKNOWN_CALLBACK', 'There is no such call.');
      const trail = await store.trail(id);
      return { call, ladder: ladderOf([], trail), media: mediaOf([], trail) };
    },
  );
}
