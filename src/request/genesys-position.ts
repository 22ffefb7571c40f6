/**
 * Where a callback stands. Of GMS' answer only `ewt`, a number of seconds, and the position are known;
 * its mobile clients ask with POST.
 */

import type { FastifyInstance } from 'fastify';
import { requestIdOf } from '../handoff/queue-desk.js';
import type { CallbackRecord } from '../schedule/callback-store.js';
import type { ServiceConfig } from '../config/config.js';
import type { QueueOffice } from './queue-routes.js';
import type { ApiDeps } from './callback-api.js';
import { CALLBACK_ID_PATH, ERRORS, QUEUE_POSITION, TAGS } from './genesys-schemas.js';
import { RequestProblem, shownValue } from './problem.js';

interface Position {
  readonly queue: string;
  readonly position: number;
  /** Seconds; null without an estimate. */
  readonly ewt: number | null;
}

export function registerGenesysPosition(api: FastifyInstance, deps: ApiDeps): void {
  api.route<{ Params: { readonly id: string } }>({
    method: ['GET', 'POST'],
    url: '/genesys/1/service/:id/check-queue-position',
    schema: {
      ...{ tags: TAGS, summary: 'Where a callback stands in its queue' },
      description:
        'Of a callback that does not wait for an agent yet: where it would stand if it came now.',
      ...{ params: CALLBACK_ID_PATH, response: { 200: QUEUE_POSITION, ...ERRORS } },
    },
    handler: async ({ params: { id } }): Promise<Position> => {
      const record = await deps.store.get(id);
      const position =
        record && record.state !== 'COMPLETED'
          ? (inLine(deps, record) ?? atTheEnd(deps, record))
          : undefined;
      if (position !== undefined) return position;
      const rule = 'a callback that waits, of a service with a queue';
      throw new RequestProblem('CBD_REQUEST_UNKNOWN_CALLBACK', `This is not ${rule}.`, {
        fault: { field: 'id', value: shownValue(id), rule },
      });
    },
  });
}

function inLine({ queues }: ApiDeps, { id, flowState }: CallbackRecord): Position | undefined {
  const queueId = flowState?.context.queued?.queueId;
  const standing = queueId === undefined ? undefined : queues?.standing(requestIdOf(id, queueId));
  if (standing === undefined) return undefined;
  return { queue: standing.queue, position: standing.position, ewt: seconds(standing.ewtMs) };
}

function atTheEnd({ queues, config }: ApiDeps, record: CallbackRecord): Position | undefined {
  const end = behindAll(queues, config.services[record.serviceName]);
  return end && { queue: end.queue, position: end.position, ewt: seconds(end.ewtMs) };
}

/** Where a customer of a service would stand who came now. */
export function behindAll(
  queues: Pick<QueueOffice, 'queues'> | undefined,
  service: Pick<ServiceConfig, 'search'> | undefined,
):
  { readonly queue: string; readonly position: number; readonly ewtMs: number | null } | undefined {
  const name = service?.search.steps[0]?.queue;
  const queue = queues?.queues().find((one) => one.name === name);
  if (queue === undefined) return undefined;
  const position = queue.waiting + queue.ahead + 1;
  return { queue: queue.name, position, ewtMs: queue.ewtMs };
}

function seconds(ms: number | null | undefined): number | null {
  return typeof ms === 'number' ? Math.round(ms / 1000) : null;
}
