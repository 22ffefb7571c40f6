/**
 * Queues and agents over HTTP: how they stand, and the one thing that can be set, an agent's state.
 * Logging in is being set ready or not-ready, logging out is being set logged-out.
 */
import type { FastifyInstance } from 'fastify';
import { nearestName } from '../config/nearest-name.js';
import type { QueueDesk } from '../handoff/queue-desk.js';
import type { AgentView, QueueView } from '../handoff/queue/views.js';
import type { AgentWish } from '../handoff/queue/vocabulary.js';
import { RequestProblem, shownValue } from './problem.js';
import { AGENT, AGENT_REASON_MAX, AGENT_WISH, answers, list, params, QUEUE } from './schemas.js';

export type QueueOffice = Pick<QueueDesk, 'agents' | 'setAgent' | 'kept' | 'queues' | 'standing'>;

/** Shown to people, and logged. */
const REASON = new RegExp(`^[^\\p{C}]{1,${AGENT_REASON_MAX}}$`, 'u');
const STATES: readonly AgentWish[] = ['ready', 'not-ready', 'logged-out'];

interface Path {
  readonly name: string;
}

export function registerQueueRoutes(api: FastifyInstance, desk: QueueOffice): void {
  const tags = ['Agents and queues'];
  const agents = { tags, summary: 'All agents', response: answers('Now.', list('agents', AGENT)) };
  api.get('/v1/agents', { schema: agents }, () => ({ agents: desk.agents() }));

  const agent = {
    tags,
    summary: 'One agent',
    params: params('name'),
    response: answers('Now.', AGENT),
  };
  api.get<{ Params: Path }>('/v1/agents/:name', { schema: agent }, ({ params }): AgentView =>
    entry(desk.agents(), params.name, 'agent'),
  );

  // A conversation goes on: the answer says what holds now, and in `next` what will.
  const set = {
    tags,
    summary: 'Log an agent in or out, or make them ready',
    params: params('name'),
    body: AGENT_WISH,
    response: answers('What holds now, and in `next` what will.', AGENT),
  };
  // What is wrong with a state is said by `wishIn`.
  const put = { schema: set, attachValidation: true };
  api.put<{ Params: Path; Body: unknown }>(
    '/v1/agents/:name',
    put,
    async ({ params, body }): Promise<AgentView> => {
      const { state, reason } = wishIn(body);
      const { name } = entry(desk.agents(), params.name, 'agent');
      const agent = desk.setAgent(name, state, reason);
      if (agent !== undefined) {
        await desk.kept(name);
        return agent;
      }
      const message = `${name} is not in the configuration any more and leaves after this call.`;
      throw new RequestProblem('CBD_REQUEST_TOO_LATE', message);
    },
  );

  const queues = { tags, summary: 'All queues', response: answers('Now.', list('queues', QUEUE)) };
  api.get('/v1/queues', { schema: queues }, () => ({ queues: desk.queues() }));

  const queue = {
    tags,
    summary: 'One queue',
    params: params('name'),
    response: answers('Now.', QUEUE),
  };
  api.get<{ Params: Path }>('/v1/queues/:name', { schema: queue }, ({ params }): QueueView =>
    entry(desk.queues(), params.name, 'queue'),
  );
}

const UNKNOWN = {
  agent: 'CBD_REQUEST_UNKNOWN_AGENT',
  queue: 'CBD_REQUEST_UNKNOWN_QUEUE',
} as const;

function entry<T extends { readonly name: string }>(
  all: readonly T[],
  name: string,
  kind: keyof typeof UNKNOWN,
): T {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = all.map((one) => one.name);
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  throw new RequestProblem(UNKNOWN[kind], `There is no such ${kind}.${hint}`, {
    fault: { field: 'name', value: shownValue(name), rule: `a name under \`${kind}s\`` },
  });
}

function wishIn(body: unknown): { state: AgentWish; reason: string | undefined } {
  const of = (key: string): unknown =>
    typeof body === 'object' && body !== null ? Reflect.get(body, key) : undefined;
  const state = STATES.find((one) => one === of('state'));
  if (state === undefined) throw badWish('state', of('state'), `one of ${STATES.join(', ')}`);
  const reason = of('reason');
  if (reason === undefined || reason === null) return { state, reason: undefined };
  if (typeof reason === 'string' && REASON.test(reason)) return { state, reason };
  const rule = `a text of at most ${AGENT_REASON_MAX} characters, without control characters`;
  throw badWish('reason', reason, rule);
}

function badWish(field: string, value: unknown, rule: string): RequestProblem {
  return new RequestProblem('CBD_REQUEST_OPTION', `\`${field}\` has to be ${rule}.`, {
    fault: { field, ...(value !== undefined && { value: shownValue(value) }), rule },
  });
}
