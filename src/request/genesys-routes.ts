/**
 * The paths of GMS' callback services, as its clients use them: start, reschedule, cancel, query, and
 * the lists of the administrator. Source: GMS "Callback Services API".
 *
 * An answer of 200 to a start or a cancel means that it is on disk.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServiceConfig } from '../config/config.js';
import {
  CALLBACK_STATES,
  StoreError,
  type CallbackQuery,
  type CallbackRecord,
  type CallbackState,
  type CancelledBy,
  type CancelResult,
} from '../schedule/callback-store.js';
import { acceptLimits, refusalOf } from './admission.js';
import type { ApiDeps } from './callback-api.js';
import {
  CUSTOMER_NUMBER,
  numberForLookup,
  parseCallbackRequest,
  parseReschedule,
} from './callback-request.js';
import { toGenesysView, type GenesysView } from './callback-view.js';
import { parseIsoTime } from './desired-time.js';
import { readParameters, type Parameters } from './parameters.js';
import { RequestProblem } from './problem.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Default window of the list by queue. */
const LIST_BACK_MS = 15 * MINUTE_MS;
const LIST_AHEAD_MS = 24 * HOUR_MS;
const LIST_MAX = 1000;
const BULK_CANCEL_MAX = 1000;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

type Query = Readonly<Record<string, string | string[] | undefined>>;

interface ServicePath {
  readonly service: string;
}
interface CallbackPath extends ServicePath {
  readonly id: string;
}

export function registerGenesysRoutes(api: FastifyInstance, deps: ApiDeps): void {
  const { store, clock } = deps;
  api.post<{ Params: ServicePath }>('/genesys/1/service/callback/:service', (request) =>
    startCallback(deps, request),
  );

  api.put<{ Params: CallbackPath }>('/genesys/1/service/callback/:service/:id', async (request) => {
    const service = serviceNamed(deps, request.params.service);
    const record = await callbackOf(deps, request.params);
    const parameters = readParameters(request.body);
    const changes = parseReschedule(service, parameters, record, {
      nowMs: clock.nowMs(),
      everywhere: deps.everywhere,
    });
    const result = await store.reschedule(record.id, changes);
    if (!result.ok && result.why === 'too-late') throw tooLate('changed');
    if (!result.ok) throw unknownCallback();
    return toGenesysView(result.record);
  });

  api.delete<{ Params: CallbackPath }>(
    '/genesys/1/service/callback/:service/:id',
    async (request) => {
      const { id } = await callbackOf(deps, request.params);
      const result = await cancel(deps, id, 'customer');
      if (result === 'too-late') throw tooLate('cancelled');
      if (result === 'unknown') throw unknownCallback();
      return { _id: id };
    },
  );

  api.get<{ Querystring: Query }>('/genesys/1/service/callback', (request) =>
    queryCallbacks(deps, request.query),
  );

  api.get<{ Querystring: Query }>('/genesys/1/admin/callback/queues', (request) =>
    listQueues(deps, request.query),
  );

  api.get<{ Querystring: Query }>('/genesys/1/admin/callback/watermarks', async (request) => {
    const { open } = await store.stats();
    const asked = textList(request.query['service_name']);
    const names = asked.length > 0 ? asked : Object.keys(deps.config.services);
    const services = Object.fromEntries(
      names.map((name) => [
        name,
        open
          .filter(({ serviceName, state }) => serviceName === name && state !== 'SCHEDULED')
          .reduce((sum, { count }) => sum + count, 0),
      ]),
    );
    return { services, total: Object.values(services).reduce((sum, count) => sum + count, 0) };
  });

  api.post('/genesys/1/admin/callback/cancel', async (request) => {
    const ids = idsOf(request.body);
    const results: [string, CancelResult][] = [];
    for (const id of ids) results.push([id, await cancel(deps, id, 'admin')]);
    return { results: Object.fromEntries(results) };
  });
}

async function startCallback(
  deps: ApiDeps,
  request: FastifyRequest<{ Params: ServicePath }>,
): Promise<GenesysView> {
  const { store, clock, random, log } = deps;
  const service = serviceNamed(deps, request.params.service);
  const parameters = readParameters(request.body);
  const context = { id: random.uuid(), nowMs: clock.nowMs(), everywhere: deps.everywhere };
  const { callback, ignored } = parseCallbackRequest(service, parameters, context);
  const key = idempotencyKey(request, service.name);
  // At once: a busy disk would make each request wait for its deadline.
  if (!store.isWritable) throw new StoreError('STORE_FAILED', 'The store takes no writes now.');
  const limits = acceptLimits(service, callback, throttled(service, parameters, request));
  const admitted = await store.admit(callback, limits, key);
  if (!admitted.ok) throw refusalOf(admitted, context.nowMs);
  const { record } = admitted;
  if (ignored.length > 0) log.warn({ callbackId: record.id, ignored }, 'parameters without effect');
  log.info({ callbackId: record.id, service: service.name, state: record.state }, 'accepted');
  deps.poke();
  if (record.desiredAtMs > record.createdAtMs) return { _id: record.id };
  // What GMS' mobile clients show after an immediate, user-terminated request.
  return {
    _id: record.id,
    _action: 'ConfirmationDialog',
    _text: 'You will receive the call shortly',
    _ok_title: 'Ok',
    _dialog_id: '0',
  };
}

/** `_enable_throttle_header_parameters`: a header goes before a parameter of the same name. */
function throttled(
  { request: { throttleParameters, throttlesByHeader } }: ServiceConfig,
  parameters: Parameters,
  { headers }: FastifyRequest,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const name of throttleParameters) {
    const header = throttlesByHeader ? headers[name.toLowerCase()] : undefined;
    const value = typeof header === 'string' ? header : parameters.get(name);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

async function cancel(deps: ApiDeps, id: string, by: CancelledBy): Promise<CancelResult> {
  const result = await deps.store.requestCancel(id, by, deps.clock.nowMs());
  // The mark on disk stops the next dial should no session be there to be told.
  if (result === 'asked') deps.cancelLive(id, by);
  if (result === 'asked' || result === 'cancelled') {
    deps.log.info({ callbackId: id, by, result }, 'cancel requested');
  }
  return result;
}

async function queryCallbacks(deps: ApiDeps, query: Query): Promise<GenesysView[]> {
  const returnedKeys = commaList(query['returned-keys']);
  const id = firstText(query['_id']);
  if (id !== undefined) {
    const record = await deps.store.get(id);
    return record === undefined ? [] : [toGenesysView(record, returnedKeys)];
  }
  const known = new Set(
    Object.values(deps.config.services).flatMap(({ request }) => request.lookupKeys),
  );
  const keys = Object.keys(query).filter((key) => key === CUSTOMER_NUMBER || known.has(key));
  if (keys.length === 0) {
    throw new RequestProblem('CBD_REQUEST_MISSING_KEY', 'invalid option: _id or a lookup key.');
  }
  const base = { ...readStates(firstText(query['_callback_state'])), limit: LIST_MAX };
  const found = new Map<string, CallbackRecord>();
  for (const lookup of lookupsOf(deps, query, keys)) {
    for (const record of await deps.store.find({ ...base, ...lookup }))
      found.set(record.id, record);
  }
  return [...found.values()].map((record) => toGenesysView(record, returnedKeys));
}

/** A number written without `+` means another number in each service's country. */
function lookupsOf(deps: ApiDeps, query: Query, keys: readonly string[]): CallbackQuery[] {
  const others = keys.filter((key) => key !== CUSTOMER_NUMBER);
  const lookupKeys = Object.fromEntries(others.map((key) => [key, firstText(query[key]) ?? '']));
  const written = firstText(query[CUSTOMER_NUMBER]);
  if (written === undefined) return [{ lookupKeys }];
  // A `+` that was not escaped arrives as a blank.
  const number = written.startsWith(' ') ? `+${written.slice(1)}` : written;
  const services = Object.values(deps.config.services);
  const numbers = new Set(services.map((service) => numberForLookup(service, number)));
  return [...numbers].map((customerNumber) => ({ lookupKeys, customerNumber }));
}

async function listQueues(
  deps: ApiDeps,
  query: Query,
): Promise<Readonly<Record<string, readonly GenesysView[]>>> {
  const nowMs = deps.clock.nowMs();
  const target = firstText(query['target']);
  const records = await deps.store.find({
    ...readStates(firstText(query['states'])),
    ...(target === undefined ? {} : { serviceName: target }),
    desiredFromMs: readTime(query, 'start_time') ?? nowMs - LIST_BACK_MS,
    desiredToMs: readTime(query, 'end_time') ?? nowMs + LIST_AHEAD_MS,
    limit: LIST_MAX,
  });
  const names = target === undefined ? Object.keys(deps.config.services) : [target];
  const lists = new Map<string, GenesysView[]>(names.map((name) => [name, []]));
  for (const record of records) {
    const list = lists.get(record.serviceName) ?? [];
    list.push(toGenesysView(record));
    lists.set(record.serviceName, list);
  }
  return Object.fromEntries(lists);
}

/** `QUEUED,ROUTING` or, with `!` before each, everything else. */
function readStates(text: string | undefined): Pick<CallbackQuery, 'states' | 'notStates'> {
  if (text === undefined || text === '') return {};
  const words = text.split(',').map((word) => word.trim());
  const states = words.filter((word) => !word.startsWith('!')).map(toState);
  const notStates = words
    .filter((word) => word.startsWith('!'))
    .map((word) => toState(word.slice(1)));
  return {
    ...(states.length === 0 ? {} : { states }),
    ...(notStates.length === 0 ? {} : { notStates }),
  };
}

function toState(word: string): CallbackState {
  const state = CALLBACK_STATES.find((known) => known === word.toUpperCase());
  if (state !== undefined) return state;
  throw new RequestProblem(
    'CBD_REQUEST_MALFORMED',
    `A callback state is one of ${CALLBACK_STATES.join(', ')}.`,
  );
}

function readTime(query: Query, name: string): number | undefined {
  const text = firstText(query[name]);
  if (text === undefined) return undefined;
  const atMs = parseIsoTime(text.replace(/ (\d\d:?\d\d)$/, '+$1'));
  if (atMs !== undefined) return atMs;
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `${name} is an ISO 8601 time with zone.`);
}

function idsOf(body: unknown): string[] {
  const ids: unknown = typeof body === 'object' && body !== null && 'ids' in body ? body.ids : [];
  const isList = Array.isArray(ids) && ids.every((id): id is string => typeof id === 'string');
  if (isList && ids.length <= BULK_CANCEL_MAX) return ids;
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `ids is a list of ${BULK_CANCEL_MAX} at most.`);
}

function idempotencyKey(request: FastifyRequest, serviceName: string): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return `${serviceName}/${key}`;
  throw new RequestProblem('CBD_REQUEST_MALFORMED', 'Idempotency-Key has 1 to 200 characters.');
}

function serviceNamed(deps: ApiDeps, name: string): ServiceConfig {
  const { services } = deps.config;
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service !== undefined) return service;
  throw new RequestProblem('CBD_REQUEST_UNKNOWN_SERVICE', 'There is no such service.');
}

async function callbackOf(deps: ApiDeps, path: CallbackPath): Promise<CallbackRecord> {
  const record = await deps.store.get(path.id);
  if (record === undefined || record.serviceName !== path.service) throw unknownCallback();
  return record;
}

function unknownCallback(): RequestProblem {
  return new RequestProblem('CBD_REQUEST_UNKNOWN_CALLBACK', 'There is no such callback.');
}

function tooLate(what: string): RequestProblem {
  return new RequestProblem('CBD_REQUEST_TOO_LATE', `This callback cannot be ${what} any more.`);
}

function firstText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function textList(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function commaList(value: string | string[] | undefined): string[] {
  return textList(value).flatMap((text) => text.split(',').map((word) => word.trim()));
}
