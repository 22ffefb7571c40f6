/**
 * `dialback hours`: may a number be dialled now, when next, and why. Reads the configuration only; it asks
 * the same code as a dial does. Exit codes: 0 yes, 1 no (or the configuration has errors), 2 wrong use.
 */
import type { Command } from 'commander';
import { systemClock } from '../adapters/clock/system-clock.js';
import type { DialbackConfig, ServiceConfig } from '../config/config.js';
import { ConfigError, formatProblem, loadConfig } from '../config/load-config.js';
import { nearestName } from '../config/nearest-name.js';
import { normaliseNumber } from '../request/customer-number.js';
import { parseIsoTime } from '../request/desired-time.js';
import { dialReport, type DialReport, type HoursReport } from '../schedule/dial-report.js';
import { isZoneName } from '../schedule/hours/zone.js';
import { systemTerminal } from './terminal.js';

interface HoursFlags {
  readonly service: string;
  readonly at?: string;
  readonly number?: string;
  readonly timezone?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function registerHoursCommand(
  program: Command,
  { terminal = systemTerminal, nowMs = () => systemClock().nowMs() } = {},
): void {
  program
    .command('hours')
    .description('may a number be dialled now, when next, and why')
    .requiredOption('--service <name>', 'callback service')
    .option('--at <time>', 'another moment, ISO 8601 with zone')
    .option('--number <number>', 'the customer, for the calling window')
    .option('--timezone <zone>', "the customer's zone, as `_customer_timezone` of a request")
    .option(
      '--config <file>',
      'configuration file or folder (default: ./dialback.yaml, else the packaged one)',
    )
    .option('--json', 'one JSON document')
    .action(async (flags: HoursFlags) => {
      try {
        const report = reportOf(await loadConfig(flags.config), flags, nowMs());
        terminal.out(flags.json === true ? JSON.stringify(report, null, 2) : reportText(report));
        if (!report.mayDial) terminal.exit(1);
      } catch (error) {
        if (error instanceof WrongUse) {
          terminal.err(error.message);
          terminal.exit(2);
        } else if (error instanceof ConfigError) {
          for (const problem of error.problems) terminal.err(formatProblem(problem));
          terminal.exit(1);
        } else throw error;
      }
    });
}

class WrongUse extends Error {}

/** @throws WrongUse */
function reportOf(config: DialbackConfig, flags: HoursFlags, nowMs: number): DialReport {
  const service = withZone(serviceNamed(config, flags.service), flags.timezone);
  const atMs = flags.at === undefined ? nowMs : parseIsoTime(flags.at);
  if (atMs === undefined) {
    throw new WrongUse('CBD_BAD_TIME: --at is ISO 8601 with zone, as 2026-01-15T03:00+01:00');
  }
  return dialReport(service, config, numberIn(flags, service), atMs);
}

function serviceNamed({ services }: DialbackConfig, name: string): ServiceConfig {
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service !== undefined) return service;
  const nearest = nearestName(name, Object.keys(services));
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  throw new WrongUse(`CBD_UNKNOWN_SERVICE: no service ${JSON.stringify(name)}${hint}`);
}

function withZone(service: ServiceConfig, customerZone: string | undefined): ServiceConfig {
  if (customerZone === undefined) return service;
  if (isZoneName(customerZone)) return { ...service, time: { ...service.time, customerZone } };
  throw new WrongUse('CBD_BAD_ZONE: --timezone is a zone such as Europe/Berlin');
}

function numberIn({ number }: HoursFlags, { country }: ServiceConfig): string | undefined {
  if (number === undefined) return undefined;
  const rules = {
    country,
    allowedCountries: [],
    refusesImpossibleNumbers: false,
    refusedKinds: [],
  };
  const read = normaliseNumber(number, rules);
  if (read.ok) return read.e164;
  throw new WrongUse(`CBD_BAD_NUMBER: --number is ${read.why}`);
}

function reportText(report: DialReport): string {
  const { service, number, at, mayDial, because, nextAt, office, window } = report;
  const who = number ?? 'any number';
  return [
    `${mayDial ? 'yes' : 'no'}: ${who} ${mayDial ? 'may' : 'may not'} be dialled for ${service} at ${at}`,
    `  ${because}`,
    ...(office ? clockLines(`office ${office.name}`, office) : ['  office: always open']),
    ...(window
      ? clockLines(`calling window, zone by ${window.by}`, window)
      : [
          `  calling window: ${number === null ? 'not looked at without --number' : 'at any time'}`,
        ]),
    ...(mayDial ? [] : [`next: ${nextAt ?? 'never within a year'}`]),
  ].join('\n');
}

function clockLines(title: string, { isOpen, opensAt, localTimes }: HoursReport): string[] {
  const state = isOpen ? 'open' : `closed until ${opensAt ?? 'further notice'}`;
  return [
    `  ${title}: ${state}`,
    ...Object.entries(localTimes).map(([zone, time]) => `    ${time}  ${zone}`),
  ];
}
