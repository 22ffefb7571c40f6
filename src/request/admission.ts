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
import type { AcceptLimits, AdmitResult, CounterLimit } from '../schedule/admission-limits.js';
import type { NewCallback } from '../schedule/callback-store.js';
import { CUSTOMER_NUMBER } from './callback-request.js';
import { RequestProblem } from './problem.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** "Already has two callbacks in queue": a third is refused. */
const IN_QUEUE_MAX = 2;
const QUEUE_FULL_RETRY_SECONDS = 60;

/** @param values of the parameters that are throttled, as far as the request has them */
export function acceptLimits(
  service: ServiceConfig,
  callback: NewCallback,
  values: ReadonlyMap<string, string>,
): AcceptLimits {
  const { request } = service;
  return {
    counters: [...windows(service, callback), ...daily(service, callback, values)],
    queuedMax: request.maxQueuedCallbacks,
    sameNumberQueuedMax: request.refusesThirdInQueue ? IN_QUEUE_MAX : undefined,
    sameNumberOpenMax: request.openPerNumberMax,
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
  { name, request }: ServiceConfig,
  { customerNumber, createdAtMs }: NewCallback,
  values: ReadonlyMap<string, string>,
): CounterLimit[] {
  // The tests of GMS show a roll-over at the change of date, not 24 hours.
  const endsAtMs = (Math.floor(createdAtMs / DAY_MS) + 1) * DAY_MS;
  return request.throttleParameters.flatMap((parameter) => {
    // The number that will be dialled, however it was written and whatever a header says.
    const value = parameter === CUSTOMER_NUMBER ? customerNumber : values.get(parameter);
    if (value === undefined) return [];
    const key = keyOf('requests', name, parameter, value);
    return [{ key, max: request.throttleParametersLimit, endsAtMs }];
  });
}

/** Of a fixed length, and without a customer's number in it. */
function keyOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** What the client is told. */
export function refusalOf(
  refusal: Exclude<AdmitResult, { ok: true }>,
  nowMs: number,
): RequestProblem {
  switch (refusal.why) {
    case 'counter':
      return new RequestProblem(
        'CBD_REQUEST_THROTTLED',
        'Too many requests for this service or number.',
        { retryAfterSeconds: Math.max(1, Math.ceil((refusal.endsAtMs - nowMs) / 1000)) },
      );
    case 'queue-full':
      return queueFull('The queue of this service is full.');
    case 'number-in-queue':
      return queueFull('This number is in the queue twice already.');
    case 'number-open':
      return queueFull('There are enough callbacks for this number already.');
  }
}

function queueFull(message: string): RequestProblem {
  return new RequestProblem('CBD_REQUEST_QUEUE_FULL', message, {
    retryAfterSeconds: QUEUE_FULL_RETRY_SECONDS,
  });
}
