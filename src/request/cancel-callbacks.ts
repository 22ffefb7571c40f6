/** Ending callbacks before their time: one, a list, or all of one customer. */

import type { CancelledBy, CancelResult } from '../schedule/callback-store.js';
import type { ApiDeps } from './callback-api.js';

/** So many are with the store at a time: it writes them together, and others get their turn. */
const TOGETHER = 50;

/** What of the API's parts this needs. */
export type CancelDeps = Pick<ApiDeps, 'store' | 'clock' | 'log' | 'cancelLive'>;

export async function cancelCallback(
  { store, clock, log, cancelLive }: CancelDeps,
  id: string,
  by: CancelledBy,
): Promise<CancelResult> {
  const result = await store.requestCancel(id, by, clock.nowMs());
  // The mark on disk stops the next dial should no session be there to be told.
  if (result === 'asked') cancelLive(id, by);
  if (result === 'asked' || result === 'cancelled') {
    log.info({ callbackId: id, by, result }, 'cancel requested');
  }
  return result;
}

/** @returns what became of each, by id */
export async function cancelCallbacks(
  deps: CancelDeps,
  ids: readonly string[],
  by: CancelledBy,
): Promise<Record<string, CancelResult>> {
  const results = new Map<string, CancelResult>();
  for (let from = 0; from < ids.length; from += TOGETHER) {
    await Promise.all(
      ids.slice(from, from + TOGETHER).map(async (id) => {
        results.set(id, await cancelCallback(deps, id, by));
      }),
    );
  }
  return Object.fromEntries(results);
}
