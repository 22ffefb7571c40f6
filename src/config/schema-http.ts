/** The block `http`: where the API listens, who may use it, and how much of it. */
import { block, LISTEN, name, option, PATH, SERVICE_NAME } from './schema-parts.js';
import type { OptionSpec, TextFormat } from './schema-types.js';

/**
 * What a key may do. `admin` may do everything; the others are what they say, and no other.
 * `callbacks:write` does not include reading.
 */
export const API_SCOPES = [
  'callbacks:read',
  'callbacks:write',
  'agents',
  'events',
  'records',
  'notifications',
  'sessions',
  'metrics',
  'config',
  'admin',
] as const;

export type ApiScope = (typeof API_SCOPES)[number];

const API_KEY: TextFormat = {
  pattern: /^[\x21-\x7e]{16,}$/,
  says: 'at least 16 printable characters without blanks',
};
const KEY_HASH: TextFormat = {
  pattern: /^sha256:[0-9a-f]{64}$/,
  says: '`sha256:` and 64 hexadecimal digits, as `dialback api-key` prints them',
};

const requestsPerMinute = { kind: 'integer', min: 0, max: 10_000_000 } as const;

const apiKeys = option(
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
          'hash',
          { kind: 'text', maxLength: 71, format: KEY_HASH },
          'SHA-256 of the key, which itself stands nowhere. `dialback api-key` makes a key and prints this entry.',
        ),
        option(
          'key',
          { kind: 'text', maxLength: 256, isSecret: true, format: API_KEY },
          'The key itself, instead of `hash`; only as a reference (`${env:NAME}`) is it out of this file.',
        ),
        option(
          'scopes',
          { kind: 'list', maxItems: 20, of: { kind: 'choice', values: API_SCOPES } },
          'What it may do.',
          { default: ['admin'] },
        ),
        option(
          'services',
          {
            kind: 'list',
            maxItems: 1000,
            of: { kind: 'text', maxLength: 64, format: SERVICE_NAME },
          },
          'The services it may touch: callbacks of others are not there for it.',
          { defaultSays: 'all' },
        ),
        option(
          'requestsPerMinute',
          requestsPerMinute,
          'Requests a minute at most, instead of `rateLimits.perKey`; 0 is no limit.',
          { defaultSays: '`rateLimits.perKey`' },
        ),
      ],
    },
  },
  'Keys that clients send, as bearer key or as `x-api-key`.',
  { default: [] },
);

export const HTTP_BLOCK: OptionSpec = block(
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
    apiKeys,
    block('rateLimits', 'Requests a minute; who asks for more is answered 429. 0 is no limit.', [
      option('perKey', requestsPerMinute, 'With one key.', { default: 6000 }),
      option(
        'perAddress',
        requestsPerMinute,
        'From one address without a valid key (IPv6: from one /64).',
        { defaultSays: '600 with keys, 0 with `auth: none`' },
      ),
    ]),
    option(
      'corsOrigins',
      {
        kind: 'list',
        maxItems: 100,
        of: { kind: 'url', schemes: ['http', 'https'], isOrigin: true },
      },
      'Web pages of these origins may use the API from a browser.',
      { default: [] },
    ),
    option(
      'maxBodyBytes',
      { kind: 'integer', min: 1024, max: 1_048_576 },
      'A request with a larger body is refused.',
      { default: 65_536 },
    ),
    block('tls', 'HTTPS instead of HTTP. The files are read again with each reload.', [
      option('certificate', { kind: 'text', maxLength: 1024, format: PATH }, 'PEM, the chain.'),
      option('key', { kind: 'text', maxLength: 1024, format: PATH }, 'PEM, without a passphrase.'),
    ]),
  ],
);

export const SHUTDOWN_BLOCK: OptionSpec = block('shutdown', 'How the service ends.', [
  option(
    'drainTimeout',
    { kind: 'integer', min: 0, max: 86_400, unit: 's' },
    'After SIGTERM nothing new is dialled; calls in the air may go on so long before they are hung up.',
    { default: 30 },
  ),
]);
