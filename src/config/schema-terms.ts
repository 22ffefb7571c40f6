/** Words for writing down service options: where one comes from, and the types that several share. */
import type { OptionSpec, TextFormat, ValueType } from './schema-types.js';

export const CPD_PROFILES = ['human-first', 'balanced', 'machine-first', 'app-amd', 'gvp'] as const;
/** How a media server hands out the customer's audio. */
export const AUDIO_TAPS = ['auto', 'recording', 'unicast'] as const;
export const AM_DETECTED = ['connect', 'drop'] as const;
export const ANSWERED_AS = ['human', 'machine', 'no-answer'] as const;
export const SIT_PERMANENT = ['fail', 'retry'] as const;
export const MACHINE_MESSAGE = ['every', 'first', 'last'] as const;
export const ON_ERROR = ['fail', 'builtin'] as const;
export const PLUGIN_RUNNERS = ['embedded', 'ors', 'webhook'] as const;
export const QUEUE_KINDS = ['sip', 'agents'] as const;
export const STRATEGIES = ['longest-idle', 'round-robin', 'ring-all', 'progressive'] as const;
export const EARLY_MEDIA = ['ignore', 'pass'] as const;
export const AGENT_STARTS = ['ready', 'not-ready', 'logged-out'] as const;
/** Kinds of number besides premium-rate ones, which have an option of Genesys'. */
export const NUMBER_KINDS = ['shared-cost', 'personal', 'satellite', 'short', 'emergency'] as const;
export const PACINGS = ['none', 'progressive'] as const;
export const RETRY_RESULTS = ['busy', 'noAnswer', 'machine', 'sit', 'error'] as const;
export const WHEN_CLOSED = ['refuse', 'schedule'] as const;
export const ATTACH_USER_DATA = ['single_json', 'separate_keys', 'gms_storage_id'] as const;

export const PAGE = 'Play Treatments';
export const REFERENCE = 'Callback Service Options Reference';
export const OURS = 'Dialback';

/** Nothing about a callback lasts longer than a year. */
export const YEAR_S = 365 * 24 * 3600;
export const YEAR_MS = YEAR_S * 1000;
export const HOUR_MS = 3600 * 1000;

export const bool: ValueType = { kind: 'boolean' };
export const treatment: ValueType = { kind: 'treatment' };
export const httpUrl: ValueType = { kind: 'url', schemes: ['http', 'https'] };
export const CALLER_ID: TextFormat = {
  pattern: /^\+?[0-9A-Za-z_.-]{1,32}$/,
  says: 'a number or user part of a SIP address, up to 32 characters',
};
export const CALLER_NAME: TextFormat = {
  pattern: /^(?!.*\$\{)[^\p{Cc}\p{Zl}\p{Zp}"<>\\]+$/u,
  says: 'text without quotes',
};
export const PREFIX: TextFormat = { pattern: /^\+?[0-9*#]{1,16}$/, says: 'up to 16 digits' };
export const QUEUE_NAME: TextFormat = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9 _.@-]{0,63}$/,
  says: 'the name of a queue',
};
export const OPTION_NAME: TextFormat = {
  pattern: /^[A-Za-z_][A-Za-z0-9_ ]{0,79}$/,
  says: 'a name',
};
export const DESTINATION: TextFormat = {
  pattern:
    /^(?:[A-Za-z0-9_.!~*'()&=+$,;?/%-]{1,64}@)?(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?$/,
  says: 'a host, or user@host, with :port where it is not 5060',
};
export const ETA_POSITIONS: TextFormat = {
  pattern: /^\d{1,6}:\d{1,6}(?:, ?\d{1,6}:\d{1,6}){0,19}$/,
  says: 'pairs of seconds and a position, such as 0:10,20:2,40:0',
};
export const SPAN: TextFormat = {
  pattern: /^[1-9][0-9]{0,3}[yMwdhm]$/,
  says: 'a number and one of y M w d h m (M months, m minutes), such as 1M or 36h',
};

export const seconds = (min: number, max = YEAR_S): ValueType => ({
  kind: 'integer',
  min,
  max,
  unit: 's',
});
export const milliseconds = (min: number, max: number): ValueType => ({
  kind: 'integer',
  min,
  max,
  unit: 'ms',
});
export const count = (min: number, max: number): ValueType => ({ kind: 'integer', min, max });
export const text = (maxLength: number, format: TextFormat): ValueType => ({
  kind: 'text',
  maxLength,
  format,
});
export const choice = (values: readonly string[]): ValueType => ({ kind: 'choice', values });
export const names: ValueType = {
  kind: 'list',
  maxItems: 50,
  commaText: true,
  of: text(80, OPTION_NAME),
};

export type More = Omit<Partial<OptionSpec>, 'key' | 'type' | 'doc'>;

export function genesys(key: string, type: ValueType, doc: string, more: More = {}): OptionSpec {
  return { key, type, doc, source: REFERENCE, ...more };
}

export function ours(key: string, type: ValueType, doc: string, more: More = {}): OptionSpec {
  return { key, type, doc, source: OURS, ...more };
}

/** Who reads out text. */
export const SPEECH_PROGRAMS = ['auto', 'espeak-ng', 'flite', 'none'] as const;
export type SpeechProgram = (typeof SPEECH_PROGRAMS)[number];
