/** The API's listener, its keys and limits; and the rule that a listener others can reach needs keys. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import {
  addFault,
  blockReader,
  isLoopbackHost,
  readersOf,
  type BuildContext,
} from './build-parts.js';
import type { ApiKey, HttpConfig } from './config.js';
import { API_SCOPES } from './schema-http.js';
import type { OptionReader } from './values.js';

/** Of those who show no valid key, where one is asked for. A minute. */
const PER_ADDRESS = 600;

/** A listener that others can reach needs keys, or a plain word that it needs none. */
export function buildHttp(read: OptionReader, context: BuildContext): HttpConfig {
  const listen = read.text('listen');
  const split = listen.lastIndexOf(':');
  const host = listen.slice(0, split).replace(/^\[(.*)\]$/, '$1');
  const port = Number(listen.slice(split + 1));
  if (port > 65535) {
    addFault(context, 'CONFIG_BAD_FORMAT', 'http.listen', 'Not a port.', { allowed: '0 to 65535' });
  }
  const keys = readersOf('apiKeys', read).map(([index, item]) => buildKey(index, item, context));
  const word = read.optionalText('auth');
  const isLoopback = isLoopbackHost(host);
  if (word === 'keys' && keys.length === 0) {
    addFault(
      context,
      'CONFIG_MISSING_OPTION',
      'http.apiKeys',
      '`auth: keys` needs at least one key.',
    );
  }
  if (!isLoopback && word === undefined && keys.length === 0) {
    const message = 'Other machines can reach this listener, and anybody could order calls.';
    const suggestion = 'apiKeys, or auth: none';
    addFault(context, 'CONFIG_PUBLIC_WITHOUT_AUTH', 'http.listen', message, { suggestion });
  }
  const hasKeys = word === 'keys' || (word === undefined && keys.length > 0);
  const limits = blockReader('rateLimits', read);
  return {
    host,
    port,
    isLoopback,
    publicUrl: read.optionalText('publicUrl')?.replace(/\/+$/, ''),
    auth: hasKeys ? { kind: 'keys', keys } : { kind: 'none' },
    corsOrigins: read.texts('corsOrigins').map((url) => new URL(url).origin),
    tls: buildTls(blockReader('tls', read), context),
    maxBodyBytes: read.number('maxBodyBytes'),
    rateLimits: {
      perKey: limits.number('perKey'),
      perAddress: limits.optionalNumber('perAddress') ?? (hasKeys ? PER_ADDRESS : 0),
    },
  };
}

/** Whichever way it is written, only its hash goes on from here. */
function buildKey(index: string, read: OptionReader, context: BuildContext): ApiKey {
  const hash = read.optionalText('hash');
  const key = read.optionalText('key');
  const path = index === '' ? 'http.apiKeys' : `http.apiKeys[${index}]`;
  // What was written and is wrong has been said already.
  const isFaulty = context.problems.some((problem) => problem.path.startsWith(path));
  if (!isFaulty && (hash === undefined) === (key === undefined)) {
    const message = 'An entry has either `hash` or `key`.';
    addFault(context, 'CONFIG_MISSING_OPTION', path, message, {
      suggestion: '`dialback api-key`, which prints an entry',
    });
  }
  const scopes = new Set(read.texts('scopes'));
  return {
    name: read.optionalText('name') ?? '',
    sha256: hash?.slice('sha256:'.length) ?? sha256Of(key ?? ''),
    scopes: API_SCOPES.filter((scope) => scopes.has(scope)),
    services: read.isSet('services') ? read.texts('services') : undefined,
    requestsPerMinute: read.optionalNumber('requestsPerMinute'),
  };
}

/** As it stands in `hash`, without the prefix. Keys are random: no salt and no slow hash are needed. */
export function sha256Of(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function buildTls(read: OptionReader, context: BuildContext): HttpConfig['tls'] {
  const certificate = read.optionalText('certificate');
  const key = read.optionalText('key');
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    addFault(
      context,
      'CONFIG_MISSING_OPTION',
      'http.tls',
      'It takes both `certificate` and `key`.',
    );
  }
  return {
    certificate: resolve(context.folder, certificate ?? ''),
    key: resolve(context.folder, key ?? ''),
  };
}
