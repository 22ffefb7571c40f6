/**
 * Deletes callbacks that ended long ago: at the start and every hour. It never touches what is open,
 * and a store that cannot do it now is asked again in an hour.
 */
import type { Clock, Log } from '../ports.js';
import type { CallbackStore } from './callback-store.js';

const EVERY_MS = 3_600_000;
const MS_PER_DAY = 86_400_000;

export interface RetentionDeps {
  readonly store: Pick<CallbackStore, 'purge'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Days that ended callbacks are kept; 0: for ever. */
  readonly retentionDays: number;
}

/** @returns what ends it; resolves when a purge under way is over */
export function startRetention(deps: RetentionDeps): () => Promise<void> {
  const { clock, retentionDays } = deps;
  if (retentionDays === 0) return () => Promise.resolve();
  let cancel = () => {};
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;
  const round = (): void => {
    running = purgeOnce(deps).finally(() => {
      if (!isStopped) cancel = clock.after(EVERY_MS, round);
    });
  };
  round();
  return () => {
    isStopped = true;
    cancel();
    return running;
  };
}

async function purgeOnce({ store, clock, log, retentionDays }: RetentionDeps): Promise<void> {
  try {
    const count = await store.purge(clock.nowMs() - retentionDays * MS_PER_DAY);
    if (count > 0) log.info({ count, retentionDays }, 'ended callbacks deleted');
  } catch (error) {
    log.warn({ error: String(error) }, 'ended callbacks could not be deleted');
  }
}
