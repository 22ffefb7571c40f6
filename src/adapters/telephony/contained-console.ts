/**
 * What drachtio-srf, drachtio-fsmrf and drachtio-modesl print to the console, in the log instead: a line for
 * each endpoint when FreeSWITCH goes away, a message that cannot be read with every number in it. Who
 * reads standard error as JSON gets nothing else there. Whatever else prints is left alone.
 */
import type { Log } from '../../ports.js';
import { describeError } from './errors.js';

const METHODS = ['error', 'warn', 'info', 'log'] as const;
const printer: Record<(typeof METHODS)[number], (...values: unknown[]) => void> = console;
const LIBRARY = /[\\/]node_modules[\\/](drachtio-(?:srf|fsmrf|modesl))[\\/]/;
/** That a connection is lost is said once, by whoever keeps it. */
const LOSS = /\b(?:ECONNRESET|EPIPE|ECONNREFUSED|lost connection)\b/;
const TEXT_MAX = 500;

let target: Log | undefined;
const ours = new WeakSet<object>();

/**
 * From now on, and for good: their sockets outlive whoever closes them.
 * @param log takes the place of the former one
 */
export function logLibraryConsole(log: Log): void {
  target = log;
  for (const method of METHODS) {
    const print = printer[method];
    if (ours.has(print)) continue;
    const route = (...values: unknown[]): void => {
      const library = callingLibrary();
      if (library === undefined) return print(...values);
      const text = values.map(said).join(' ').slice(0, TEXT_MAX);
      const isFault = (method === 'error' || method === 'warn') && !LOSS.test(text);
      target?.[isFault ? 'warn' : 'debug']({ library, text }, 'said by a library');
    };
    ours.add(route);
    printer[method] = route;
  }
}

/** Who called the console, if it is one of them. */
function callingLibrary(): string | undefined {
  // Of the stack: the message, this function, the console's method, and who called it.
  const [, , , caller = ''] = (new Error('').stack ?? '').split('\n');
  return LIBRARY.exec(caller)?.[1];
}

/** Their errors hold a whole agent. */
function said(value: unknown): string {
  return typeof value === 'object' && !(value instanceof Error)
    ? `[${value === null ? 'null' : 'object'}]`
    : describeError(value);
}
