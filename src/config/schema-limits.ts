/** Limits on what is dialled: the service's, and the block `dialling` for all services together. */
import { block, option, PATH } from './schema-parts.js';
import {
  NUMBER_KINDS,
  PREFIX,
  bool,
  count,
  genesys,
  milliseconds,
  ours,
  text,
} from './schema-terms.js';
import type { OptionGroup, OptionSpec, TextFormat, ValueType } from './schema-types.js';

const MINUTES: TextFormat = {
  pattern: /^-[0-9]{1,6},\s?-?[0-9]{1,6}$/,
  says: 'two numbers of minutes, from and to, such as -120,120',
};
const ZONE: TextFormat = {
  pattern: /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/,
  says: 'an IANA time zone, such as Europe/Berlin',
};

const countries: ValueType = {
  kind: 'list',
  maxItems: 300,
  commaText: true,
  of: { kind: 'country' },
};
const calls = count(1, 100_000);
const perSecond = count(1, 1000);
const perDay = count(0, 100_000_000);

export const LIMITS: OptionGroup = {
  title: 'Limits',
  intro:
    'What may be dialled, how much of it and how fast; the table of docs/limits.md has all of them.',
  options: [
    ours('allowedCountries', countries, 'Countries that may be dialled. Empty = all.', {
      default: [],
    }),
    genesys('_disallow_impossible_phone_numbers', bool, 'Refuse numbers that cannot exist.', {
      default: true,
    }),
    genesys('_disallow_premium_phone_numbers', bool, 'Refuse premium-rate numbers.', {
      default: true,
    }),
    ours(
      'refusedNumbers',
      {
        kind: 'list',
        maxItems: NUMBER_KINDS.length,
        commaText: true,
        of: { kind: 'choice', values: NUMBER_KINDS },
      },
      'Other kinds of number that are refused: those with shared cost, personal ones, satellite and global networks, short ones, emergency services.',
      { default: NUMBER_KINDS },
    ),
    ours(
      'allowedPrefixes',
      { kind: 'list', maxItems: 20, commaText: true, of: text(17, PREFIX) },
      'What a plugin or page may put in front of a number, besides nothing and `_prefix_dial_out`.',
      { default: [] },
    ),
    ours('maxConcurrentCalls', calls, 'Customers of this service who ring or talk at a time.', {
      defaultSays: 'no limit of its own',
    }),
    ours('maxCallsPerSecond', perSecond, 'Dials of this service a second.', {
      defaultSays: 'no limit of its own',
    }),
    ours(
      'maxAttemptsPerDay',
      perDay,
      'Dials of this service a day, first ones and retries; the day ends at midnight in `dialling.dayZone`. What is due afterwards waits for the next day.',
      { defaultSays: 'no limit of its own' },
    ),
    ours(
      'dialShare',
      count(1, 1000),
      'Weight of this service when several want to dial and not all can: one with 2 is dialled twice as often as one with 1.',
      { default: 1 },
    ),
    ours(
      'openPerNumberMax',
      count(1, 1000),
      'Callbacks of one number that may be open at a time, scheduled ones included.',
      { defaultSays: 'no limit; `_enable_in_queue_checking` looks at those in the queue' },
    ),
    genesys(
      '_queue_poll_period',
      text(20, MINUTES),
      'The first number says after how many minutes a callback that could not be dialled when it was due counts as left over from an outage: others go first. The second has no meaning here.',
      { default: '-120,120' },
    ),
    genesys(
      '_queue_poll_period_recovery',
      text(20, MINUTES),
      'The first number says how many minutes after it was due a callback is given up: it ends with FAIL_TIMEOUT_TTL. Genesys’ own default is -1440,-120, a day, as long as its `_ttl`.',
      { defaultSays: '`_ttl` alone decides' },
    ),
  ],
};

export const DIALLING_BLOCK: OptionSpec = block(
  'dialling',
  'Limits on what all services dial together.',
  [
    option('allowedCountries', countries, 'Countries that any service may dial. Empty = all.', {
      default: [],
    }),
    option(
      'doNotCall',
      { kind: 'text', maxLength: 1024, format: PATH },
      'File of numbers that are never dialled: one in E.164 a line, or the first column of a CSV file. Read again when it changes; a file that cannot be read leaves the list as it was.',
      { defaultSays: 'none' },
    ),
    option('maxConcurrentCalls', calls, 'Customers who ring or talk at a time.', {
      defaultSays: 'what the trunks allow',
    }),
    option('maxCallsPerSecond', perSecond, 'Dials a second.', {
      defaultSays: 'what the trunks allow and the media servers can do',
    }),
    option('maxAttemptsPerDay', perDay, 'Dials a day, first ones and retries.', {
      defaultSays: 'no limit',
    }),
    option('dayZone', text(64, ZONE), 'Whose midnight ends the day of daily limits.', {
      default: 'UTC',
    }),
    option(
      'warmStartMs',
      milliseconds(0, 3_600_000),
      'After a start, and after an outage, the rate of dials rises from one a second to the full rate within this time, so that not everybody who had to wait is dialled at once. 0 = at once.',
      { default: 60_000 },
    ),
    option(
      'warmStartAfterMs',
      milliseconds(1000, 3_600_000),
      'How long nobody could be dialled for it to count as an outage.',
      { default: 30_000 },
    ),
  ],
);
