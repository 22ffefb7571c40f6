/**
 * The paths of GMS' callback services, as its clients use them: start, reschedule and cancel here, looking
 * and the administrator's in files of their own. Source: GMS "Callback Services API".
 *
 * An answer of 200 to a start or a cancel means that it is on disk.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServiceConfig } from '../config/config.js';
import { StoreError, type CallbackRecord } from '../schedule/callback-store.js';
import { acceptLimits, numberLimits, refusalOf } from './admission.js';
import type { ApiDeps } from './callback-api.js';
import {
  desiredTimeIn,
  fingerprintOf,
  parseCallbackRequest,
  parseReschedule,
} from './callback-request.js';
import { parseIsoTime } from './desired-time.js';
import { withFreeTimes } from './free-times.js';
import { toGenesysView, type GenesysView } from './callback-view.js';
import { cancelCallback } from './cancel-callbacks.js';
import { registerGenesysAdmin } from './genesys-admin.js';
import { registerGenesysAvailability } from './genesys-availability.js';
import { registerGenesysCalendar } from './genesys-calendar.js';
import { registerGenesysPhone } from './genesys-phone.js';
import { registerGenesysPosition } from './genesys-position.js';
import { registerGenesysQueries } from './genesys-query.js';
import {
  BODY_TYPES,
  CALLBACK_PATH,
  CANCEL_QUERY,
  CHANGE_BODY,
  ERRORS,
  RECORD,
  SERVICE_PATH,
  START_BODY,
  STARTED,
  TAGS,
} from './genesys-schemas.js';
import { serviceNamed } from './named-service.js';
import { readParameters, type Parameters } from './parameters.js';
import { RequestProblem, shownValue } from './problem.js';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

interface ServicePath {
  readonly service: string;
}
interface CallbackPath extends ServicePath {
  readonly id: string;
}

export function registerGenesysRoutes(api: FastifyInstance, deps: ApiDeps): void {
  registerGenesysQueries(api, deps);
  registerGenesysAdmin(api, deps);
  registerGenesysAvailability(api, deps);
  registerGenesysCalendar(api, deps);
  registerGenesysPhone(api);
  registerGenesysPosition(api, deps);

  api.post<{ Params: ServicePath }>(
    '/genesys/1/service/callback/:service',
    {
      schema: {
        ...{ tags: TAGS, summary: 'Start or schedule a callback', consumes: BODY_TYPES },
        description:
          'Parameters whose name begins with `_` control the callback, all others are user data kept with it. With `Idempotency-Key` a repeated request makes no second callback.',
        ...{ params: SERVICE_PATH, body: START_BODY, response: { 200: STARTED, ...ERRORS } },
      },
    },
    (request) => offeringTimes(deps, request, () => startCallback(deps, request)),
  );

  api.put<{ Params: CallbackPath }>(
    '/genesys/1/service/callback/:service/:id',
    {
      schema: {
        ...{ tags: TAGS, summary: 'Reschedule or change a callback', consumes: BODY_TYPES },
        description: 'Everything is optional. An empty text deletes a key of the user data.',
        ...{ params: CALLBACK_PATH, body: CHANGE_BODY, response: { 200: RECORD, ...ERRORS } },
      },
    },
    (request) => offeringTimes(deps, request, () => changeCallback(deps, request)),
  );

  api.delete<{ Params: CallbackPath }>(
    '/genesys/1/service/callback/:service/:id',
    {
      schema: {
        ...{ tags: TAGS, summary: 'Cancel a callback', params: CALLBACK_PATH },
        ...{ querystring: CANCEL_QUERY, response: { 200: STARTED, ...ERRORS } },
      },
    },
    async (request) => {
      const { id } = await callbackOf(deps, request.params);
      const result = await cancelCallback(deps, id, 'customer');
      if (result === 'too-late') throw tooLate('cancelled');
      if (result === 'unknown') throw unknownCallback(id);
      return { _id: id };
    },
  );
}

/** Whoever asks for a time that cannot be had is told of free ones near it. */
async function offeringTimes<T>(
  deps: ApiDeps,
  request: FastifyRequest<{ Params: ServicePath }>,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const wantedMs = parseIsoTime(desiredTimeIn(readParameters(request.body)) ?? '');
    const nearMs = Math.max(deps.clock.nowMs(), wantedMs ?? 0);
    const service = serviceNamed(deps, request.params.service);
    throw await withFreeTimes(error, service, deps.config, deps.store, nearMs);
  }
}

async function changeCallback(
  deps: ApiDeps,
  request: FastifyRequest<{ Params: CallbackPath }>,
): Promise<GenesysView> {
  const { store, clock } = deps;
  const service = serviceNamed(deps, request.params.service);
  const record = await callbackOf(deps, request.params);
  const parameters = readParameters(request.body);
  const nowMs = clock.nowMs();
  const changes = parseReschedule(service, parameters, record, {
    ...{ nowMs, everywhere: deps.everywhere, times: deps.config },
  });
  const { customerNumber, lookupKeys } = changes;
  const now = { ...record, createdAtMs: nowMs };
  const keys = { ...record.lookupKeys, ...lookupKeys };
  const asNew = customerNumber && { ...now, customerNumber, lookupKeys: keys };
  const { dayZone } = deps.config.dialling;
  const limits = asNew && numberLimits(service, asNew, now, dayZone);
  const result = await store.reschedule(record.id, { ...changes, ...(limits && { limits }) });
  if (!result.ok && result.why === 'too-late') throw tooLate('changed');
  if (!result.ok && result.why === 'unknown') throw unknownCallback(record.id);
  if (!result.ok) throw refusalOf(result, service, asNew || record, new Map());
  return toGenesysView(result.record);
}

async function startCallback(
  deps: ApiDeps,
  request: FastifyRequest<{ Params: ServicePath }>,
): Promise<GenesysView> {
  const { store, clock, random, log } = deps;
  const service = serviceNamed(deps, request.params.service);
  const parameters = readParameters(request.body);
  const key = idempotencyKey(request, service.name);
  // First of all: what was right the first time may be too late by now.
  const before = key && (await store.acceptedBefore(key, fingerprintOf(service.name, parameters)));
  if (before) return startedView(before);
  const context = {
    id: random.uuid(),
    nowMs: clock.nowMs(),
    everywhere: deps.everywhere,
    times: deps.config,
  };
  const { callback, slot, ignored } = parseCallbackRequest(service, parameters, context);
  // At once: a busy disk would make each request wait for its deadline.
  if (!store.isWritable) throw new StoreError('STORE_FAILED', 'The store takes no writes now.');
  const values = throttled(service, parameters, request);
  const { dayZone } = deps.config.dialling;
  const limits = acceptLimits(service, callback, values, dayZone, slot);
  const admitted = await store.admit(callback, limits, key);
  if (!admitted.ok) throw refusalOf(admitted, service, callback, values);
  const { record } = admitted;
  if (ignored.length > 0) log.warn({ callbackId: record.id, ignored }, 'parameters without effect');
  log.info({ callbackId: record.id, service: service.name, state: record.state }, 'accepted');
  deps.poke();
  return startedView(record);
}

function startedView(record: CallbackRecord): GenesysView {
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

function idempotencyKey(request: FastifyRequest, serviceName: string): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return `${serviceName}/${key}`;
  const rule = '1 to 200 printable characters without blanks';
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `Idempotency-Key has ${rule}.`, {
    fault: { field: 'idempotency-key', value: shownValue(key), rule },
  });
}

async function callbackOf(deps: ApiDeps, path: CallbackPath): Promise<CallbackRecord> {
  const record = await deps.store.get(path.id);
  if (record === undefined || record.serviceName !== path.service) {
    throw unknownCallback(path.id);
  }
  return record;
}

function unknownCallback(id: string): RequestProblem {
  return new RequestProblem('CBD_REQUEST_UNKNOWN_CALLBACK', 'There is no such callback.', {
    fault: { field: 'id', value: shownValue(id), rule: '`_id` of a callback of this service' },
  });
}

function tooLate(what: string): RequestProblem {
  return new RequestProblem('CBD_REQUEST_TOO_LATE', `This callback cannot be ${what} any more.`);
}
