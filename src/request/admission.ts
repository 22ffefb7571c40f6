/**
 * How much room there is for callbacks: GMS' throttling windows, the daily limit for one value of a
 * parameter, the length of the queue, the third callback for one number. Only says what the limits are
 * and what a refusal means; the store counts, in the transaction that accepts the callback, so that
 * requests at the same time cannot pass together and a restart forgets nothing.
 *
 * It never looks at what a request says, only at how many there are.
 * Source: GMS options `_throttle_*`, `_max_queued_callbacks_per_service`, `_enable_in_queue_checking`.
 */
import { createHash } from 'node:crypto';
import type { ServiceConfig } from '../config/config.js';
import type {
  AcceptLimits,
  AdmitResult,
  CounterLimit,
  CounterRefusal,
  SlotLimit,
} from '../schedule/admission-limits.js';
import type { NewCallback } from '../schedule/callback-store.js';
import { DAY_MAX_MS, dayEndMs } from '../schedule/day-end.js';
import { numbersOf } from './alternate-numbers.js';
import { CUSTOMER_NUMBER } from './callback-request.js';
import { RequestProblem, shownNumber, type Fault } from './problem.js';

/** "Already has two callbacks in queue": a third is refused. */
const IN_QUEUE_MAX = 2;
const QUEUE_FULL_RETRY_SECONDS = 60;

/**
 * @param slot that the callback is booked in, when it is
 * @param values of the parameters that are throttled, as far as the request has them
 * @param dayZone IANA name: whose midnight ends the day of daily limits
 */
export function acceptLimits(
  service: ServiceConfig,
  callback: NewCallback,
  values: ReadonlyMap<string, string>,
  dayZone: string,
  slot?: SlotLimit,
): AcceptLimits {
  const { request } = service;
  return {
    counters: [...windows(service, callback), ...daily(service, callback, values, dayZone)],
    queuedMax: request.maxQueuedCallbacks,
    sameNumberQueuedMax: request.refusesThirdInQueue ? IN_QUEUE_MAX : undefined,
    sameNumberOpenMax: request.openPerNumberMax,
    slot,
  };
}

/**
 * What has to have room when a callback gets another number: it could be anybody's otherwise.
 * @param before whose numbers it had
 */
export function numberLimits(
  service: ServiceConfig,
  callback: NewCallback,
  before: NewCallback,
  dayZone: string,
): AcceptLimits {
  const { refusesThirdInQueue, openPerNumberMax } = service.request;
  const had = new Set(daily(service, before, new Map(), dayZone).map(({ key }) => key));
  const all = daily(service, callback, new Map(), dayZone);
  const counters = all.filter(({ key }) => !had.has(key));
  // It stands in line already, under the number that it keeps.
  if (callback.customerNumber === before.customerNumber) return { counters };
  return {
    counters,
    sameNumberQueuedMax: refusesThirdInQueue ? IN_QUEUE_MAX : undefined,
    sameNumberOpenMax: openPerNumberMax,
  };
}

function windows({ name, request }: ServiceConfig, { createdAtMs }: NewCallback): CounterLimit[] {
  return request.throttleWindows.map(({ count, windowMs }, index) => ({
    key: keyOf('requests', name, `window ${index + 1}`),
    max: count,
    endsAtMs: createdAtMs + windowMs,
  }));
}

function daily(
  service: ServiceConfig,
  callback: NewCallback,
  values: ReadonlyMap<string, string>,
  dayZone: string,
): CounterLimit[] {
  const { throttleParametersLimit: max } = service.request;
  // The tests of GMS show a roll-over at the change of date, not 24 hours.
  const day = { endsAtMs: dayEndMs(callback.createdAtMs, dayZone), mayEndLaterMs: DAY_MAX_MS };
  return dailyValues(service, callback, values).map(({ key }) => ({ key, max, ...day }));
}

interface DailyValue {
  readonly parameter: string;
  readonly value: string;
  /** Of its counter. */
  readonly key: string;
}

/** Of the numbers, those that will be dialled, however they were written and whatever a header says. */
function dailyValues(
  { name, request }: ServiceConfig,
  callback: NewCallback,
  values: ReadonlyMap<string, string>,
): DailyValue[] {
  return request.throttleParameters.flatMap((parameter) => {
    const ofParameter = [values.get(parameter) ?? []].flat();
    const limited = parameter === CUSTOMER_NUMBER ? numbersOf(callback) : ofParameter;
    return limited.map((value) => {
      return { parameter, value, key: keyOf('requests', name, parameter, value) };
    });
  });
}

/** Of a fixed length, and without a customer's number in it. */
function keyOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/**
 * What the client is told, in GMS' words where it has any.
 * @param values as `acceptLimits` got them
 */
export function refusalOf(
  refusal: Exclude<AdmitResult, { ok: true }>,
  service: ServiceConfig,
  callback: NewCallback,
  values: ReadonlyMap<string, string>,
): RequestProblem {
  const { name } = service;
  switch (refusal.why) {
    case 'counter':
      return throttled(refusal, service, callback, values);
    case 'queue-full':
      return queueFull(`Limit of queued callbacks for ${name} is reached.`);
    case 'number-in-queue':
      return queueFull('This number is in the queue twice already.', sameNumber(callback));
    case 'slot-full':
      return slotFull();
    case 'number-open':
      return queueFull('There are enough callbacks for this number already.', sameNumber(callback));
  }
}

function throttled(
  { key, endsAtMs }: CounterRefusal,
  service: ServiceConfig,
  callback: NewCallback,
  values: ReadonlyMap<string, string>,
): RequestProblem {
  const retryAfterSeconds = Math.max(1, Math.ceil((endsAtMs - callback.createdAtMs) / 1000));
  const full = windows(service, callback).findIndex((limit) => limit.key === key);
  const window = service.request.throttleWindows[full];
  if (window !== undefined) {
    const said = `Limit of queued callbacks for ${service.name} is reached for interval ${window.windowMs / 1000}s.`;
    return new RequestProblem('CBD_REQUEST_THROTTLED', said, { retryAfterSeconds });
  }
  const { throttleParametersLimit: max } = service.request;
  const refused = dailyValues(service, callback, values).find((one) => one.key === key);
  if (refused === undefined) {
    const said = 'Too many requests for this service or number.';
    return new RequestProblem('CBD_REQUEST_THROTTLED', said, { retryAfterSeconds });
  }
  const { parameter: field } = refused;
  const value = shownNumber(refused.value);
  const said = `Callback for ${field}=${value} rejected because previous callbacks for this parameter were requested for more than ${max} times today.`;
  return new RequestProblem('CBD_REQUEST_THROTTLED', said, {
    retryAfterSeconds,
    fault: { field, value, rule: `at most ${max} a day with the same value` },
  });
}

/** As many as may be are booked for that time. */
function slotFull(): RequestProblem {
  const rule = 'a time for which fewer callbacks are booked';
  return new RequestProblem('CBD_REQUEST_NO_CAPACITY', `_desired_time is not ${rule}.`, {
    fault: { field: '_desired_time', rule },
  });
}

function sameNumber({ customerNumber }: NewCallback): Fault {
  const rule = 'a number that has no more callbacks waiting than are allowed';
  return { field: CUSTOMER_NUMBER, value: shownNumber(customerNumber), rule };
}

function queueFull(message: string, fault?: Fault): RequestProblem {
  const details = { retryAfterSeconds: QUEUE_FULL_RETRY_SECONDS, ...(fault && { fault }) };
  return new RequestProblem('CBD_REQUEST_QUEUE_FULL', message, details);
}
