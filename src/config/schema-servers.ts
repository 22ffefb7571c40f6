/** The blocks of the configuration that are not services: servers, trunks, queues, store, HTTP. */
import { CPD_BLOCK } from './schema-cpd.js';
import {
  anyPort,
  block,
  host,
  NETWORK,
  option,
  PATH,
  SIP_URI,
  STORE_URL,
  SIGNING_SECRET,
  VOICE,
  WEBHOOK_SECRET,
} from './schema-parts.js';
import { HTTP_BLOCK, SHUTDOWN_BLOCK } from './schema-http.js';
import { DIALLING_BLOCK } from './schema-limits.js';
import { agents, queues } from './schema-queues.js';
import { SPEECH_PROGRAMS } from './schema-terms.js';
import { TRANSFERS } from './schema-handoff.js';
import { capacities, officeHours } from './schema-time.js';
import { drachtio, freeswitch } from './schema-telephony.js';
import { inbound, trunkResults, trunks } from './schema-trunks.js';
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
  trunkResults,
  inbound,
  DIALLING_BLOCK,
  block('media', 'Sounds.', [
    option(
      'directory',
      { kind: 'text', maxLength: 1024, format: PATH },
      'Where the names of treatment files are looked up first; the product’s own sounds stay available under their names.',
      { defaultSays: 'the media folder of the product' },
    ),
    option(
      'exchangeDirectory',
      { kind: 'text', maxLength: 1024, format: PATH },
      'Where this program and the media servers of this machine leave files for each other: sounds from URLs, text that is read out, recordings of plugins and pages. Both have to see it at this path and to write to it; what is recorded is open to its group.',
      { defaultSays: 'the folder for temporary files, recordings for us alone' },
    ),
  ]),
  block('speech', 'The voice for text that pages and plugins want read out.', [
    option(
      'program',
      { kind: 'choice', values: SPEECH_PROGRAMS },
      'The program of this host that reads out. `auto`: espeak-ng, else flite, whichever is installed. `none`, or neither there: the media server itself where mod_flite is loaded, else nobody.',
      { default: 'auto' },
    ),
    option(
      'voices',
      { kind: 'map', maxItems: 50, of: { kind: 'text', maxLength: 64, format: VOICE } },
      'Voices of that program by language, as pages name it (`xml:lang`): `de-AT` is looked for first, then `de`, then `default`. Without any, espeak-ng takes the voice that is named like the language, and flite its first.',
      { defaultSays: 'none' },
    ),
    option(
      'wordsPerMinute',
      { kind: 'integer', min: 80, max: 400 },
      'How fast it reads. A little slower than a conversation: telephones take a lot away.',
      { default: 160 },
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
  block(
    'recordings',
    'How long recordings of people are kept: of conversations (`recordCalls`, where its name has `{callbackId}`), and those that plugins and pages made. Where the media server writes to another machine, they are deleted there, not here.',
    [
      option(
        'retentionDays',
        { kind: 'integer', min: 0, max: 3650 },
        'Recordings older than so many days are deleted, at the start and every hour. 0: never.',
        { default: 90 },
      ),
      option(
        'maxMegabytes',
        { kind: 'integer', min: 0, max: 1_000_000_000 },
        'When all together take more, the oldest are deleted, too. 0: no limit. A minute of conversation is 2 MB.',
        { default: 0 },
      ),
    ],
  ),
  HTTP_BLOCK,
  SHUTDOWN_BLOCK,
  block(
    'orchestration',
    'An orchestration server that runs plugins, for services with `pluginRunner: ors`.',
    [option('url', { kind: 'url', schemes: ['http', 'https'] }, 'Base URL of its REST interface.')],
  ),
  block('notifications', 'How notices of services with `_enable_status_notification` are signed.', [
    option(
      'secrets',
      {
        kind: 'list',
        maxItems: 5,
        of: { kind: 'text', maxLength: 256, isSecret: true, format: SIGNING_SECRET },
      },
      'Each makes a signature (Standard Webhooks); two while receivers change from one to the other.',
      { default: [] },
    ),
  ]),
  block(
    'callRecords',
    'Records of callbacks as lines of JSON in a file, one when a callback begins and one when it is over. Each process needs a file of its own.',
    [
      option('file', { kind: 'text', maxLength: 1024, format: PATH }, 'The file.', {
        defaultSays: 'none; `GET /v1/records` has what is over',
      }),
      option(
        'maxBytes',
        { kind: 'integer', min: 4096, max: 10_000_000_000 },
        'Before it would be larger it is put aside: the file becomes FILE.1, that one FILE.2.',
        { default: 100_000_000 },
      ),
      option(
        'keptFiles',
        { kind: 'integer', min: 1, max: 1000 },
        'So many earlier files are kept.',
        { default: 9 },
      ),
    ],
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
