/** The blocks of the configuration that are not services: servers, trunks, queues, store, HTTP. */
import { CPD_BLOCK } from './schema-cpd.js';
import {
  anyPort,
  block,
  host,
  name,
  NETWORK,
  option,
  PATH,
  secret,
  SIP_TEXT,
  SIP_URI,
  STORE_URL,
  TRUNK_URI,
  WEBHOOK_SECRET,
} from './schema-parts.js';
import { HTTP_BLOCK, SHUTDOWN_BLOCK } from './schema-http.js';
import { DIALLING_BLOCK } from './schema-limits.js';
import { agents, queues } from './schema-queues.js';
import { TRANSFERS } from './schema-handoff.js';
import { capacities, officeHours } from './schema-time.js';
import { drachtio, freeswitch } from './schema-telephony.js';
import type { OptionSpec } from './schema-types.js';

const embedded = block(
  'embedded',
  'Where the embedded engine listens. Only with `engine: embedded`.',
  [
    option('sipHost', host, 'Address of its SIP agent. Loopback keeps the machine to itself.', {
      default: '127.0.0.1',
    }),
    option('sipPort', anyPort, 'UDP and TCP port of its SIP agent; 0 takes any free one.', {
      default: 0,
    }),
    option('rtpHost', host, 'Address of its media.', { defaultSays: 'as `sipHost`' }),
  ],
);

const trunks = option(
  'trunks',
  {
    kind: 'list',
    maxItems: 256,
    uniqueBy: 'name',
    of: {
      kind: 'block',
      options: [
        option('name', name, 'Name in logs and records.', { isRequired: true }),
        option(
          'uri',
          { kind: 'text', maxLength: 512, format: TRUNK_URI },
          'Where calls go out. The dialled number becomes its user part.',
          { isRequired: true },
        ),
        option(
          'username',
          { kind: 'text', maxLength: 128, format: SIP_TEXT },
          'For digest authentication.',
        ),
        option('password', secret, 'For digest authentication.'),
        option(
          'maxConcurrentCalls',
          { kind: 'integer', min: 1, max: 100000 },
          'Live calls on the trunk at most.',
          { default: 100 },
        ),
        option(
          'maxCallsPerSecond',
          { kind: 'integer', min: 1, max: 1000 },
          'New calls a second at most.',
          { default: 10 },
        ),
        option('priority', { kind: 'integer', min: 0, max: 1000 }, 'Lower is tried first.', {
          default: 1,
        }),
        option(
          'sessionExpires',
          { kind: 'integer', min: 90, max: 86400, unit: 's' },
          'Session timer offered to the customer’s side (RFC 4028): a call whose far end has gone without a word ends by itself. The trunk may ask for a longer one by refusing with 422, which fails the attempt.',
          { defaultSays: 'none offered' },
        ),
      ],
    },
  },
  'Ways out to the telephone network. May be empty: a dial then ends in call state 41 (dial error).',
  { default: [] },
);

const routePoints = option(
  'routePoints',
  {
    kind: 'map',
    maxItems: 1000,
    of: {
      kind: 'block',
      options: [
        option(
          'uri',
          { kind: 'text', maxLength: 512, format: SIP_URI },
          'Where the call is sent.',
          { isRequired: true },
        ),
        option(
          'transfer',
          { kind: 'choice', values: TRANSFERS },
          'How the call gets there, instead of the service’s `routePointTransfer`.',
        ),
      ],
    },
  },
  'Destinations that a plugin or page may name in `route_to_rp`.',
);

/** Everything at the top level except `defaults` and `services`. */
export const SERVER_OPTIONS: readonly OptionSpec[] = [
  option(
    'engine',
    { kind: 'choice', values: ['embedded', 'servers'] },
    '`embedded`: the engine inside, for one machine. `servers`: the drachtio and FreeSWITCH servers named below.',
    { default: 'embedded' },
  ),
  embedded,
  drachtio,
  freeswitch,
  trunks,
  DIALLING_BLOCK,
  block('media', 'Sounds.', [
    option(
      'directory',
      { kind: 'text', maxLength: 1024, format: PATH },
      'Where the names of treatment files are looked up first; the product’s own sounds stay available under their names.',
      { defaultSays: 'the media folder of the product' },
    ),
  ]),
  CPD_BLOCK,
  queues,
  agents,
  routePoints,
  officeHours,
  capacities,
  block('store', 'Where callbacks are kept.', [
    option(
      'url',
      { kind: 'text', maxLength: 1024, format: STORE_URL, isSecret: true },
      '`sqlite:PATH`, `"sqlite::memory:"` (in quotes: it ends with a colon) or `postgres://user:password@host/database`.',
      { default: 'sqlite:data/dialback.db' },
    ),
    option(
      'retentionDays',
      { kind: 'integer', min: 0, max: 3650 },
      'Callbacks that ended so many days ago are deleted, with all that is known of them; looked at once an hour. 0: never.',
      { default: 90 },
    ),
    option(
      'leaseMs',
      { kind: 'integer', min: 3000, max: 300_000, unit: 'ms' },
      'With PostgreSQL: a process that gives no sign of life for so long has lost its callbacks to the others. It has ended its calls by then, should it only be cut off from the database; so calls survive an outage of the database that is a fifth shorter than this.',
      { default: 15_000 },
    ),
  ]),
  HTTP_BLOCK,
  SHUTDOWN_BLOCK,
  block(
    'orchestration',
    'An orchestration server that runs plugins, for services with `pluginRunner: ors`.',
    [option('url', { kind: 'url', schemes: ['http', 'https'] }, 'Base URL of its REST interface.')],
  ),
  block('webhook', 'Services with `pluginRunner: webhook`.', [
    option(
      'secret',
      { kind: 'text', maxLength: 256, isSecret: true, format: WEBHOOK_SECRET },
      'Signs every request to a webhook (HMAC-SHA256, header `Dialback-Signature`).',
      { defaultSays: 'requests are not signed' },
    ),
  ]),
  option(
    'allowedOrigins',
    {
      kind: 'list',
      maxItems: 100,
      of: { kind: 'url', schemes: ['http', 'https'], isOrigin: true },
    },
    'Origins that plugins and pages may fetch from, besides those of the URLs in this file.',
    { default: [] },
  ),
  option(
    'allowedAddresses',
    { kind: 'list', maxItems: 100, of: { kind: 'text', maxLength: 50, format: NETWORK } },
    'Networks that the names of those origins may lead to besides the Internet, such as 10.0.0.0/8. An address that an origin names itself, and `localhost`, need not be here.',
    { default: [] },
  ),
  block('log', 'Logging.', [
    option(
      'level',
      { kind: 'choice', values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] },
      'Least important message written.',
      { default: 'info' },
    ),
  ]),
];
