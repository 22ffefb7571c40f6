/**
 * Deletes what has been kept long enough, at the start and every hour: callbacks that ended, and
 * recordings of their conversations. What is open is never touched, and what cannot be deleted now is
 * tried again in an hour.
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
  /** Deletes recordings; @returns how many */
  readonly purgeRecordings: (nowMs: number) => Promise<number>;
}

/** @returns what ends it; resolves when a purge under way is over */
export function startRetention(deps: RetentionDeps): () => Promise<void> {
  let cancel = () => {};
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;
  const round = (): void => {
    running = purgeOnce(deps).finally(() => {
      if (!isStopped) cancel = deps.clock.after(EVERY_MS, round);
    });
  };
  round();
  return () => {
    isStopped = true;
    cancel();
    return running;
  };
}

async function purgeOnce(deps: RetentionDeps): Promise<void> {
  const { store, clock, retentionDays } = deps;
  const nowMs = clock.nowMs();
  await Promise.all([
    told(deps, 'recordings', deps.purgeRecordings(nowMs)),
    ...(retentionDays === 0
      ? []
      : [told(deps, 'ended callbacks', store.purge(nowMs - retentionDays * MS_PER_DAY))]),
  ]);
}

async function told({ log }: RetentionDeps, what: string, purge: Promise<number>): Promise<void> {
  try {
    const count = await purge;
    if (count > 0) log.info({ count }, `${what} deleted`);
  } catch (error) {
    log.warn({ error: String(error) }, `${what} could not be deleted`);
  }
}
