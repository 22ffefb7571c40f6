/**
 * From the parameters of a request to a callback the store can take, or a reason why not. Pure: what
 * it needs to know of the time and the service it is given. Whether there is room for the callback
 * is decided elsewhere (`admission.ts`).
 */

import { createHash } from 'node:crypto';
import type { ServiceConfig } from '../config/config.js';
import { overrideService } from '../config/override-service.js';
import type { SlotLimit } from '../schedule/admission-limits.js';
import type { TimePlans } from '../schedule/dial-times.js';
import type { CallbackRecord, NewCallback, Reschedule } from '../schedule/callback-store.js';
import { numberRulesOf, type Everywhere } from './allow-list.js';
import { ALTERNATE_NUMBERS } from './alternate-numbers.js';
import {
  bookTime,
  CUSTOMER_TIMEZONE,
  dueAt,
  expiryOf,
  readCustomerTimezone,
} from './booked-time.js';
import { normaliseNumber, type NumberRefusal } from './customer-number.js';
import { isControl, type Parameters } from './parameters.js';
import { RequestProblem, shownNumber, shownValue } from './problem.js';

export const CUSTOMER_NUMBER = '_customer_number';
const DESIRED_TIME = '_desired_time';
/** In UTF-8; with its key and an id it has to fit into an entry of an index. */
const LOOKUP_VALUE_MAX_BYTES = 2000;
/** What GMS' mobile clients call it in a change. */
const NEW_DESIRED_TIME = '_new_desired_time';

const REFUSALS: Readonly<Record<NumberRefusal, string>> = {
  unparsable: 'is no telephone number',
  impossible: 'has a length that no number of its country has',
  premium: 'is a premium rate number',
  'shared-cost': 'is a number with shared cost',
  personal: 'is a personal number, which costs more',
  satellite: 'is a number of a satellite or global network',
  short: 'is a short number',
  emergency: 'is as short as the number of an emergency service',
  'do-not-call': 'is not to be called',
  'country-not-allowed': 'is in a country that this service does not dial',
};

export interface RequestContext {
  readonly id: string;
  readonly nowMs: number;
  readonly everywhere?: Everywhere | undefined;
  /** Hours and capacities that services name. */
  readonly times: TimePlans;
}

export interface ParsedRequest {
  readonly callback: NewCallback;
  /** The slot it is booked in: has to have room for it. */
  readonly slot: SlotLimit | undefined;
  /** Control parameters that have no effect, for the log. */
  readonly ignored: readonly string[];
}

/** @throws RequestProblem */
export function parseCallbackRequest(
  configured: ServiceConfig,
  parameters: Parameters,
  { id, nowMs, everywhere, times }: RequestContext,
): ParsedRequest {
  const requestOptions = optionsIn(configured, parameters);
  const service = overridden(configured, requestOptions);
  const customerNumber = readNumber(
    service,
    everywhere,
    requireParameter(parameters, CUSTOMER_NUMBER),
    CUSTOMER_NUMBER,
  );
  for (const key of service.request.mandatoryLookupKeys) requireParameter(parameters, key);
  const desired = parameters.get(DESIRED_TIME);
  const { slot, ...booked } = bookTime(service, times, desired, customerNumber, nowMs);
  return {
    callback: {
      id,
      serviceName: service.name,
      customerNumber,
      createdAtMs: nowMs,
      ...booked,
      userData: readUserData(service, parameters),
      lookupKeys: {
        ...readLookupKeys(service, parameters, customerNumber),
        ...withoutEmpty(readAlternates(service, everywhere, parameters)),
      },
      requestOptions,
      fingerprint: fingerprintOf(service.name, parameters),
    },
    slot,
    ignored: ignoredControls(service, parameters),
  };
}

/**
 * A change of a callback that exists: the same parameters, all optional, and an empty string deletes
 * a user key.
 * @throws RequestProblem
 */
export function parseReschedule(
  configured: ServiceConfig,
  parameters: Parameters,
  record: CallbackRecord,
  { nowMs, everywhere, times }: Omit<RequestContext, 'id'>,
): Reschedule {
  const written = optionsIn(configured, parameters);
  const isOtherwise = Object.keys(written).length > 0;
  const requestOptions = { ...record.requestOptions, ...written };
  const service = isOtherwise
    ? overridden(configured, requestOptions)
    : asItWas(configured, requestOptions);
  const writtenNumber = parameters.get(CUSTOMER_NUMBER);
  const number =
    writtenNumber === undefined
      ? record.customerNumber
      : readNumber(service, everywhere, writtenNumber, CUSTOMER_NUMBER);
  const isOtherNumber = number !== record.customerNumber;
  const alternates = readAlternates(service, everywhere, parameters);
  const hasOtherAlternates = Object.entries(alternates).some(
    ([key, written]) => written !== (record.lookupKeys[key] ?? ''),
  );
  const desired = desiredTimeIn(parameters);
  const isRetry = record.attemptCount > 0;
  const moved = (): Partial<Reschedule> => {
    if (desired !== undefined) return bookTime(service, times, desired, number, nowMs);
    if (isRetry || (!isOtherwise && !isOtherNumber)) return {};
    const expiresAtMs = isOtherwise ? expiryOf(service, record.desiredAtMs) : record.expiresAtMs;
    const as = { ...record, expiresAtMs, customerNumber: number };
    return { expiresAtMs, dueAtMs: dueAt(service, times, as, nowMs) };
  };
  return {
    atMs: nowMs,
    ...((isOtherNumber || hasOtherAlternates) && { customerNumber: number }),
    ...(isOtherwise && { requestOptions }),
    ...moved(),
    userData: readUserData(service, parameters),
    lookupKeys: {
      ...readLookupKeys(service, parameters, writtenNumber === undefined ? undefined : number),
      ...alternates,
    },
  };
}

/** `_desired_time`, under either of its names. */
export function desiredTimeIn(parameters: Parameters): string | undefined {
  return parameters.get(NEW_DESIRED_TIME) ?? parameters.get(DESIRED_TIME);
}

/** The number as a query or a lookup names it; what cannot be normalised matches nothing. */
export function numberForLookup(service: ServiceConfig | undefined, written: string): string {
  if (service === undefined) return written;
  const result = normaliseNumber(written, {
    country: service.country,
    allowedCountries: [],
    refusesImpossibleNumbers: false,
    refusedKinds: [],
  });
  return result.ok ? result.e164 : written;
}

function readNumber(
  service: ServiceConfig,
  everywhere: Everywhere | undefined,
  written: string,
  field: string,
): string {
  const result = normaliseNumber(written, numberRulesOf(service, everywhere));
  if (result.ok) return result.e164;
  const shown = shownNumber(written);
  throw new RequestProblem(
    result.why === 'unparsable' ? 'CBD_REQUEST_NUMBER_UNPARSABLE' : 'CBD_REQUEST_NUMBER_REFUSED',
    numberMessage(result.why, shown, service.country),
    { fault: { field, value: shown, rule: numberRule(result.why) } },
  );
}

/** Each is judged as the first one is. Empty: it is to be deleted. */
function readAlternates(
  service: ServiceConfig,
  everywhere: Everywhere | undefined,
  parameters: Parameters,
): Record<string, string> {
  const found: [string, string][] = [];
  for (const key of ALTERNATE_NUMBERS) {
    const written = parameters.get(key);
    if (written === undefined) continue;
    const isEmpty = written.trim() === '';
    found.push([key, isEmpty ? '' : readNumber(service, everywhere, written, key)]);
  }
  return Object.fromEntries(found);
}

function withoutEmpty(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
}

function numberRule(why: NumberRefusal): string {
  return why === 'unparsable' ? 'a telephone number' : `no number that ${REFUSALS[why]}`;
}

/** As GMS has it where GMS has it; its clients show this to people. */
function numberMessage(why: NumberRefusal, shown: string, country: string): string {
  switch (why) {
    case 'unparsable':
      return `Invalid Phone Number ${shown} for Country ${country} (parsing impossible)`;
    case 'impossible':
      return `Customer Number [${shown}] is disallowed, because it is invalid. Check option _disallow_impossible_phone_numbers`;
    case 'premium':
      return `Customer Number [${shown}] is disallowed, because it's a premium number. Check option _disallow_premium_phone_numbers`;
    default:
      return `Customer Number [${shown}] is disallowed, because it ${REFUSALS[why]}.`;
  }
}

function requireParameter(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value !== undefined && value.trim() !== '') return value;
  throw new RequestProblem('CBD_REQUEST_MISSING_KEY', `invalid option: ${name} is missing.`, {
    fault: { field: name, rule: 'has to be there' },
  });
}

function readUserData(service: ServiceConfig, parameters: Parameters): Record<string, string> {
  const { overwritableOptions } = service.request;
  const isUserData = (name: string): boolean =>
    !isControl(name) && !overwritableOptions.includes(name);
  return Object.fromEntries([...parameters].filter(([name]) => isUserData(name)));
}

function readLookupKeys(
  service: ServiceConfig,
  parameters: Parameters,
  customerNumber: string | undefined,
): Record<string, string> {
  const { lookupKeys, mandatoryLookupKeys } = service.request;
  const keys = new Set([CUSTOMER_NUMBER, ...lookupKeys, ...mandatoryLookupKeys]);
  const found: [string, string][] = [];
  for (const key of keys) {
    const value = key === CUSTOMER_NUMBER ? customerNumber : parameters.get(key);
    if (value === undefined) continue;
    if (Buffer.byteLength(value) > LOOKUP_VALUE_MAX_BYTES) throw tooLongToLookUp(key);
    found.push([key, value]);
  }
  return Object.fromEntries(found);
}

function tooLongToLookUp(field: string): RequestProblem {
  const rule = `text of at most ${LOOKUP_VALUE_MAX_BYTES} bytes: callbacks are looked up by it`;
  return new RequestProblem('CBD_REQUEST_MALFORMED', `${field} has to be ${rule}.`, {
    fault: { field, rule },
  });
}

/** What the request sets for itself. */
function optionsIn(service: ServiceConfig, parameters: Parameters): Record<string, string> {
  const { overwritableOptions } = service.request;
  const customerTimezone = readCustomerTimezone(parameters);
  return {
    ...Object.fromEntries([...parameters].filter(([name]) => overwritableOptions.includes(name))),
    ...(customerTimezone !== undefined && { customerTimezone }),
  };
}

/** The service of a callback that was accepted; its options may not be allowed any more. */
function asItWas(
  configured: ServiceConfig,
  requestOptions: Readonly<Record<string, string>>,
): ServiceConfig {
  const made = overrideService(configured, requestOptions);
  return made.kind === 'ok' ? made.service : configured;
}

/** @throws RequestProblem for an option that is wrong */
function overridden(
  configured: ServiceConfig,
  requestOptions: Readonly<Record<string, string>>,
): ServiceConfig {
  const result = overrideService(configured, requestOptions);
  if (result.kind === 'ok') return result.service;
  const { path: field = '', message = '', allowed } = result.problems[0] ?? {};
  throw new RequestProblem('CBD_REQUEST_OPTION', `${field}: ${message}`, {
    fault: {
      field,
      value: shownValue(requestOptions[field] ?? ''),
      rule: allowed ?? message,
    },
  });
}

/** Control parameters that nothing here reads. */
function ignoredControls(service: ServiceConfig, parameters: Parameters): string[] {
  const { overwritableOptions, lookupKeys, mandatoryLookupKeys } = service.request;
  const known = new Set([
    ...[CUSTOMER_NUMBER, DESIRED_TIME, CUSTOMER_TIMEZONE, ...ALTERNATE_NUMBERS],
    ...[...overwritableOptions, ...lookupKeys, ...mandatoryLookupKeys],
  ]);
  return [...parameters.keys()].filter((name) => isControl(name) && !known.has(name));
}

/** Equal for equal requests, whatever the order of their parameters. */
export function fingerprintOf(serviceName: string, parameters: Parameters): string {
  const sorted = [...parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([serviceName, sorted]))
    .digest('hex');
}
