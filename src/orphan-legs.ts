/**
 * First thing at start-up: the legs that a dead process left on the wire are ended and their channels
 * killed, before anything is dialled. What cannot be ended stays in the ledger, where it keeps its
 * number from being dialled until it cannot ring any more. It decides nothing about callbacks.
 */
import type { Clock, Log, Telephony } from './ports.js';
import type { CallbackStore, LegRecord } from './schedule/callback-store.js';

/** Enough to be quick with a busy site's calls, few enough for a server that has just started. */
const AT_ONCE = 20;

export interface OrphanDeps {
  readonly store: Pick<CallbackStore, 'takeOverLegs' | 'commit'>;
  readonly telephony: Pick<Telephony, 'endOrphan'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** @throws StoreError when the ledger cannot be read */
export async function endOrphanLegs(
  deps: OrphanDeps,
): Promise<{ readonly ended: number; readonly unknown: number }> {
  const waiting = await deps.store.takeOverLegs(deps.clock.nowMs());
  const count = { ended: 0, unknown: 0 };
  const work = async (): Promise<void> => {
    for (let leg = waiting.shift(); leg; leg = waiting.shift()) count[await endOne(leg, deps)] += 1;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (count.ended + count.unknown > 0) deps.log.warn(count, 'legs of a dead process');
  return count;
}

async function endOne(leg: LegRecord, deps: OrphanDeps): Promise<'ended' | 'unknown'> {
  const { callId, callbackId } = leg;
  const end = await deps.telephony.endOrphan(leg);
  if (end === 'unknown') {
    const fields = { callId, callbackId, ringsUntilMs: leg.ringsUntilMs };
    deps.log.warn(fields, 'a leg of a dead process may still ring: its number waits');
    return end;
  }
  const over = { leg: { kind: 'over', callId } } as const;
  await deps.store.commit(callbackId, over, { durable: false });
  return end;
}
