/**
 * Whether there is room for one more callback: GMS' throttling windows, the daily limit for one
 * value of a parameter, the length of the queue, the third callback for one number.
 *
 * The windows are counted in memory and start anew with the process; queue lengths come from the
 * store. It never looks at what a request says, only at how many there are.
 * Source: GMS options `_throttle_*`, `_max_queued_callbacks_per_service`, `_enable_in_queue_checking`.
 */

import type { ServiceConfig } from '../config/config.js';
import type { Clock } from '../ports.js';
import type { CallbackState, CallbackStore, NewCallback } from '../schedule/callback-store.js';
import { CUSTOMER_NUMBER } from './callback-request.js';
import type { Parameters } from './parameters.js';
import { RequestProblem } from './problem.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** "Already has two callbacks in queue": a third is refused. */
const IN_QUEUE_MAX = 2;
const IN_QUEUE: readonly CallbackState[] = ['QUEUED', 'ROUTING', 'PAUSED'];
const QUEUE_FULL_RETRY_SECONDS = 60;
/** Counters kept at once; beyond this the oldest go first, expired or not. */
const COUNTER_MAX = 100_000;

interface Counter {
  count: number;
  readonly endsAtMs: number;
}

interface Limit {
  readonly key: string;
  readonly max: number;
  readonly endsAtMs: number;
}

export class Admission {
  readonly #store: Pick<CallbackStore, 'find' | 'stats'>;
  readonly #clock: Clock;
  readonly #counters = new Map<string, Counter>();

  constructor(store: Pick<CallbackStore, 'find' | 'stats'>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Counts the callback when there is room for it.
   * @throws RequestProblem `CBD_REQUEST_THROTTLED` or `CBD_REQUEST_QUEUE_FULL`
   */
  async admit(
    service: ServiceConfig,
    callback: NewCallback,
    parameters: Parameters,
  ): Promise<void> {
    const isDue = callback.desiredAtMs <= callback.createdAtMs;
    if (isDue) await this.#checkQueue(service, callback);
    this.#count(this.#limits(service, callback, parameters));
  }

  /** Counters alive, for tests and metrics. */
  get counterCount(): number {
    return this.#counters.size;
  }

  async #checkQueue(service: ServiceConfig, callback: NewCallback): Promise<void> {
    const [{ open }, same] = await Promise.all([
      this.#store.stats(),
      this.#sameInQueue(service, callback),
    ]);
    const queued = open
      .filter(({ serviceName, state }) => serviceName === service.name && IN_QUEUE.includes(state))
      .reduce((sum, { count }) => sum + count, 0);
    if (queued >= service.request.maxQueuedCallbacks) {
      throw queueFull('The queue of this service is full.');
    }
    if (same.length >= IN_QUEUE_MAX) throw queueFull('This number is in the queue twice already.');
  }

  /** Callbacks of the same number, as far as they matter. */
  async #sameInQueue(service: ServiceConfig, { customerNumber }: NewCallback) {
    if (!service.request.refusesThirdInQueue) return [];
    const { name: serviceName } = service;
    return this.#store.find({ customerNumber, serviceName, states: IN_QUEUE, limit: IN_QUEUE_MAX });
  }

  #limits(service: ServiceConfig, callback: NewCallback, parameters: Parameters): Limit[] {
    const nowMs = this.#clock.nowMs();
    const { throttleWindows, throttleParameters, throttleParametersLimit } = service.request;
    const windows = throttleWindows.map(({ count, windowMs }, index) => ({
      key: JSON.stringify([service.name, index]),
      max: count,
      endsAtMs: nowMs + windowMs,
    }));
    // The tests of GMS show a roll-over at the change of date, not 24 hours.
    const dayEndsAtMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
    const values = throttleParameters.map((name) => ({
      name,
      value: name === CUSTOMER_NUMBER ? callback.customerNumber : parameters.get(name),
    }));
    const daily = values
      .filter(({ value }) => value !== undefined)
      .map(({ name, value }) => ({
        key: JSON.stringify([service.name, name, value]),
        max: throttleParametersLimit,
        endsAtMs: dayEndsAtMs,
      }));
    return [...windows, ...daily];
  }

  /** All or nothing: a refused request uses up no room anywhere. */
  #count(limits: readonly Limit[]): void {
    const nowMs = this.#clock.nowMs();
    for (const { key, max, endsAtMs } of limits) {
      const counter = this.#alive(key, nowMs);
      if ((counter?.count ?? 0) < max) continue;
      const waitMs = (counter?.endsAtMs ?? endsAtMs) - nowMs;
      throw new RequestProblem(
        'CBD_REQUEST_THROTTLED',
        'Too many requests for this service or number.',
        { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) },
      );
    }
    for (const { key, endsAtMs } of limits) {
      const counter = this.#alive(key, nowMs);
      if (counter !== undefined) counter.count += 1;
      else this.#add(key, { count: 1, endsAtMs });
    }
  }

  #alive(key: string, nowMs: number): Counter | undefined {
    const counter = this.#counters.get(key);
    if (counter === undefined || counter.endsAtMs > nowMs) return counter;
    this.#counters.delete(key);
    return undefined;
  }

  #add(key: string, counter: Counter): void {
    if (this.#counters.size >= COUNTER_MAX) {
      const oldest = this.#counters.keys().next();
      if (!oldest.done) this.#counters.delete(oldest.value);
    }
    this.#counters.set(key, counter);
  }
}

function queueFull(message: string): RequestProblem {
  return new RequestProblem('CBD_REQUEST_QUEUE_FULL', message, {
    retryAfterSeconds: QUEUE_FULL_RETRY_SECONDS,
  });
}
