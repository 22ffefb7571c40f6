/**
 * Keeps the known loose promises of drachtio-srf and drachtio-fsmrf from ending the process: both
 * call `dialog.destroy()` without a catch in places we cannot reach (fsmrf when the event socket of
 * a new endpoint does not come within 4 s), and Node 20 dies of an unhandled rejection.
 * Only the error codes those libraries set are contained; every other rejection stays fatal.
 */
import type { Log } from '../../ports.js';
import { describeError } from './errors.js';

/** ENODIALOG: drachtio no longer has the dialog. ESOCKETDESTROYED: its connection went away meanwhile. */
const CONTAINED_CODES: ReadonlySet<unknown> = new Set(['ENODIALOG', 'ESOCKETDESTROYED']);

/** @returns whether this is one of the libraries' loose rejections. */
export function isContained(reason: unknown): boolean {
  return reason instanceof Error && CONTAINED_CODES.has((reason as { code?: unknown }).code);
}

/**
 * Starts containing; several callers share one handler, the latest one's log is used.
 * @returns a function that stops it once every caller has called its own
 */
export function containKnownRejections(log: Log): () => void {
  const holder = { log };
  holders.push(holder);
  if (holders.length === 1) process.on('unhandledRejection', handle);
  return () => {
    const index = holders.indexOf(holder);
    if (index >= 0) holders.splice(index, 1);
    if (holders.length === 0) process.off('unhandledRejection', handle);
  };
}

const holders: { readonly log: Log }[] = [];

function handle(reason: unknown): void {
  if (isContained(reason)) {
    const why = describeError(reason);
    holders.at(-1)?.log.warn({ why }, 'contained a loose rejection of the SIP library');
    return;
  }
  // Somebody else may own the rest; when nobody does, it ends the process as without us.
  if (process.listenerCount('unhandledRejection') === 1) throw reason;
}
