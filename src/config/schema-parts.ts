/** What the blocks of the schema are made of: formats of texts, common types, short ways to write an option. */
import type { OptionSpec, TextFormat, ValueType } from './schema-types.js';

export const NAME: TextFormat = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9 _.@-]{0,63}$/,
  says: 'a name of up to 64 letters, digits, blanks and _ . @ - that starts with a letter or digit',
};
export const HOST: TextFormat = {
  pattern: /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[?[0-9A-Fa-f:]{2,45}\]?)$/,
  says: 'a host name or IP address',
};
export const LISTEN: TextFormat = {
  pattern: /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\]):(?:0|[1-9][0-9]{0,4})$/,
  says: 'host:port, such as 127.0.0.1:8080 or [::1]:8080',
};
export const SIP_URI: TextFormat = {
  pattern:
    /^sips?:(?:[A-Za-z0-9_.!~*'()&=+$,;?/%-]{1,64}@)?(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?(?:;[A-Za-z0-9_.-]+(?:=[A-Za-z0-9_.-]+)?)*$/,
  says: 'a SIP URI such as sip:support@pbx.example.net',
};
export const TRUNK_URI: TextFormat = {
  pattern:
    /^sips?:(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?(?:;[A-Za-z0-9_.-]+(?:=[A-Za-z0-9_.-]+)?)*$/,
  says: 'a SIP URI without a user part, such as sip:trunk.example.net;transport=tcp',
};
export const STORE_URL: TextFormat = {
  pattern: /^(?:sqlite:[^\s?#].{0,1000}|postgres(?:ql)?:\/\/\S{1,1000})$/,
  says: 'sqlite:PATH, sqlite::memory: or postgres://...',
};
/** Whether it is an address is looked at when it is built. */
export const NETWORK: TextFormat = {
  pattern: /^[0-9A-Fa-f.:]{2,45}(?:\/[0-9]{1,3})?$/,
  says: 'an address or a network, such as 10.0.0.0/8',
};
export const SIGNING_SECRET: TextFormat = {
  pattern: /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/,
  says: '`whsec_` and at least 24 bytes in base64',
};
export const WEBHOOK_SECRET: TextFormat = {
  pattern: /^[^\p{Cc}]{16,}$/u,
  says: 'at least 16 characters',
};
export const PATH: TextFormat = { pattern: /^[^\0\r\n]+$/, says: 'a path' };
/** A program gets it as an argument: never one that looks like an option or a path. */
export const VOICE: TextFormat = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9_+-]{0,63}$/,
  says: 'the name of a voice, such as slt or en-gb+f3',
};
const SECRET: TextFormat = { pattern: /^[^\0\r\n|]+$/, says: 'one line without `|`' };
export const SIP_TEXT: TextFormat = {
  pattern: /^(?!.*\$\{)[^\p{Cc}\p{Zl}\p{Zp}"<>\\]+$/u,
  says: 'plain text without quotes',
};

const OURS = 'Dialback';
export const host: ValueType = { kind: 'text', maxLength: 255, format: HOST };
export const port: ValueType = { kind: 'integer', min: 1, max: 65535 };
export const anyPort: ValueType = { kind: 'integer', min: 0, max: 65535 };
export const secret: ValueType = { kind: 'text', maxLength: 256, format: SECRET, isSecret: true };
export const name: ValueType = { kind: 'text', maxLength: 64, format: NAME };
export const SERVICE_NAME = NAME;

export function option(
  key: string,
  type: ValueType,
  doc: string,
  more: Partial<OptionSpec> = {},
): OptionSpec {
  return { key, type, doc, source: OURS, ...more };
}

export function block(key: string, doc: string, options: readonly OptionSpec[]): OptionSpec {
  return option(key, { kind: 'block', options }, doc);
}
