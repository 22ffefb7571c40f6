/**
 * The product's log: pino behind the `Log` port. Two promises are kept here and nowhere else:
 * a customer's number never appears whole, and no library object is ever printed (an unhandled
 * SipError holds the whole connection graph, more than 600 lines).
 */
import { pino } from 'pino';
import type { Log } from '../ports.js';
import { sanitise } from './telephony/sanitise.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LogOptions {
  readonly level?: LogLevel;
  /** Whether numbers are shown whole, for a test system; default false. */
  readonly showNumbers?: boolean;
  /** Where lines go; default standard error, so that `--json` output stays clean. */
  readonly write?: (line: string) => void;
}

/** Says nothing. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export interface AdjustableLog extends Log {
  /** From now on; for a configuration that was reloaded. */
  setLevel(level: LogLevel): void;
}

/** @returns a log that writes one JSON object a line */
export function createLog(options: LogOptions = {}): AdjustableLog {
  const { level = 'info', showNumbers = false, write } = options;
  const destination = write ? { write } : pino.destination({ fd: 2, sync: true });
  const logger = pino({ level, base: null }, destination);
  const line =
    (at: Exclude<LogLevel, 'silent'>) =>
    (fields: object, message: string): void => {
      if (!logger.isLevelEnabled(at)) return;
      const hide = showNumbers ? (text: string): string => text : maskNumbers;
      logger[at](plain(fields, hide, 0) as object, hide(harmless(message)));
    };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    setLevel: (wanted) => (logger.level = wanted),
  };
}

// Seven digits or more, as in E.164 and most national numbers, with the usual grouping; not part of
// an identifier, a decimal fraction or a date.
const NUMBER = /(?<![\w.:-])\+?\(?\d(?:[ ()./-]{0,2}\d){6,17}(?![\w-])/g;
const KEPT_AT_END = 2;

/**
 * @returns the text with every telephone number shortened to its first and last two digits:
 * `+49******67`.
 */
export function maskNumbers(text: string): string {
  return text.replace(NUMBER, (found) => {
    const digits = found.replace(/\D/g, '');
    const stars = '*'.repeat(digits.length - 2 * KEPT_AT_END);
    const plus = found.startsWith('+') ? '+' : '';
    return `${plus}${digits.slice(0, KEPT_AT_END)}${stars}${digits.slice(-KEPT_AT_END)}`;
  });
}

const MAX_DEPTH = 4;
const MAX_ENTRIES = 50;

/** A copy of plain data, cut to size; everything that is not plain data becomes a word for it. */
function plain(value: unknown, hide: (text: string) => string, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return hide(harmless(value));
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
    case 'symbol':
      return value.toString();
    case 'function':
      return '[function]';
    case 'object':
      return value === null ? null : plainObject(value, hide, depth);
  }
}

function plainObject(value: object, hide: (text: string) => string, depth: number): unknown {
  if (value instanceof Error) return plainError(value, hide);
  if (value instanceof Date) return value.toISOString();
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ENTRIES).map((item) => plain(item, hide, depth + 1));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor.name}]`;
  const entries = Object.entries(value).slice(0, MAX_ENTRIES);
  return Object.fromEntries(
    entries.map(([name, item]) => [harmless(name), plain(item, hide, depth + 1)]),
  );
}

function plainError(error: Error, hide: (text: string) => string): object {
  const { code, status } = error as { code?: unknown; status?: unknown };
  return {
    type: error.name,
    message: hide(harmless(error.message)),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof status === 'number' ? { status } : {}),
  };
}

function harmless(text: string): string {
  const result = sanitise('log', text);
  return result.ok ? result.value : '';
}

/** What the embedded engine says, with whose words they are. */
export function engineLog(log: Log) {
  return (line: { level: string; msg: string; fields?: object }) => {
    const level = line.level === 'error' || line.level === 'warn' ? line.level : 'debug';
    log[level]({ ...line.fields }, `engine: ${line.msg}`);
  };
}
