/**
 * From the time that a request asks for to the time at which the callback is due: office hours, the slot it
 * is booked in, the lead before the desired time, the customer's window. Pure. Whether the slot has room is
 * counted by the store, in the transaction that accepts the callback.
 */
import type { ServiceConfig } from '../config/config.js';
import type { SlotLimit } from '../schedule/admission-limits.js';
import type { CallbackRecord } from '../schedule/callback-store.js';
import { bookableSlot, dialTimes, officeTimes, type TimePlans } from '../schedule/dial-times.js';
import { isZoneName } from '../schedule/hours/zone.js';
import { readDesiredTime } from './desired-time.js';
import type { Parameters } from './parameters.js';
import { RequestProblem, shownValue } from './problem.js';

/** The customer's time zone, when the request knows better than the number tells. */
export const CUSTOMER_TIMEZONE = '_customer_timezone';

/** End of a callback whose service sets no `_ttl`: 9999-12-31T23:59:59.999Z. */
export const NEVER_MS = 253_402_300_799_999;

export interface BookedTime {
  readonly desiredAtMs: number;
  readonly expiresAtMs: number;
  /** When it is taken up first. */
  readonly dueAtMs: number;
  /** Present when the customer chose a time. */
  readonly slot?: SlotLimit;
}

/**
 * @param written `_desired_time`; empty or absent = now
 * @param customerNumber E.164
 * @throws RequestProblem `CBD_REQUEST_DESIRED_TIME` or `CBD_REQUEST_CLOSED`
 */
export function bookTime(
  service: ServiceConfig,
  plans: TimePlans,
  written: string | undefined,
  customerNumber: string,
  nowMs: number,
): BookedTime {
  const { time, request } = service;
  const isChosen = written !== undefined && written !== '';
  const rules = { rejectFutureMs: request.rejectFutureMs, refusesPast: time.refusesPast };
  const wantedMs = isChosen ? readDesiredTime(written, nowMs, rules) : nowMs;
  const desiredAtMs = openAt(service, plans, wantedMs, isChosen ? written : undefined);
  const expiresAtMs = expiryOf(service, desiredAtMs);
  const dueAtMs = dueAt(service, plans, { desiredAtMs, expiresAtMs, customerNumber }, nowMs);
  const slot =
    isChosen && desiredAtMs > nowMs ? bookableSlot(service, plans, desiredAtMs) : undefined;
  return { desiredAtMs, expiresAtMs, dueAtMs, ...(slot && { slot }) };
}

/** When a callback is taken up first, milliseconds since the epoch. */
export function dueAt(
  service: ServiceConfig,
  plans: TimePlans,
  {
    desiredAtMs,
    expiresAtMs,
    customerNumber,
  }: Pick<CallbackRecord, 'desiredAtMs' | 'expiresAtMs' | 'customerNumber'>,
  nowMs: number,
): number {
  const { executionBufferMs, connectThresholdMs } = service.time;
  // GMS takes it up before the desired time, by the shorter of the two.
  const leadMs = Math.min(executionBufferMs, connectThresholdMs);
  const isScheduled = desiredAtMs > nowMs;
  const earliestMs = isScheduled ? Math.max(nowMs, desiredAtMs - leadMs) : desiredAtMs;
  // Should nothing open in its life it waits for its end, and a change of the hours may save it.
  return dialTimes(service, plans, customerNumber).nextOpen(earliestMs, expiresAtMs) ?? earliestMs;
}

export function expiryOf(service: ServiceConfig, desiredAtMs: number): number {
  const { ttlMs } = service.options;
  return ttlMs === 0 ? NEVER_MS : desiredAtMs + ttlMs;
}

/** @throws RequestProblem `CBD_REQUEST_OPTION` for a zone that nobody knows */
export function readCustomerTimezone(parameters: Parameters): string | undefined {
  const zone = parameters.get(CUSTOMER_TIMEZONE);
  if (zone === undefined || zone === '' || isZoneName(zone)) return zone === '' ? undefined : zone;
  const rule = 'a time zone of the IANA database, such as Europe/Berlin';
  throw new RequestProblem('CBD_REQUEST_OPTION', `${CUSTOMER_TIMEZONE} is ${rule}.`, {
    fault: { field: CUSTOMER_TIMEZONE, value: shownValue(zone), rule },
  });
}

/** The time itself while the office is open, the next opening where the service says so. */
function openAt(
  service: ServiceConfig,
  plans: TimePlans,
  wantedMs: number,
  written: string | undefined,
): number {
  const office = officeTimes(service, plans);
  if (office === undefined || office.isOpen(wantedMs)) return wantedMs;
  const opensAtMs = office.nextOpen(wantedMs);
  if (opensAtMs !== undefined && service.time.whenClosed === 'schedule') return opensAtMs;
  const next = opensAtMs === undefined ? 'never' : new Date(opensAtMs).toISOString();
  const rule = `within the office hours; they begin next at ${next}`;
  const message =
    opensAtMs === undefined
      ? 'The office is closed then and does not open again.'
      : `The office is closed then. It opens next at ${next}.`;
  throw new RequestProblem('CBD_REQUEST_CLOSED', message, {
    fault: {
      field: '_desired_time',
      ...(written !== undefined && { value: shownValue(written) }),
      rule,
    },
  });
}
