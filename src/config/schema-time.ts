/** The options about time: when a service is open, when a customer may be called, what may be booked. */
import { readCalendarDay, readDatedSpans, readWeekly } from '../schedule/hours/read-hours.js';
import { readDayCapacity, readWeeklyCapacity } from '../schedule/hours/capacity.js';
import { NAME, option } from './schema-parts.js';
import {
  bool,
  choice,
  count,
  genesys,
  milliseconds,
  ours,
  RETRY_RESULTS,
  seconds,
  SPAN,
  text,
  WHEN_CLOSED,
  YEAR_MS,
} from './schema-terms.js';
import type { OptionGroup, OptionSpec, TextFormat, ValueType } from './schema-types.js';

const LINES_MAX = 400;
const LINE_LENGTH_MAX = 200;

const lines = (format: TextFormat): ValueType => ({
  kind: 'list',
  maxItems: LINES_MAX,
  of: text(LINE_LENGTH_MAX, format),
});

const WEEKLY: TextFormat = {
  pattern: /^[A-Za-z]{3,9}(?:[,-][A-Za-z]{3,9}){0,6}\s+\d{1,2}:[0-5]\d\s*-/,
  says: 'weekdays and hours, such as Mon-Fri 08:00-12:00,13:00-18:00',
  isMeaningful: (line) => readWeekly(line) !== undefined,
};
const DAY: TextFormat = {
  pattern: /^(?:\d{4}-)?\d{2}-\d{2}$/,
  says: 'a day, such as 2026-12-25, or 12-25 for every year',
  isMeaningful: (line) => readCalendarDay(line) !== undefined,
};
const DATED: TextFormat = {
  pattern: /^(?:\d{4}-)?\d{2}-\d{2}\s+\d{1,2}:[0-5]\d\s*-/,
  says: 'a day and hours, such as 2026-12-24 09:00-12:00 or 07-14 12:00-14:30',
  isMeaningful: (line) => readDatedSpans(line) !== undefined,
};
const WEEKLY_CAPACITY: TextFormat = {
  pattern: /^[A-Za-z].*\s\d{1,4}$/,
  says: 'weekdays, hours and a number up to 1000, such as Mon-Fri 08:00-20:00 5',
  isMeaningful: (line) => readWeeklyCapacity(line) !== undefined,
};
const DAY_CAPACITY: TextFormat = {
  pattern: /^\d.*\s\d{1,4}$/,
  says: 'a day, hours and a number up to 1000, such as 12-24 09:00-12:00 2',
  isMeaningful: (line) => readDayCapacity(line) !== undefined,
};

const timezone: ValueType = { kind: 'timezone' };

const RETRY_SAYS: Readonly<Record<(typeof RETRY_RESULTS)[number], string>> = {
  busy: 'busy',
  noAnswer: 'no answer, declined, or hung up before the verdict',
  machine: 'an answering machine',
  sit: 'information tones (SIT) and reorder',
  error: 'an error of the network, or of ours',
};

const retryRule = (says: string): ValueType => ({
  kind: 'block',
  options: [
    ours('delayMs', milliseconds(0, YEAR_MS), `Pause after ${says}.`, {
      defaultSays: '`_dial_retry_timeout`',
    }),
    ours('maxAttempts', count(1, 100), 'So many attempts may end so; then the callback ends.', {
      defaultSays: '`_max_dial_attempts` alone',
    }),
  ],
});

export const TIME: OptionGroup = {
  title: 'Time',
  intro:
    'When a callback may be asked for, and when its number may be dialled. Hours are looked at again before each dial; a callback that finds them closed waits for the next moment at which the office is open and the customer may be called. See docs/time.md.',
  options: [
    genesys(
      '_business_hours_service',
      text(64, NAME),
      'Name of the hours, under `officeHours`, in which this service calls.',
      { defaultSays: 'always open' },
    ),
    ours(
      'whenClosed',
      choice(WHEN_CLOSED),
      'A request for a time outside the office hours: `refuse` it, or `schedule` it for the next opening.',
      { default: 'refuse' },
    ),
    ours(
      'callingWindow',
      lines(WEEKLY),
      'When a customer may be called, by the clock of the customer. Where a number can be in several time zones, only when it holds in all of them.',
      { defaultSays: 'at any time' },
    ),
    ours(
      'customerTimezone',
      timezone,
      'Zone of all customers of this service. A request says it for its own customer with `_customer_timezone`.',
      { defaultSays: 'what the number tells' },
    ),
    genesys(
      '_request_execution_time_buffer',
      seconds(0, 86_400),
      'How long before its desired time a scheduled callback is taken up.',
      { default: 120 },
    ),
    genesys(
      '_desired_connect_time_threshold',
      seconds(0, 86_400),
      'And no earlier than this before the desired time.',
      { default: 180 },
    ),
    genesys(
      '_request_time_bucket',
      choice(['5', '10', '15', '20', '30', '60', '120']),
      'Length in minutes of the slots that scheduled callbacks are booked in.',
      { default: '5' },
    ),
    genesys(
      '_max_request_by_time_bucket',
      count(0, 1_000_000),
      'Scheduled callbacks that one slot takes. 0 refuses all of them.',
      { default: 100 },
    ),
    genesys(
      '_capacity_service',
      text(64, NAME),
      'Name of the numbers, under `capacities`, that hold in place of `_max_request_by_time_bucket`.',
      { defaultSays: 'none' },
    ),
    genesys(
      '_reject_past_desired_time',
      bool,
      'Refuse a desired time more than five minutes ago. Otherwise it means now.',
      { default: true },
    ),
    genesys(
      '_reject_future_desired_time',
      text(5, SPAN),
      'Refuse a desired time later than this.',
      { default: '1M' },
    ),
    ours(
      'retry',
      {
        kind: 'block',
        options: RETRY_RESULTS.map((result) =>
          ours(result, retryRule(RETRY_SAYS[result]), `After ${RETRY_SAYS[result]}.`),
        ),
      },
      'Pauses and limits of their own for single results, beside `_dial_retry_timeout` and `_max_dial_attempts`: `{ busy: { delayMs, maxAttempts }, noAnswer, machine, sit, error }`.',
      { defaultSays: 'none: one pause, one counter' },
    ),
  ],
};

const zoneOfThePlace = option('timezone', timezone, 'Zone of the place.', {
  isRequired: true,
  genesysName: '_timezone',
});

export const officeHours: OptionSpec = option(
  'officeHours',
  {
    kind: 'map',
    maxItems: 1000,
    of: {
      kind: 'block',
      options: [
        zoneOfThePlace,
        option(
          'weekly',
          lines(WEEKLY),
          'Regular hours. An end that is not after its start is on the next day.',
          { default: [], genesysItems: '_bh_regular' },
        ),
        option(
          'holidays',
          lines(DAY),
          'Days without regular hours, the rest of a shift from the night before included.',
          { default: [], genesysItems: '_holiday' },
        ),
        option('opened', lines(DATED), 'Additional hours of single days, holidays too.', {
          default: [],
          genesysItems: '_bh_add',
        }),
        option('closed', lines(DATED), 'Hours taken away from single days, whatever else says.', {
          default: [],
        }),
      ],
    },
  },
  'Office hours, by name, for `_business_hours_service`.',
);

export const capacities: OptionSpec = option(
  'capacities',
  {
    kind: 'map',
    maxItems: 1000,
    of: {
      kind: 'block',
      options: [
        zoneOfThePlace,
        option(
          'weekly',
          lines(WEEKLY_CAPACITY),
          'Callbacks for each slot that begins in these hours; none in hours that no line names. Where several lines fit, the last one holds.',
          { default: [] },
        ),
        option('days', lines(DAY_CAPACITY), 'The same for single days, in place of `weekly`.', {
          default: [],
        }),
      ],
    },
  },
  'How many callbacks may be booked, by name, for `_capacity_service`.',
);
