/**
 * Our own paths beside GMS': one callback with its attempts, and its whole story. Read only; a callback
 * is started and cancelled through GMS' paths, so that there is one way to do it.
 */

import type { FastifyInstance } from 'fastify';
import type { CallbackRecord, JournalStep } from '../schedule/callback-store.js';
import type { ApiDeps } from './callback-api.js';
import {
  toAttemptView,
  toCallbackView,
  type AttemptView,
  type CallbackView,
} from './callback-view.js';
import { ladderOf, mediaOf, type LadderLine, type MediaLine } from './ladder.js';
import { RequestProblem } from './problem.js';

export interface CallbackDocument {
  readonly callback: CallbackView;
  readonly attempts: readonly AttemptView[];
}

/** The document of `dialback trace`. */
export interface StoryDocument {
  readonly id: string;
  readonly steps: readonly JournalStep[];
  readonly attempts: readonly AttemptView[];
  /** SIP, message by message. */
  readonly ladder: readonly LadderLine[];
  /** What was played, heard and bridged. */
  readonly media: readonly MediaLine[];
}

interface Path {
  readonly id: string;
}

export function registerOwnRoutes(api: FastifyInstance, deps: ApiDeps): void {
  const { store } = deps;

  api.get<{ Params: Path }>('/v1/callbacks/:id', async (request): Promise<CallbackDocument> => {
    const record = await callbackWith(request.params.id);
    return { callback: toCallbackView(record), attempts: await attemptsOf(record.id) };
  });

  api.get<{ Params: Path }>('/v1/callbacks/:id/story', async (request): Promise<StoryDocument> => {
    const { id } = await callbackWith(request.params.id);
    const [steps, attempts, trail] = await Promise.all([
      store.story(id),
      attemptsOf(id),
      store.trail(id),
    ]);
    const ladder = ladderOf(attempts, trail);
    return { id, steps, attempts, ladder, media: mediaOf(attempts, trail) };
  });

  api.get('/v1/counters', () => deps.counters?.all() ?? {});

  api.get('/metrics', async (_request, reply) => {
    if (!deps.metrics) throw new RequestProblem('CBD_REQUEST_UNKNOWN_PATH', 'No metrics are kept.');
    void reply.type(deps.metrics.contentType);
    return deps.metrics.text();
  });

  api.get('/v1/version', () => ({ name: 'dialback', version: deps.version ?? 'unknown' }));

  async function attemptsOf(id: string): Promise<AttemptView[]> {
    return (await store.attempts(id)).map(toAttemptView);
  }

  async function callbackWith(id: string): Promise<CallbackRecord> {
    const record = await store.get(id);
    if (record !== undefined) return record;
    throw new RequestProblem('CBD_REQUEST_UNKNOWN_CALLBACK', 'There is no such callback.');
  }
}
