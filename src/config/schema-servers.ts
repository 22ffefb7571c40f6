/** The blocks of the configuration that are not services: servers, trunks, queues, store, HTTP. */
import { CPD_BLOCK } from './schema-cpd.js';
import type { OptionSpec, TextFormat, ValueType } from './schema-types.js';

const NAME: TextFormat = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9 _.@-]{0,63}$/,
  says: 'a name of up to 64 letters, digits, blanks and _ . @ - that starts with a letter or digit',
};
export const HOST: TextFormat = {
  pattern: /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[?[0-9A-Fa-f:]{2,45}\]?)$/,
  says: 'a host name or IP address',
};
const LISTEN: TextFormat = {
  pattern: /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\]):(?:0|[1-9][0-9]{0,4})$/,
  says: 'host:port, such as 127.0.0.1:8080 or [::1]:8080',
};
export const SIP_URI: TextFormat = {
  pattern:
    /^sips?:(?:[A-Za-z0-9_.!~*'()&=+$,;?/%-]{1,64}@)?(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?(?:;[A-Za-z0-9_.-]+(?:=[A-Za-z0-9_.-]+)?)*$/,
  says: 'a SIP URI such as sip:support@pbx.example.net',
};
const TRUNK_URI: TextFormat = {
  pattern:
    /^sips?:(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?(?:;[A-Za-z0-9_.-]+(?:=[A-Za-z0-9_.-]+)?)*$/,
  says: 'a SIP URI without a user part, such as sip:trunk.example.net;transport=tcp',
};
const STORE_URL: TextFormat = {
  pattern: /^(?:sqlite:[^\s?#].{0,1000}|postgres(?:ql)?:\/\/\S{1,1000})$/,
  says: 'sqlite:PATH, sqlite::memory: or postgres://...',
};
const PATH: TextFormat = { pattern: /^[^\0\r\n]+$/, says: 'a path' };
const SECRET: TextFormat = { pattern: /^[^\0\r\n|]+$/, says: 'one line without `|`' };
const SIP_TEXT: TextFormat = { pattern: /^[^\p{Cc}"<>\\]+$/u, says: 'plain text without quotes' };

const OURS = 'Dialback';
const host: ValueType = { kind: 'text', maxLength: 255, format: HOST };
const port: ValueType = { kind: 'integer', min: 1, max: 65535 };
const anyPort: ValueType = { kind: 'integer', min: 0, max: 65535 };
const secret: ValueType = { kind: 'text', maxLength: 256, format: SECRET, isSecret: true };
const name: ValueType = { kind: 'text', maxLength: 64, format: NAME };
export const SERVICE_NAME = NAME;

function option(
  key: string,
  type: ValueType,
  doc: string,
  more: Partial<OptionSpec> = {},
): OptionSpec {
  return { key, type, doc, source: OURS, ...more };
}

function block(key: string, doc: string, options: readonly OptionSpec[]): OptionSpec {
  return option(key, { kind: 'block', options }, doc);
}

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

const drachtio = block('drachtio', 'The drachtio server. Only with `engine: servers`.', [
  option('host', host, 'Where it listens for applications.', { default: '127.0.0.1' }),
  option('port', port, 'Its admin port.', { default: 9022 }),
  option('secret', secret, 'Its shared secret.', { default: 'cymru' }),
]);

const freeswitch = option(
  'freeswitch',
  {
    kind: 'list',
    maxItems: 32,
    of: {
      kind: 'block',
      options: [
        option('host', host, 'Where its event socket listens.', { default: '127.0.0.1' }),
        option('port', port, 'Port of the event socket.', { default: 8021 }),
        option('secret', secret, 'Password of the event socket.', { default: 'ClueCon' }),
        option(
          'advertise',
          host,
          'Our own address as this server reaches us: for its outbound socket and the audio tap. Needed when it runs on another machine.',
        ),
        option(
          'mediaPath',
          { kind: 'text', maxLength: 1024, format: PATH },
          'Where this server sees the folder `media.directory`, when that differs.',
        ),
        option(
          'profile',
          { kind: 'text', maxLength: 64, format: NAME },
          'Name of its sofia profile for us.',
          { default: 'drachtio_mrf' },
        ),
      ],
    },
  },
  'The FreeSWITCH servers, a pool. Only with `engine: servers`.',
  { default: [] },
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
      ],
    },
  },
  'Ways out to the telephone network. May be empty: a dial then ends in call state 41 (dial error).',
  { default: [] },
);

const queues = option(
  'queues',
  {
    kind: 'map',
    maxItems: 1000,
    of: {
      kind: 'block',
      options: [
        option(
          'targets',
          {
            kind: 'list',
            maxItems: 15,
            of: {
              kind: 'block',
              options: [
                option(
                  'uri',
                  { kind: 'text', maxLength: 512, format: SIP_URI },
                  'A PBX queue, agent group or extension.',
                  { isRequired: true },
                ),
              ],
            },
          },
          'Tried in this order until one answers.',
          { isRequired: true, source: '`_target` of Genesys, an ordered list' },
        ),
      ],
    },
  },
  'Who talks to the customers, by name.',
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
      ],
    },
  },
  'Destinations that a plugin or page may name in `route_to_rp`.',
);

const http = block(
  'http',
  'The API. Any listener that is not on loopback needs `apiKeys`, or `auth: none` in so many words.',
  [
    option(
      'listen',
      { kind: 'text', maxLength: 300, format: LISTEN },
      'Address and port; port 0 takes any free one.',
      { default: '127.0.0.1:8080' },
    ),
    option(
      'publicUrl',
      { kind: 'url', schemes: ['http', 'https'] },
      'The API as others reach it; plugins are given their `_reply_url` under it.',
      { defaultSays: 'made from `listen`' },
    ),
    option(
      'auth',
      { kind: 'choice', values: ['none', 'keys'] },
      '`none` serves anybody who can connect; `keys` asks for one of `apiKeys`.',
      { defaultSays: '`keys` when there are `apiKeys`, else `none`' },
    ),
    option(
      'apiKeys',
      {
        kind: 'list',
        maxItems: 100,
        uniqueBy: 'name',
        of: {
          kind: 'block',
          options: [
            option('name', name, 'Who uses it; stands in the log.', { isRequired: true }),
            option(
              'key',
              {
                kind: 'text',
                maxLength: 256,
                isSecret: true,
                format: {
                  pattern: /^[\x21-\x7e]{16,}$/,
                  says: 'at least 16 printable characters without blanks',
                },
              },
              'The key.',
              { isRequired: true },
            ),
          ],
        },
      },
      'Keys that clients send.',
      { default: [] },
    ),
  ],
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
  routePoints,
  block('store', 'Where callbacks are kept.', [
    option(
      'url',
      { kind: 'text', maxLength: 1024, format: STORE_URL, isSecret: true },
      '`sqlite:PATH`, `"sqlite::memory:"` (in quotes: it ends with a colon) or `postgres://user:password@host/database`.',
      { default: 'sqlite:data/dialback.db' },
    ),
  ]),
  http,
  block(
    'orchestration',
    'An orchestration server that runs plugins, for services with `pluginRunner: ors`.',
    [
      option(
        'url',
        { kind: 'url', schemes: ['http', 'https'] },
        'Base URL of its REST interface.',
        { unbuilt: 'This version runs no plugins on an orchestration server.' },
      ),
    ],
  ),
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
  block('log', 'Logging.', [
    option(
      'level',
      { kind: 'choice', values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] },
      'Least important message written.',
      { default: 'info' },
    ),
  ]),
];
