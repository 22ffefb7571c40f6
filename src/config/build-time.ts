/** Hours, windows and capacities of the configuration, and the names by which services refer to them. */
import type { RetryResult, RetryRule, RetryRules } from '../callflow/service-options.js';
import {
  readDayCapacity,
  readWeeklyCapacity,
  type CapacityPlan,
} from '../schedule/hours/capacity.js';
import type { HoursPlan } from '../schedule/hours/hours-plan.js';
import {
  addWeeks,
  readCalendarDay,
  readDatedSpans,
  readWeekly,
} from '../schedule/hours/read-hours.js';
import { addFault, blockReader, readersOf, type BuildContext } from './build-parts.js';
import type { ServiceConfig, TimeRules } from './config.js';
import { nearestName } from './nearest-name.js';
import { RETRY_RESULTS, WHEN_CLOSED } from './schema-terms.js';
import type { OptionReader } from './values.js';

const MINUTE_MS = 60_000;

export function buildOfficeHours(read: OptionReader): (readonly [string, HoursPlan])[] {
  return readersOf('officeHours', read).map(([name, hours]) => [
    name,
    {
      zone: hours.optionalText('timezone') ?? 'UTC',
      weekly: addWeeks(readAll(hours.texts('weekly'), readWeekly)),
      holidays: readAll(hours.texts('holidays'), readCalendarDay),
      opened: readAll(hours.texts('opened'), readDatedSpans),
      closed: readAll(hours.texts('closed'), readDatedSpans),
    },
  ]);
}

export function buildCapacities(read: OptionReader): (readonly [string, CapacityPlan])[] {
  return readersOf('capacities', read).map(([name, capacity]) => [
    name,
    {
      zone: capacity.optionalText('timezone') ?? 'UTC',
      weekly: readAll(capacity.texts('weekly'), readWeeklyCapacity),
      days: readAll(capacity.texts('days'), readDayCapacity),
    },
  ]);
}

export function buildTimeRules(read: OptionReader): TimeRules {
  const window = read.isSet('callingWindow') ? read.texts('callingWindow') : [];
  return {
    officeHours: read.optionalText('_business_hours_service'),
    whenClosed: read.choice('whenClosed', WHEN_CLOSED),
    callingWindow: window.length === 0 ? undefined : addWeeks(readAll(window, readWeekly)),
    customerZone: read.optionalText('customerTimezone'),
    executionBufferMs: read.durationMs('_request_execution_time_buffer'),
    connectThresholdMs: read.durationMs('_desired_connect_time_threshold'),
    slotMs: Number(read.text('_request_time_bucket')) * MINUTE_MS,
    slotMax: read.number('_max_request_by_time_bucket'),
    capacity: read.optionalText('_capacity_service'),
    refusesPast: read.flag('_reject_past_desired_time'),
  };
}

export function isTimeLimited({ officeHours, callingWindow }: TimeRules): boolean {
  return officeHours !== undefined || callingWindow !== undefined;
}

/** `retry`: only what is said. */
export function buildRetryRules(read: OptionReader): RetryRules {
  if (!read.isSet('retry')) return {};
  const rules = blockReader('retry', read);
  const written = RETRY_RESULTS.filter((result) => rules.isSet(result)).map(
    (result): [RetryResult, RetryRule] => {
      const rule = blockReader(result, rules);
      const [delayMs, maxAttempts] = [
        rule.optionalNumber('delayMs'),
        rule.optionalNumber('maxAttempts'),
      ];
      const isSaid = { ...(delayMs !== undefined && { delayMs }) };
      return [result, { ...isSaid, ...(maxAttempts !== undefined && { maxAttempts }) }];
    },
  );
  return Object.fromEntries(written);
}

/** A service that names hours nobody defined would be taken for always open. */
export function refuseUnknownTimes(
  services: readonly ServiceConfig[],
  known: { readonly officeHours: readonly string[]; readonly capacities: readonly string[] },
  context: BuildContext,
): void {
  if (context.problems.some(({ severity }) => severity === 'error')) return;
  const said = new Set<string>();
  const refuse = (
    service: string,
    key: string,
    found: string | undefined,
    names: readonly string[],
  ) => {
    if (found === undefined || names.includes(found)) return;
    const places = [`services.${service}.${key}`, `defaults.${key}`];
    const path = places.find((at) => context.positions.has(at)) ?? `services.${service}.${key}`;
    if (said.has(path)) return;
    said.add(path);
    const suggestion = nearestName(found, names);
    const message = 'Nothing of this name is defined.';
    addFault(context, 'CONFIG_UNKNOWN_HOURS', path, message, suggestion ? { suggestion } : {});
  };
  for (const { name, time } of services) {
    refuse(name, '_business_hours_service', time.officeHours, known.officeHours);
    refuse(name, '_capacity_service', time.capacity, known.capacities);
  }
}

/** The schema has read each of them already. */
function readAll<T>(texts: readonly string[], readOne: (text: string) => T | undefined): T[] {
  return texts.map(readOne).filter((value): value is T => value !== undefined);
}
