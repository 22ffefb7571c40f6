/** Hours, windows, capacities and pauses that cancel each other out. */
import { bookableSlot, dialTimes, officeTimes } from '../schedule/dial-times.js';
import { openTimes } from '../schedule/hours/open-times.js';
import { zonesOfNumber } from '../schedule/hours/number-zones.js';
import { finding } from './check-finding.js';
import type { DialbackConfig, ServiceConfig } from './config.js';
import { writtenPath } from './positions.js';
import type { Problem } from './problem.js';
import { RETRY_RESULTS } from './schema-terms.js';

/** Regular weeks are looked at from here on, summer and winter; which year does not matter. */
const FROM_MS = Date.UTC(2026, 0, 5);
const WEEK_MS = 7 * 24 * 3600 * 1000;

type Found = readonly [key: string, message: string];

export function checkTimes(config: DialbackConfig): Problem[] {
  const offices = Object.entries(config.officeHours).flatMap(([name, plan]) => {
    const isEver = openTimes({ ...plan, holidays: [], closed: [] }).nextOpen(FROM_MS);
    if (isEver !== undefined) return [];
    return [contradiction(config, `officeHours.${name}`, 'These hours are never open.')];
  });
  const services = Object.values(config.services).flatMap((service) =>
    [...hoursMeet(config, service), ...capacityIsOfUse(config, service), ...timersFit(service)].map(
      ([key, message]) => {
        const path = writtenPath(config, service.name, key) ?? `services.${service.name}.${key}`;
        return contradiction(config, path, message);
      },
    ),
  );
  return [...offices, ...services];
}

function hoursMeet(config: DialbackConfig, service: ServiceConfig): Found[] {
  const { officeHours, callingWindow, customerZone } = service.time;
  const found: Found[] = [];
  if (officeHours === undefined && isSet(config, service, 'whenClosed')) {
    found.push(['whenClosed', 'Not used: the service names no `_business_hours_service`.']);
  }
  if (callingWindow === undefined) {
    return customerZone === undefined
      ? found
      : [...found, ['customerTimezone', 'Not used: the service has no `callingWindow`.']];
  }
  const office = officeTimes(service, config);
  if (office?.nextOpen(FROM_MS) === undefined && office !== undefined) return found;
  // A customer of the country that numbers are read as of; of others it cannot be said.
  const { zones } = zonesOfNumber('', { country: service.country, isGeographic: false });
  const zone = customerZone ?? zones[0] ?? 'UTC';
  const home = { ...service, time: { ...service.time, customerZone: zone } };
  if (dialTimes(home, config, '').nextOpen(FROM_MS) !== undefined) return found;
  const message = `Nothing is ever dialled: the window never opens in ${zone}${office ? ' while the office is open' : ''}.`;
  return [...found, ['callingWindow', message]];
}

function capacityIsOfUse(config: DialbackConfig, service: ServiceConfig): Found[] {
  const { capacity, slotMs } = service.time;
  if (capacity === undefined) return [];
  const found: Found[] = isSet(config, service, '_max_request_by_time_bucket')
    ? [['_max_request_by_time_bucket', 'Not used: `_capacity_service` takes its place.']]
    : [];
  const plan = config.capacities[capacity];
  // Lines for single days may make up for what a week does not have.
  if (plan === undefined || plan.days.length > 0) return found;
  const office = officeTimes(service, config);
  for (let atMs = FROM_MS; atMs < FROM_MS + WEEK_MS; atMs += slotMs) {
    const isOpen = office?.isOpen(atMs) ?? true;
    if (isOpen && bookableSlot(service, config, atMs).max > 0) return found;
  }
  const where = office ? ' while the office is open' : '';
  return [...found, ['_capacity_service', `Nothing can be booked: no slot has room${where}.`]];
}

function timersFit({ time, options }: ServiceConfig): Found[] {
  const found: Found[] = [];
  if (time.executionBufferMs > time.connectThresholdMs) {
    const message = 'Longer than `_desired_connect_time_threshold`, which then decides.';
    found.push(['_request_execution_time_buffer', message]);
  }
  const { cannotDialBufferMs, aheadWaitMaxMs, maxDialAttempts, ttlMs, retryRules } = options;
  if (cannotDialBufferMs > 0 && (!options.waitsForAgent || aheadWaitMaxMs === 0)) {
    const message = 'Not used without `_wait_for_agent` and `_urs_queued_ttl`.';
    found.push(['_cannot_dial_buffer_time', message]);
  } else if (cannotDialBufferMs > 0 && cannotDialBufferMs >= aheadWaitMaxMs) {
    const message = 'Nobody is ever dialled: it is as long as `_urs_queued_ttl`.';
    found.push(['_cannot_dial_buffer_time', message]);
  }
  for (const result of RETRY_RESULTS) {
    const { maxAttempts, delayMs } = retryRules[result] ?? {};
    if (maxAttempts !== undefined && maxAttempts >= maxDialAttempts) {
      const message = `\`${result}.maxAttempts\` is never reached: \`_max_dial_attempts\` is ${maxDialAttempts}.`;
      found.push(['retry', message]);
    }
    if (delayMs !== undefined && ttlMs > 0 && delayMs >= ttlMs) {
      const message = `No attempt after \`${result}.delayMs\`: the callback’s life (\`_ttl\`) is over before.`;
      found.push(['retry', message]);
    }
  }
  return found;
}

function isSet(config: DialbackConfig, service: ServiceConfig, key: string): boolean {
  return writtenPath(config, service.name, key) !== undefined;
}

function contradiction(config: DialbackConfig, path: string, message: string): Problem {
  return finding(config, 'CHECK_CONTRADICTION', 'warning', path, message);
}
