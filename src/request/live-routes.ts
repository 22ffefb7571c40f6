/**
 * What happens now, as server-sent events, and stopping it: pausing a service or everything. A paused
 * service takes requests and dials nobody.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { EventStream, NumberedEvent } from '../report/event-stream.js';
import { ALL_SERVICES } from '../schedule/pauses.js';
import type { ApiDeps } from './callback-api.js';
import { currentCaller } from './guarded-routes.js';
import { serviceNamed } from './named-service.js';
import { RequestProblem } from './problem.js';
import { answers, params } from './schemas.js';

const LISTENERS_MAX = 200;
/** What may wait for a reader; who is slower than that is cut off and comes back with `Last-Event-ID`. */
const BACKLOG_MAX_BYTES = 256 * 1024;
const HEARTBEAT_MS = 15_000;
const RELOADED = 'reloaded';
const TAGS = ['Live'];

const PAUSED = {
  type: 'object',
  properties: {
    everything: { type: 'boolean' },
    services: { type: 'array', items: { type: 'string' } },
  },
};

export function registerLiveRoutes(api: FastifyInstance, deps: ApiDeps): void {
  const { events } = deps;
  if (events) registerStream(api, deps, events);

  const pausedNow = async () => {
    const names = await deps.store.paused();
    const everything = names.includes(ALL_SERVICES);
    return { everything, services: names.filter((name) => name !== ALL_SERVICES) };
  };
  const set = async (service: string, isPaused: boolean) => {
    await deps.store.setPaused(service, isPaused, deps.clock.nowMs());
    const type = isPaused ? 'paused' : 'resumed';
    events?.publish({ type, data: service === ALL_SERVICES ? {} : { service } });
    deps.log.warn({ service, by: currentCaller()?.name }, type);
    deps.poke();
    return pausedNow();
  };
  const response = answers('What is paused now.', PAUSED);
  const shown = { tags: TAGS, summary: 'What is paused', response };
  api.get('/v1/pause', { schema: shown }, pausedNow);
  for (const [word, isPaused, does] of [
    ['pause', true, 'Dial nobody'],
    ['resume', false, 'Dial again what was paused'],
  ] as const) {
    const description =
      'Kept through restarts, and true for every node. Requests are taken; callbacks that are due are PAUSED; calls in the air go on.';
    const all = { tags: TAGS, summary: `${does}, of any service`, description, response };
    api.post(`/v1/${word}`, { schema: all }, () => set(ALL_SERVICES, isPaused));
    const one = { ...all, summary: `${does}, of one service`, params: params('service') };
    api.post<{ Params: { readonly service: string } }>(
      `/v1/services/:service/${word}`,
      { schema: one },
      (request) => set(serviceNamed(deps, request.params.service).name, isPaused),
    );
  }
}

function registerStream(api: FastifyInstance, deps: ApiDeps, events: EventStream): void {
  const schema = {
    tags: TAGS,
    summary: 'What happens, as it happens (server-sent events)',
    description:
      'Events `accepted`, `step`, `ended` (without a step), `cancelled`, `rescheduled`, `paused`, `resumed`, `reloaded`, each with JSON. After `reloaded` the stream ends, so that keys are looked at anew. With `Last-Event-ID` the stream goes on after that event; when that is not kept any more, the event `reset` says so and what is shown has to be read anew.',
    headers: {
      type: 'object',
      properties: { 'last-event-id': { type: 'string', maxLength: 200 } },
    },
    produces: ['text/event-stream'],
    response: { 200: { description: 'A stream without an end.', type: 'string' } },
  };
  api.get('/v1/events', { schema }, (request, reply) => {
    if (events.listenerCount >= LISTENERS_MAX) {
      throw new RequestProblem('CBD_REQUEST_QUEUE_FULL', 'Too many listen already.', {
        retryAfterSeconds: 10,
      });
    }
    const services = currentCaller()?.services;
    const isSeen = ({ service }: NumberedEvent): boolean =>
      service === undefined || services === undefined || services.has(service);
    const lastId = request.headers['last-event-id'];
    const missed = typeof lastId === 'string' ? events.since(lastId) : [];
    const stream = streamOf(deps, events, isSeen);
    stream.push(missed === undefined ? 'event: reset\ndata: {}\n\n' : ': hello\n\n');
    for (const event of missed ?? []) if (isSeen(event)) stream.push(textOf(event));
    return reply
      .headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      .type('text/event-stream')
      .send(stream);
  });
}

function streamOf(
  { clock, log }: ApiDeps,
  events: EventStream,
  isSeen: (event: NumberedEvent) => boolean,
): Readable {
  let cancelBeat = () => {};
  const stream = new Readable({
    read: () => undefined,
    destroy(error, done) {
      unlisten();
      cancelBeat();
      done(error);
    },
  });
  const push = (text: string): void => {
    stream.push(text);
    if (stream.readableLength <= BACKLOG_MAX_BYTES) return;
    log.warn({ waitingBytes: stream.readableLength }, 'a reader of events is too slow: cut off');
    stream.destroy();
  };
  const beat = (): void => {
    push(': still here\n\n');
    cancelBeat = clock.after(HEARTBEAT_MS, beat);
  };
  const unlisten = events.listen((event) => {
    if (isSeen(event)) push(textOf(event));
    // Its key may not be valid any more: who still has one comes back and has missed nothing.
    if (event.type === RELOADED) stream.push(null);
  });
  cancelBeat = clock.after(HEARTBEAT_MS, beat);
  return stream;
}

function textOf({ id, type, service, data }: NumberedEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ service, ...data })}\n\n`;
}
